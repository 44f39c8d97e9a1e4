//! What a quick look at the given names of two records says they can get.

use super::{
    super::{
        Side,
        ceiling::{Tile, Words},
        listed::Listed,
        tokens::Shape,
    },
    GivenNamesComparison,
};

/// What a quick look at the names of a record shows.
struct Look {
    nameless: bool,
    whole: u32,
    first: u32,
    names: Words,
    /// Parts of the surname.
    other: Words,
    variants: u64,
    shape: Shape,
    /// What it can get when all names are equal, the first one, another one, and when they are nearly so.
    all: f32,
    first_equal: f32,
    equal: f32,
    near: f32,
}

impl GivenNamesComparison {
    /// See [`Compare::ceiling`](super::Compare::ceiling).
    pub(super) fn add_ceilings(&self, tile: &Tile<'_>, sums: &mut [f32]) {
        if let Some(others) = &self.surnames {
            others.touch_rows((tile.lefts, tile.rights), Listed::touch);
        }
        let tops = &tile.tops;
        // Without names on a side: missing, initials, or exchanged.
        let nameless = tops.at_any(&[0, 6, 7, 8, 10, 11]);
        let (exchanged, within, different) = (tops.at(8), tops.at(9), tops.at_any(&[10, 11]));
        tile.add(
            sums,
            |row| self.look(Side::Left, row, tile),
            |row| self.look(Side::Right, row, tile),
            |a, b| {
                if a.nameless | b.nameless {
                    return nameless;
                }
                if a.names.may_share(&b.names) {
                    return match () {
                        () if a.whole == b.whole => a.all,
                        () if a.first == b.first => a.first_equal,
                        () => a.equal.min(b.equal),
                    };
                }
                let near = a.shape.may_be_alike(b.shape) || a.variants & b.variants != 0;
                let found = if near {
                    a.near.min(b.near)
                } else if a.shape.may_contain(b.shape) {
                    within.max(different)
                } else {
                    different
                };
                if a.names.may_share(&b.other) || a.other.may_share(&b.names) {
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
        let surname = self.surnames.as_ref().and_then(|all| all.get(side, row));
        let [mut all, mut first_equal, mut equal, mut near] = [0.0; 4];
        if value.n_names > 0 {
            let tops = &tile.tops;
            let of = |name: u32| self.frequencies.of(name);
            let first = of(value.names[0]);
            let rarest = value.names().iter().map(|name| of(*name));
            let rarest = rarest.fold(1.0, f64::min);
            near = tops.at_with(4, first).max(tops.at_with(5, first));
            near = near.max(tops.at_any(&[9, 10, 11]));
            all = tops.at_with(1, of(value.whole));
            first_equal = tops.at_with(2, first);
            equal = tops.at_with(3, rarest).max(tops.at(8)).max(near);
        }
        Look {
            nameless: value.n_names == 0,
            whole: value.whole,
            first: value.names[0],
            names: Words::of(value.names()),
            other: Words::of(surname.map_or(&[], |parts| parts.words())),
            variants: self.variant_masks.get(code as usize).copied().unwrap_or(0),
            shape: tile.tokens.shape(value.names[0]),
            all,
            first_equal,
            equal,
            near,
        }
    }
}
