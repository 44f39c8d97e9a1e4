//! People and households as the generator holds them.

use crate::{day::Day, names::NameKeys};

/// Sex as the BRP keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sex {
    /// M.
    Man,
    /// V.
    Woman,
}

impl Sex {
    /// The BRP's letter.
    pub(crate) const fn letter(self) -> &'static str {
        match self {
            Self::Man => "M",
            Self::Woman => "V",
        }
    }
}

/// The two groups between which the world is unfair. The group itself has no effect on the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// The larger group.
    A,
    /// The group the registers treat worse.
    B,
}

impl Group {
    /// The letter in the files.
    pub(crate) const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    /// `a` for group A, `b` for group B.
    pub(crate) fn choose<T>(self, a: T, b: T) -> T {
        match self {
            Self::A => a,
            Self::B => b,
        }
    }
}

/// By what right a household lives where it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tenure {
    /// Own house.
    Owner,
    /// Rent from a housing corporation.
    Social,
    /// Rent from a private landlord.
    Private,
    /// Rent on a contract that ends by itself.
    Temporary,
    /// A room in somebody else's house.
    Lodging,
}

impl Tenure {
    /// The word in the files.
    pub(crate) const fn dutch(self) -> &'static str {
        match self {
            Self::Owner => "koop",
            Self::Social => "sociale huur",
            Self::Private => "particuliere huur",
            Self::Temporary => "tijdelijke huur",
            Self::Lodging => "inwoning",
        }
    }

    /// Whether rent is paid to a landlord.
    pub(crate) const fn rents(self) -> bool {
        matches!(self, Self::Social | Self::Private | Self::Temporary)
    }

    /// Whether the landlord is a private one.
    pub(crate) const fn private(self) -> bool {
        matches!(self, Self::Private | Self::Temporary)
    }
}

/// How people in a household belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Living {
    /// One adult.
    Single,
    /// One adult with children at home.
    SingleParent,
    /// Two partners.
    Couple,
    /// Two partners with children at home.
    Family,
    /// A grown-up child at home.
    GrownChild,
    /// A child.
    Child,
}

impl Living {
    /// The word in the files.
    pub(crate) const fn dutch(self) -> &'static str {
        match self {
            Self::Single => "alleenstaand",
            Self::SingleParent => "eenouder",
            Self::Couple => "paar",
            Self::Family => "paar met kinderen",
            Self::GrownChild => "thuiswonend kind",
            Self::Child => "kind",
        }
    }
}

/// Why a person is no longer registered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Died.
    Died,
    /// Moved to another municipality or abroad.
    Left,
}

/// What happened to a person in the twelve months before a reference date; the causes of the outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recent {
    /// Partners parted.
    pub breakup: bool,
    /// A judge ordered eviction.
    pub eviction_order: bool,
    /// Kinds of creditors that signalled arrears, one bit each.
    pub signal_kinds: u8,
    /// Energy delivery ended.
    pub energy_end: bool,
    /// Income fell by more than a fifth.
    pub income_drop: bool,
    /// Benefit stopped or cut.
    pub sanction: bool,
    /// Came out of detention.
    pub detention: bool,
    /// Came out of youth care with stay.
    pub youth_exit: bool,
    /// Accepted debt help.
    pub helped: bool,
}

/// A spell of welfare that runs now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spell {
    /// First day.
    pub start: Day,
    /// First day without.
    pub end: Day,
}

/// One inhabitant, present or former.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Birth date.
    pub born: Day,
    /// Sex.
    pub sex: Sex,
    /// Group.
    pub group: Group,
    /// Names.
    pub names: NameKeys,
    /// Surname of the (former) partner, if the person ever had one.
    pub partner_surname: Option<u16>,
    /// Household.
    pub household: u32,
    /// A partner in the household, rather than a child of it.
    pub heads: bool,
    /// First day in the register.
    pub registered: Day,
    /// Last day, and why.
    pub gone: Option<(Day, Exit)>,
    /// Standardised log income; 0 is the average adult.
    pub income_z: f64,
    /// The level this person's income returns to.
    pub income_home: f64,
    /// Works on a flexible contract.
    pub flexible: bool,
    /// The running welfare spell.
    pub welfare: Option<Spell>,
    /// Uses youth care this year.
    pub youth_care: bool,
    /// Product of the running Wmo provision, 0 for none.
    pub wmo: u8,
    /// The last twelve months.
    pub recent: Recent,
}

impl Person {
    /// Registered on `day`.
    pub(crate) fn present(&self, day: Day) -> bool {
        self.registered <= day && self.gone.is_none_or(|(gone, _)| gone > day)
    }

    /// Completed years on `day`.
    pub(crate) const fn age(&self, day: Day) -> i32 {
        self.born.age_on(day)
    }
}

/// People at one address with one purse.
#[derive(Clone, Debug)]
pub(crate) struct Household {
    /// Where it lives.
    pub address: u32,
    /// Where it lived before.
    pub former_address: Option<u32>,
    /// By what right.
    pub tenure: Tenure,
    /// Members, heads first. Empty when dissolved.
    pub members: Vec<u32>,
    /// Has problem debts.
    pub debt: bool,
    /// Known to debt help.
    pub known_to_help: bool,
    /// Something large happened this year; at most one a year.
    pub touched: bool,
}
