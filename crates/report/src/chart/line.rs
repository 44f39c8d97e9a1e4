//! Lines and steps over a number, with bands.

use super::{DASHES, Draw, SERIES, WIDTH, axis::Axis, nothing_to_show, segment};
use crate::{
    number,
    table::{Cell, Table},
    text::{Html, Text},
};

/// One line, ordered by `x`.
#[derive(Clone, Debug)]
pub struct Series {
    label: Text,
    points: Vec<[f64; 2]>,
    band: Vec<[f64; 3]>,
    is_step: bool,
}

impl Series {
    /// Straight lines between `[x, y]` points.
    pub fn line(label: Text, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        Self {
            label,
            points: points.into_iter().collect(),
            band: Vec::new(),
            is_step: false,
        }
    }

    /// Keeps each `y` until the next `x`, as a survival curve does.
    pub fn step(label: Text, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        Self {
            is_step: true,
            ..Self::line(label, points)
        }
    }

    /// Adds an interval `[x, lower, upper]` around the line.
    #[must_use]
    pub fn band(mut self, band: impl IntoIterator<Item = [f64; 3]>) -> Self {
        self.band = band.into_iter().collect();
        self
    }

    /// Finite points; a step adds the corner before each.
    fn path(points: impl Iterator<Item = [f64; 2]>, is_step: bool) -> Vec<[f64; 2]> {
        let mut path: Vec<[f64; 2]> = Vec::new();
        for [x, y] in points.filter(|p| p.iter().all(|v| v.is_finite())) {
            if let (true, Some([_, before])) = (is_step, path.last().copied()) {
                path.push([x, before]);
            }
            path.push([x, y]);
        }
        path
    }
}

/// Lines or step curves with bands.
#[derive(Clone, Debug)]
pub struct LineChart {
    title: Text,
    x: Text,
    y: Text,
    fixed_y: Option<[f64; 2]>,
    series: Vec<Series>,
}

impl LineChart {
    /// An empty chart with the titles of its axes.
    pub fn new(title: Text, x: Text, y: Text) -> Self {
        Self {
            title,
            x,
            y,
            fixed_y: None,
            series: Vec::new(),
        }
    }

    /// Fixes the vertical axis, for instance 0 to 1.
    #[must_use]
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.fixed_y = (low < high).then_some([low, high]);
        self
    }

    /// Adds a series; up to six stay distinct in print.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }
}

const LEFT: f64 = 80.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 330.0;

fn points(html: &mut Html, path: &[[f64; 2]], x: Axis, y: Axis) {
    for [across, up] in path {
        html.coordinate(x.at(*across))
            .raw(",")
            .coordinate(y.at(*up))
            .raw(" ");
    }
}

impl Draw for LineChart {
    fn title(&self) -> &Text {
        &self.title
    }

    fn description(&self) -> Text {
        let list = |pick: fn(&Text) -> &str, from: &str| {
            let one = |s: &Series| match (s.points.first(), s.points.last()) {
                (Some([_, first]), Some([_, last])) => {
                    let [first, last] = [*first, *last].map(number::significant);
                    format!("{}: {from} {first} → {last}", pick(&s.label))
                }
                _ => pick(&s.label).to_owned(),
            };
            self.series.iter().map(one).collect::<Vec<_>>().join("; ")
        };
        Text::new(
            format!("Lijnen over {}. {}.", self.x.nl, list(|t| &t.nl, "van")),
            format!("Lines over {}. {}.", self.x.en, list(|t| &t.en, "from")),
        )
    }

    fn height(&self) -> f64 {
        BOTTOM + 50.0 + self.series.len() as f64 * 20.0
    }

    fn draw(&self, html: &mut Html) {
        let across = self.series.iter().flat_map(|s| {
            s.points
                .iter()
                .map(|p| p[0])
                .chain(s.band.iter().map(|b| b[0]))
        });
        let up = self.series.iter().flat_map(|s| {
            s.points
                .iter()
                .map(|p| p[1])
                .chain(s.band.iter().flat_map(|b| [b[1], b[2]]))
        });
        let x = Axis::over(across, [LEFT, WIDTH - 20.0]);
        let y = match self.fixed_y {
            Some([low, high]) => Some(Axis::fixed(low, high, [BOTTOM, TOP])),
            None => Axis::over(up, [BOTTOM, TOP]),
        };
        let (Some(x), Some(y)) = (x, y) else {
            return nothing_to_show(html);
        };
        y.draw_left(html, [LEFT, WIDTH - 20.0], &self.y);
        x.draw_below(html, [TOP, BOTTOM], &self.x);
        for (place, series) in self.series.iter().enumerate() {
            let (colour, dashes) = (SERIES[place % SERIES.len()], DASHES[place % DASHES.len()]);
            let upper = Series::path(series.band.iter().map(|b| [b[0], b[2]]), series.is_step);
            let mut lower = Series::path(series.band.iter().map(|b| [b[0], b[1]]), series.is_step);
            lower.reverse();
            if !upper.is_empty() {
                html.raw("<polygon fill-opacity=\"0.15\" fill=\"")
                    .raw(colour)
                    .raw("\" points=\"");
                points(html, &upper, x, y);
                points(html, &lower, x, y);
                html.raw("\"/>\n");
            }
            html.raw("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"")
                .raw(colour);
            html.raw("\" stroke-dasharray=\"")
                .raw(dashes)
                .raw("\" points=\"");
            points(
                html,
                &Series::path(series.points.iter().copied(), series.is_step),
                x,
                y,
            );
            html.raw("\"/>\n");
            let legend = BOTTOM + 56.0 + place as f64 * 20.0;
            segment(html, [LEFT, LEFT + 40.0], [legend - 4.0; 2], colour, dashes);
            html.raw("<text x=\"")
                .coordinate(LEFT + 48.0)
                .raw("\" y=\"")
                .coordinate(legend)
                .raw("\">");
            html.text(&series.label.joined()).raw("</text>\n");
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title.clone())
            .column(Text::new("Lijn", "Line"))
            .number(self.x.clone())
            .number(self.y.clone());
        for series in &self.series {
            for point in &series.points {
                let figures = point.map(|value| Cell::text(number::significant(value)));
                table.push(
                    [Cell::both(series.label.clone())]
                        .into_iter()
                        .chain(figures),
                );
            }
        }
        table
    }
}
