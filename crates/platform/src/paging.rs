//! Lists in pages: `?cursor=&limit=`, and `Link: rel="next"`.

use std::{
    future::{Ready, ready},
    str::FromStr,
};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload, http::header::LINK};
use helder_types::{Bsn, Caller, Fault, OrganisationId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    problem::{Problem, Result},
    store::{Conn, Store},
};

/// Items per page when the client does not say.
pub const DEFAULT_LIMIT: i64 = 50;
/// Most items per page.
pub const MAX_LIMIT: i64 = 200;

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items, in a fixed order.
    pub items: Vec<T>,
    /// Cursor of the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which page. An actix extractor.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// `next` of the page before; absent for the first.
    #[param(max_length = 200)]
    pub cursor: Option<String>,
    /// Items per page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
}

impl ListQuery {
    /// Items per page, 1 to [`MAX_LIMIT`].
    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
    }

    /// The key after which the page starts.
    ///
    /// # Errors
    /// 400 at `?cursor` when it is not one of ours.
    pub fn after<K: FromStr>(&self) -> Result<Option<K>> {
        self.cursor
            .as_deref()
            .map(|cursor| cursor.parse().map_err(|_| wrong_cursor()))
            .transpose()
    }

    /// Answers a page of what belongs to the caller's organisation.
    ///
    /// * `rows` – rows after a key, at most so many: one more than a page, to know whether more follow
    /// * `show` – a row as an item   * `key` – of an item, after which the next page starts
    ///
    /// # Errors
    /// 400 at `?cursor`, and what `rows` and `show` return.
    pub async fn listed<R, T, K>(
        &self,
        (caller, store, request): (&Caller, &Store, &HttpRequest),
        rows: impl FnOnce(&mut Conn, &OrganisationId, Option<K>, i64) -> Result<Vec<R>> + Send + 'static,
        show: impl Fn(R, &mut Conn, &OrganisationId) -> Result<T> + Send + 'static,
        key: impl Fn(&T) -> K,
    ) -> Result<HttpResponse>
    where
        T: Serialize + Send + 'static,
        K: FromStr + ToString + Send + 'static,
    {
        let (after, limit) = (self.after::<K>()?, self.limit());
        let organisation = caller.organisation.clone();
        let found = store
            .of(&caller.organisation)
            .read(move |conn| {
                let found = rows(conn, &organisation, after, limit + 1)?;
                let shown = found.into_iter().map(|row| show(row, conn, &organisation));
                shown.collect::<Result<Vec<T>>>()
            })
            .await?;
        Ok(Page::cut(found, limit, key).respond(request))
    }
}

/// 400 at `?cursor`: it is not one of ours.
pub(crate) fn wrong_cursor() -> Problem {
    let detail = "use the cursor that the page before gave";
    Problem::invalid(vec![Fault::new("?cursor", "cursor", detail)])
}

impl FromRequest for ListQuery {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()))
    }
}

fn read(query: &str) -> Result<ListQuery> {
    let mut list = ListQuery::default();
    let mut faults = Vec::new();
    for (key, value) in pairs(query)? {
        match key.as_str() {
            "cursor" if !value.is_empty() => list.cursor = Some(value),
            "limit" => match value.parse() {
                Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => list.limit = Some(limit),
                _ => faults.push(Fault::new("?limit", "limit", "a number from 1 to 200")),
            },
            _ => {}
        }
    }
    if faults.is_empty() {
        Ok(list)
    } else {
        Err(Problem::invalid(faults))
    }
}

fn pairs(query: &str) -> Result<Vec<(String, String)>> {
    actix_web::web::Query::<Vec<(String, String)>>::from_query(query)
        .map(actix_web::web::Query::into_inner)
        .map_err(|_| Problem::bad_request("query", "the query cannot be read; percent-encode it"))
}

impl<T: Serialize> Page<T> {
    /// A page from rows, of which one more than `limit` was asked to know whether more follow.
    ///
    /// * `cursor` – key of an item, after which the next page starts
    pub fn cut<K: ToString>(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = more
            .then(|| items.last().map(|item| cursor(item).to_string()))
            .flatten();
        Self { items, next }
    }

    /// The answer, with `Link: rel="next"` where a page follows.
    pub fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        if let Some(next) = &self.next {
            response.insert_header((
                LINK,
                format!("<{}>; rel=\"next\"", next_link(request, next)),
            ));
        }
        response.json(self)
    }
}

/// The path asked, with another cursor. A link is copied and logged, so somebody's number does not come along.
pub(crate) fn next_link(request: &HttpRequest, next: &str) -> String {
    let kept = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
        .filter(|pair| !Bsn::stands_in(pair))
        .fold(String::new(), |query, pair| format!("{query}{pair}&"));
    // Cursors are keys of ours: letters, digits, hyphens, colons.
    format!("{}?{kept}cursor={next}", request.path())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_starts() {
        let page = Page::cut(vec![1, 2, 3], 2, |item| *item);
        assert_eq!(
            (page.items.as_slice(), page.next.as_deref()),
            ([1, 2].as_slice(), Some("2"))
        );
        assert_eq!(Page::cut(vec![1, 2], 2, |item| *item).next, None);
        let request =
            TestRequest::with_uri("/registry/v1/models?limit=2&name=a&x=249566758&cursor=0")
                .to_http_request();
        let response = page.respond(&request);
        let link = response.headers().get(LINK).unwrap().to_str().unwrap();
        assert_eq!(
            link,
            "</registry/v1/models?limit=2&name=a&cursor=2>; rel=\"next\""
        );
    }

    #[test]
    fn a_wrong_limit_or_cursor_is_told_without_repeating_it() {
        for bad in ["limit=0", "limit=201", "limit=-1", "limit=x", "limit="] {
            assert_eq!(
                read(bad).unwrap_err().faults()[0].pointer,
                "?limit",
                "{bad}"
            );
        }
        let query = read("cursor=249566758x&limit=7&other=1").unwrap();
        assert_eq!(query.limit(), 7);
        let refused = query.after::<i64>().unwrap_err();
        assert_eq!(refused.faults()[0].pointer, "?cursor");
        assert!(!format!("{:?}", refused.details()).contains("249566758"));
        assert_eq!(read("").unwrap().after::<i64>().unwrap(), None);
    }
}
