//! What a quick look at the surnames of two records says they can get.

use super::{
    super::{
        Side,
        ceiling::{Tile, Words, any_alike},
        listed::Listed,
        tokens::Shape,
    },
    SurnameComparison,
};

/// Parts that a quick look sees; of who has more it says nothing.
const LOOKED_AT: usize = 4;

/// What a quick look at the surname of a record shows.
struct Look {
    parts: Words,
    /// Given names.
    other: Words,
    shapes: [Shape; LOOKED_AT],
    n: u8,
    many: bool,
    /// What it can get when a part is equal, and when one is nearly so.
    equal: f32,
    near: f32,
}

impl Look {
    fn shapes(&self) -> &[Shape] {
        &self.shapes[..usize::from(self.n)]
    }
}

impl SurnameComparison {
    /// See [`Compare::ceiling`](super::Compare::ceiling).
    pub(super) fn add_ceilings(&self, tile: &Tile<'_>, sums: &mut [f32]) {
        if let Some(others) = &self.given_names {
            others.touch_rows((tile.lefts, tile.rights), Listed::touch);
        }
        let tops = &tile.tops;
        let (most, missing) = (tops.most(), tops.at_any(&[0, 6]));
        let (exchanged, different) = (tops.at(6), tops.at(8));
        tile.add(
            sums,
            |row| self.look(Side::Left, row, tile),
            |row| self.look(Side::Right, row, tile),
            |a, b| {
                if a.n == 0 || b.n == 0 {
                    return missing;
                }
                if a.many || b.many {
                    return most;
                }
                if a.parts.may_share(&b.parts) {
                    return a.equal.min(b.equal);
                }
                let found = if any_alike(a.shapes(), b.shapes()) {
                    a.near.min(b.near)
                } else {
                    different
                };
                if a.parts.may_share(&b.other) || a.other.may_share(&b.parts) {
                    found.max(exchanged)
                } else {
                    found
                }
            },
        );
    }

    fn look(&self, side: Side, row: usize, tile: &Tile<'_>) -> Look {
        let code = self.values.code(side, row);
        let value = &self.values.values()[code as usize];
        let tops = &tile.tops;
        let rarest = value
            .tokens()
            .iter()
            .map(|token| self.frequencies.of(*token))
            .fold(1.0, f64::min);
        let near = tops.at_with(4, rarest).max(tops.at_with(5, rarest));
        let near = near.max(tops.at_any(&[7, 8]));
        let mut equal = tops.at_with(2, rarest).max(tops.at_with(3, rarest));
        let n_names = (0..value.tokens().len()).filter(|place| !value.is_reading(*place));
        if n_names.count() > 1 {
            equal = equal.max(tops.at_with(1, rarest));
        }
        let given = self.given_names.as_ref().and_then(|all| all.get(side, row));
        let mut shapes = [Shape::default(); LOOKED_AT];
        for (shape, token) in shapes.iter_mut().zip(value.tokens()) {
            *shape = tile.tokens.shape(*token);
        }
        Look {
            parts: Words::of(value.tokens()),
            other: Words::of(given.map_or(&[], |names| names.words())),
            shapes,
            n: value.n.min(LOOKED_AT as u8),
            many: value.tokens().len() > LOOKED_AT,
            equal,
            near,
        }
    }
}
