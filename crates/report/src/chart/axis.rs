//! From numbers to places, with round ticks.

use super::{GREY, segment};
use crate::{
    number,
    text::{Html, Text},
};

/// A linear axis: `domain` in the units of the data, `range` in SVG units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    domain: [f64; 2],
    range: [f64; 2],
    step: f64,
}

impl Axis {
    /// An axis that covers all finite `values`, ending on round numbers. `None` when there are none.
    pub(super) fn over(values: impl IntoIterator<Item = f64>, range: [f64; 2]) -> Option<Self> {
        // Beyond this, the difference of two values is not finite.
        let shown = values.into_iter().filter(|v| v.abs() < 1e300);
        let [low, high] = shown.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| {
            [low.min(v), high.max(v)]
        });
        if low > high {
            return None;
        }
        let spread = if high - low > high.abs().max(low.abs()) * 1e-9 {
            high - low
        } else {
            high.abs().max(1.0)
        };
        let step = round_step(spread / 5.0);
        let mut domain = [(low / step).floor() * step, (high / step).ceil() * step];
        if domain[1] - domain[0] < step * 0.5 {
            domain = [domain[0] - step, domain[1] + step];
        }
        Some(Self {
            domain,
            range,
            step,
        })
    }

    /// An axis with fixed ends, `low < high`.
    pub(super) fn fixed(low: f64, high: f64, range: [f64; 2]) -> Self {
        Self {
            domain: [low, high],
            range,
            step: round_step((high - low) / 5.0),
        }
    }

    /// The place of a value; values outside the axis stand at its end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value - self.domain[0]) / (self.domain[1] - self.domain[0]);
        self.range[0] + share.clamp(0.0, 1.0) * (self.range[1] - self.range[0])
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        let first = (self.domain[0] / self.step).ceil();
        (0..=12)
            .map(move |i| (first + f64::from(i)) * self.step)
            .take_while(|t| *t <= self.domain[1] + self.step * 1e-6)
    }

    /// Draws ticks, grid lines between `y` and the axis title below.
    pub(super) fn draw_below(&self, html: &mut Html, y: [f64; 2], title: &Text) {
        for tick in self.ticks() {
            let x = self.at(tick);
            segment(html, [x, x], y, "#d0d0d0", "none");
            html.raw("<text text-anchor=\"middle\" x=\"")
                .coordinate(x)
                .raw("\" y=\"")
                .coordinate(y[1] + 17.0);
            html.raw("\">").text(&self.tick_text(tick)).raw("</text>\n");
        }
        let middle = f64::midpoint(self.range[0], self.range[1]);
        html.raw("<text text-anchor=\"middle\" x=\"")
            .coordinate(middle)
            .raw("\" y=\"")
            .coordinate(y[1] + 36.0);
        html.raw("\" fill=\"")
            .raw("#545454")
            .raw("\">")
            .text(&title.joined())
            .raw("</text>\n");
    }

    /// Draws ticks, grid lines between `x` and the axis title above.
    pub(super) fn draw_left(&self, html: &mut Html, x: [f64; 2], title: &Text) {
        for tick in self.ticks() {
            let y = self.at(tick);
            segment(html, x, [y, y], "#d0d0d0", "none");
            html.raw("<text text-anchor=\"end\" x=\"")
                .coordinate(x[0] - 6.0)
                .raw("\" y=\"")
                .coordinate(y + 4.5);
            html.raw("\">").text(&self.tick_text(tick)).raw("</text>\n");
        }
        let top = self.range[0].min(self.range[1]);
        html.raw("<text x=\"")
            .coordinate(x[0] - 40.0)
            .raw("\" y=\"")
            .coordinate(top - 9.0);
        html.raw("\" fill=\"#545454\">")
            .text(&title.joined())
            .raw("</text>\n");
        segment(html, [x[0], x[0]], self.range, GREY, "none");
    }

    fn tick_text(&self, tick: f64) -> String {
        let decimals = (-self.step.log10().floor()).clamp(0.0, 8.0) as usize;
        number::decimal(tick, decimals)
    }
}

/// 1, 2 or 5 times a power of ten, at least `wanted`.
fn round_step(wanted: f64) -> f64 {
    let wanted = wanted.max(1e-300);
    let power = 10_f64.powf(wanted.log10().floor());
    let factor = wanted / power;
    power
        * if factor <= 1.0 {
            1.0
        } else if factor <= 2.0 {
            2.0
        } else if factor <= 5.0 {
            5.0
        } else {
            10.0
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        let axis = Axis::over([0.13, 0.97, f64::NAN], [0.0, 100.0]).unwrap();
        assert!(axis.domain[0].abs() < 1e-12 && (axis.domain[1] - 1.0).abs() < 1e-12);
        assert_eq!(axis.ticks().count(), 6);
        assert!((axis.at(0.5) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn one_value_still_makes_an_axis_and_none_does_not() {
        for value in [0.0, 5.0, -1e9, 1e-12, 1e299] {
            let axis = Axis::over([value], [0.0, 100.0]).unwrap();
            assert!((0.0..=100.0).contains(&axis.at(value)), "{value}");
            assert!(axis.ticks().count() >= 2, "{value}");
        }
        assert!(Axis::over([f64::NAN, f64::INFINITY], [0.0, 1.0]).is_none());
    }
}
