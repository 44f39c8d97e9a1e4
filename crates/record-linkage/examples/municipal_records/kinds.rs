//! Which kinds of dirt a population has more of than usual: to judge a change on people it was not made for.

/// A kind of dirt, or of people who are hard to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Brothers and sisters born on one day.
    Twins,
    /// A child with a parent's given names.
    Namesakes,
    /// Other addresses.
    Moves,
    /// Partner names in use.
    Married,
    /// Birth dates filled in or without day and month.
    Defaults,
    /// Foreign names in other letters: without diacritics, by ear, glued or with a hyphen.
    Foreign,
    /// Day and month exchanged.
    Daymonth,
    /// Given names joined by a hyphen or glued.
    Hyphens,
    /// First name and surname exchanged.
    Swaps,
    /// Names people go by.
    Nicknames,
    /// Fields left empty.
    Missing,
}

impl Kind {
    pub(crate) const ALL: [(&'static str, Self); 11] = [
        ("twins", Self::Twins),
        ("namesakes", Self::Namesakes),
        ("moves", Self::Moves),
        ("married", Self::Married),
        ("defaults", Self::Defaults),
        ("foreign", Self::Foreign),
        ("daymonth", Self::Daymonth),
        ("hyphens", Self::Hyphens),
        ("swaps", Self::Swaps),
        ("nicknames", Self::Nicknames),
        ("missing", Self::Missing),
    ];
}

/// How much dirt, and of which kind more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dirt {
    /// 1 is usual, 2 doubles the rates.
    pub(crate) level: f64,
    /// Kinds there is four times as much of.
    pub(crate) heavy: Vec<Kind>,
}

impl Dirt {
    /// A rate at this level, for this kind.
    pub(crate) fn rate(&self, kind: Kind, usual: f64) -> f64 {
        (usual * self.level * self.times(kind)).min(1.0)
    }

    /// 4 for a heavy kind, else 1.
    pub(crate) fn times(&self, kind: Kind) -> f64 {
        if self.heavy.contains(&kind) { 4.0 } else { 1.0 }
    }

    /// The rate of what only a heavy kind has, `None` otherwise: populations without it stay what they were.
    pub(crate) fn only(&self, kind: Kind, rate: f64) -> Option<f64> {
        self.heavy
            .contains(&kind)
            .then_some(rate * self.level.min(1.0))
    }
}
