//! Inputs that count as a curve, in pictures.

use helder_model::{Input, LinearFit};
use helder_report::{LineChart, Section, Series, Text, number};

use super::text;

/// Stretches of a drawn curve.
const STRETCHES: usize = 80;

/// A picture per curve over the range seen in training, counted from the mean.
///
/// * `critical` – standard errors that the band reaches to each side
/// * `axis` – what the curve adds to
pub(super) fn drawn(
    mut section: Section,
    fit: &LinearFit,
    inputs: &[Input],
    critical: f64,
    axis: &Text,
) -> Section {
    for term in &fit.spline_terms {
        let Some(input) = inputs.iter().find(|input| input.name == term.input) else {
            continue;
        };
        let Some(range) = input.worked_range() else {
            continue;
        };
        let step = (range.maximum - range.minimum) / STRETCHES as f64;
        let values: Vec<f64> = (0..=STRETCHES)
            .map(|k| range.minimum + step * k as f64)
            .collect();
        let points = fit.curve(&term.input, &values);
        let unit = input.worked_unit().unwrap_or_default();
        let across = if unit.is_empty() { &input.name } else { unit };
        let line = points.iter().map(|point| [point.value, point.effect]);
        let band = points.iter().filter_map(|point| {
            let half = critical * point.standard_error?;
            Some([point.value, point.effect - half, point.effect + half])
        });
        let series = Series::line(axis.clone(), line).band(band);
        let chart = LineChart::new(text(&input.meaning), Text::same(across), axis.clone());
        let knots: Vec<String> = term
            .knots
            .iter()
            .map(|knot| number::significant(*knot))
            .collect();
        let knots = knots.join("; ");
        let in_english = knots.replace(',', ".");
        let name = &term.input;
        section = section.chart(chart.series(series)).paragraph(Text::new(
            format!("{name} telt mee als een lijn die buigt (restricted cubic spline, knopen {knots}), geteld vanaf het gemiddelde. De lichte band laat zien hoe zeker dat is (95%). De kolommen hierboven met een streepje achter de naam zijn de bochten: los van elkaar zeggen zij niets."),
            format!("{name} counts as a line that bends (restricted cubic spline, knots {in_english}), counted from the mean. The light band shows how certain that is (95%). The columns above with a prime behind the name are its bends: by themselves they say nothing."),
        ));
    }
    section
}
