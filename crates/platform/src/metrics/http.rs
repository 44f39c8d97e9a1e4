//! Requests by route and status.

use std::sync::OnceLock;

use super::{Family, Histogram, Points, Source};

/// Statuses that are told apart; all others count under the last of their hundred.
const STATUSES: [u16; 24] = [
    200, 201, 202, 204, 299, 301, 304, 399, 400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422,
    429, 499, 500, 503, 599,
];

/// Durations of the requests to one service, per route and status. Made on the first request to a route with a status; after
/// that a request allocates nothing.
#[derive(Debug)]
pub struct HttpRoutes {
    service: &'static str,
    routes: Vec<Route>,
}

#[derive(Debug)]
struct Route {
    method: String,
    template: String,
    by_status: [OnceLock<Box<Histogram>>; STATUSES.len()],
}

impl Route {
    fn new(method: &str, template: &str) -> Self {
        Self {
            method: method.to_owned(),
            template: template.to_owned(),
            by_status: [const { OnceLock::new() }; STATUSES.len()],
        }
    }
}

impl HttpRoutes {
    /// Routes as (method, template), numbered from 0 in this order; what is none of them counts under `_OTHER`.
    pub fn new<'a>(
        service: &'static str,
        routes: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Self {
        let known = routes
            .into_iter()
            .map(|(method, template)| Route::new(method, &template));
        Self {
            service,
            routes: known.chain([Route::new("_OTHER", "_OTHER")]).collect(),
        }
    }

    /// Counts a request that was answered.
    ///
    /// * `route` – its number; none when it is no known route   * `us` – how long it took, microseconds
    pub fn record(&self, route: Option<usize>, status: u16, us: u64) {
        let last = self.routes.len() - 1;
        let route = &self.routes[route.unwrap_or(last).min(last)];
        route.by_status[place(status)]
            .get_or_init(Box::default)
            .record(us);
    }
}

/// Where a status is counted.
fn place(status: u16) -> usize {
    let exact = STATUSES.iter().position(|known| *known == status);
    let hundred = || {
        let last = STATUSES
            .iter()
            .position(|known| *known / 100 == status / 100 && known % 100 == 99);
        last.unwrap_or(STATUSES.len() - 1)
    };
    exact.unwrap_or_else(hundred)
}

impl Source for HttpRoutes {
    fn collect(&self) -> Vec<Family> {
        let mut points = Vec::new();
        for route in &self.routes {
            for (status, durations) in STATUSES.iter().zip(&route.by_status) {
                let Some(durations) = durations.get() else {
                    continue;
                };
                let labels = vec![
                    ("helder.service", self.service.to_owned()),
                    ("http.request.method", route.method.clone()),
                    ("http.response.status_code", status.to_string()),
                    ("http.route", route.template.clone()),
                ];
                points.push((labels, durations.snapshot()));
            }
        }
        vec![Family {
            name: "http.server.request.duration",
            help: "Duration of HTTP server requests.",
            unit: "s",
            points: Points::Histogram(points),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let routes = HttpRoutes::new("test", [("GET", "/a/{id}".to_owned())]);
        routes.record(Some(0), 200, 700);
        routes.record(Some(0), 200, 700);
        routes.record(Some(0), 418, 1);
        routes.record(None, 404, 1);
        routes.record(Some(9), 777, 1);
        let family = routes.collect().remove(0);
        let Points::Histogram(points) = family.points else {
            panic!("a histogram")
        };
        let found: Vec<_> = points
            .iter()
            .map(|(labels, spread)| {
                let of = |key| labels.iter().find(|it| it.0 == key).unwrap().1.as_str();
                (
                    of("http.route"),
                    of("http.response.status_code"),
                    spread.count(),
                )
            })
            .collect();
        let expected = [
            ("/a/{id}", "200", 2),
            ("/a/{id}", "499", 1),
            ("_OTHER", "404", 1),
            ("_OTHER", "599", 1),
        ];
        assert_eq!(found, expected);
    }
}
