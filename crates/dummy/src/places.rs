//! The invented municipality: neighbourhoods, streets, addresses.

use crate::dice::Dice;

/// CBS code of the municipality; codes from GM9000 on are not in use.
pub const GEMEENTECODE: &str = "GM9990";
/// Its name.
pub const GEMEENTE: &str = "Heldervoort";

/// Postcode areas that no Dutch address uses (no polygon in CBS' PC4 map), so that no invented person
/// lives at a real address.
const UNUSED_PC4: [u16; 44] = [
    5713, 5714, 5716, 5717, 5718, 5719, 5723, 5726, 5727, 5728, 5729, 5732, 5733, 5734, 5736, 5739,
    5742, 5743, 5744, 5745, 5746, 5747, 5748, 5749, 5755, 5762, 5765, 5766, 5767, 5768, 5769, 5771,
    5772, 5773, 5774, 5775, 5776, 5777, 5778, 5779, 5781, 5782, 5783, 5784,
];

const FIRST: [&str; 36] = [
    "Kerk",
    "Molen",
    "School",
    "Dorps",
    "Linden",
    "Beuken",
    "Kastanje",
    "Park",
    "Stations",
    "Haven",
    "Markt",
    "Wilhelmina",
    "Juliana",
    "Beatrix",
    "Oranje",
    "Rembrandt",
    "Vondel",
    "Mozart",
    "Spinoza",
    "Erasmus",
    "Zuider",
    "Noorder",
    "Ooster",
    "Wester",
    "Zonne",
    "Sterren",
    "Leeuwerik",
    "Merel",
    "Zwaluw",
    "Klaver",
    "Korenbloem",
    "Anjer",
    "Tulpen",
    "Akker",
    "Weide",
    "Heide",
];
const LAST: [&str; 10] = [
    "straat", "laan", "weg", "plein", "hof", "dijk", "kade", "pad", "singel", "dreef",
];

/// Share of the variance between neighbourhoods that is spatially structured (BYM2's φ).
const STRUCTURED: f64 = 0.7;
/// Standard deviation of the neighbourhood effect on the log-odds of the outcome.
const EFFECT_SD: f64 = 0.25;

/// A neighbourhood.
#[derive(Clone, Debug)]
pub(crate) struct Buurt {
    /// CBS-like code, `BU9990` and four digits.
    pub code: String,
    /// Effect on the log-odds of the outcome.
    pub effect: f64,
    /// Standardised share of group B; what makes the neighbourhood a proxy.
    pub tilt: f64,
    /// Relative number of addresses.
    pub size: f64,
}

/// One address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    /// Place of the neighbourhood in the list.
    pub buurt: u16,
    street: u16,
    number: u16,
    suffix: u8,
    letters: [u8; 2],
}

/// All places.
#[derive(Debug)]
pub(crate) struct Places {
    /// Neighbourhoods.
    pub buurten: Vec<Buurt>,
    addresses: Vec<Address>,
    free: Vec<u32>,
}

impl Places {
    /// Neighbourhoods and addresses for `households` households, with some dwellings empty.
    pub(crate) fn new(dice: &mut Dice, households: usize) -> Self {
        let count = ((households as f64 / 121_000.0 * 116.0).round() as usize).clamp(12, 116);
        let (effects, tilts) = spatial_effects(dice, count);
        let buurten = (0..count)
            .map(|index| Buurt {
                code: format!("BU9990{:02}{:02}", index / 10 + 1, index % 10 + 1),
                effect: effects[index] * EFFECT_SD,
                tilt: tilts[index],
                size: (0.6 * dice.normal()).exp(),
            })
            .collect();
        let mut places = Self {
            buurten,
            addresses: Vec::new(),
            free: Vec::new(),
        };
        places.build(dice, households + households / 12 + 20);
        places
    }

    /// Adds empty dwellings.
    fn build(&mut self, dice: &mut Dice, count: usize) {
        let sizes: Vec<f64> = self.buurten.iter().map(|b| b.size).collect();
        for _ in 0..count {
            let buurt = dice.weighted(&sizes) as u16;
            let street = buurt * 7 + dice.below(7) as u16;
            let number = 1 + dice.below(180) as u16;
            let suffix = if dice.chance(0.16) {
                1 + dice.below(5) as u8
            } else {
                0
            };
            // One letter pair per block of numbers, as in a real town. S is left out: SA, SD and SS are not used.
            let block = u32::from(street) * 31 + u32::from(number / 24);
            let letters = [b'A' + (block % 18) as u8, b'A' + (block / 18 % 23) as u8];
            self.free.push(self.addresses.len() as u32);
            self.addresses.push(Address {
                buurt,
                street,
                number,
                suffix,
                letters,
            });
        }
    }

    /// Takes an empty dwelling; `prefer` judges a neighbourhood, the best of a few is taken.
    pub(crate) fn take(&mut self, dice: &mut Dice, prefer: impl Fn(&Buurt) -> f64) -> u32 {
        if self.free.len() < 20 {
            self.build(dice, 50);
        }
        let mut best = (dice.below(self.free.len()), f64::NEG_INFINITY);
        for _ in 0..3 {
            let place = dice.below(self.free.len());
            let buurt = &self.buurten[usize::from(self.addresses[self.free[place] as usize].buurt)];
            let score = prefer(buurt) + dice.normal();
            if score > best.1 {
                best = (place, score);
            }
        }
        self.free.swap_remove(best.0)
    }

    /// Gives a dwelling back.
    pub(crate) fn release(&mut self, address: u32) {
        self.free.push(address);
    }

    /// Any address.
    pub(crate) fn any(&self, dice: &mut Dice) -> u32 {
        dice.below(self.addresses.len()) as u32
    }

    /// The address.
    pub(crate) fn get(&self, address: u32) -> &Address {
        &self.addresses[address as usize]
    }

    /// The neighbourhood of an address.
    pub(crate) fn buurt(&self, address: u32) -> &Buurt {
        &self.buurten[usize::from(self.get(address).buurt)]
    }
}

impl Address {
    /// Street name.
    pub(crate) fn street(&self) -> String {
        let street = usize::from(self.street);
        let first = FIRST[street * 7 % FIRST.len()];
        let last = LAST[(street + street / FIRST.len()) % LAST.len()];
        let far = ["", "Grote ", "Kleine "][street / (FIRST.len() * LAST.len()) % 3];
        format!("{far}{first}{last}")
    }

    /// House number.
    pub(crate) fn number(&self) -> String {
        self.number.to_string()
    }

    /// Addition to the house number: nothing, or `A` to `E`.
    pub(crate) fn suffix(&self) -> &'static str {
        ["", "A", "B", "C", "D", "E"][usize::from(self.suffix)]
    }

    /// Postcode, `1234 AB`.
    pub(crate) fn postcode(&self) -> String {
        let area = UNUSED_PC4[usize::from(self.buurt) * UNUSED_PC4.len() / 116];
        format!(
            "{area} {}{}",
            char::from(self.letters[0]),
            char::from(self.letters[1])
        )
    }
}

/// Two standardised values per neighbourhood on a square grid: the effect on the outcome (structured by
/// [`STRUCTURED`]) and, independent of it, the tilt towards group B.
fn spatial_effects(dice: &mut Dice, count: usize) -> (Vec<f64>, Vec<f64>) {
    let structured = smooth(dice, count);
    let loose: Vec<f64> = standardise((0..count).map(|_| dice.normal()).collect());
    let effect = structured
        .iter()
        .zip(&loose)
        .map(|(s, l)| STRUCTURED.sqrt() * s + (1.0 - STRUCTURED).sqrt() * l)
        .collect();
    (standardise(effect), smooth(dice, count))
}

/// A standardised field in which neighbours resemble each other: noise averaged over the grid's neighbours, twice.
fn smooth(dice: &mut Dice, count: usize) -> Vec<f64> {
    let side = (count as f64).sqrt().ceil() as usize;
    let mut field: Vec<f64> = (0..count).map(|_| dice.normal()).collect();
    for _ in 0..2 {
        field = (0..count)
            .map(|place| {
                let neighbours = [
                    (place % side > 0).then(|| place - 1),
                    (place % side + 1 < side).then_some(place + 1),
                    place.checked_sub(side),
                    Some(place + side),
                ];
                let near: Vec<f64> = neighbours
                    .into_iter()
                    .flatten()
                    .filter_map(|p| field.get(p).copied())
                    .collect();
                (field[place] + near.iter().sum::<f64>()) / (1.0 + near.len() as f64)
            })
            .collect();
    }
    standardise(field)
}

fn standardise(values: Vec<f64>) -> Vec<f64> {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    values.into_iter().map(|v| (v - mean) / scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_resemble_each_other() {
        let mut dice = Dice::new(1, "places");
        let field = smooth(&mut dice, 116);
        let products: Vec<f64> = (0..115)
            .filter(|p| p % 11 != 10)
            .map(|p| field[p] * field[p + 1])
            .collect();
        let correlation = products.iter().sum::<f64>() / products.len() as f64;
        assert!(correlation > 0.4, "{correlation}");
    }

    #[test]
    fn a_taken_dwelling_is_not_given_twice() {
        let mut dice = Dice::new(2, "places");
        let mut places = Places::new(&mut dice, 500);
        let mut taken = std::collections::HashSet::new();
        for _ in 0..700 {
            assert!(taken.insert(places.take(&mut dice, |_| 0.0)));
        }
    }
}
