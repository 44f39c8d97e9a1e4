//! A municipal extract of 17 columns, about 132 bytes per row, with about one bad row in two hundred.

use std::io::{self, Write};

pub(crate) const HEADER: &str = "client,bsn,geboortedatum,geslacht,postcode,huisnummer,gemeentecode,buurtcode,regeling,ingangsdatum,\
einddatum,maandbedrag,schuld,huishoudgrootte,leeftijd,score,status";

/// `SplitMix64` (Steele, Lea & Flood, 2014): the same rows on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }
}

const REGELINGEN: [&str; 8] = [
    "PW-UITK", "IOAW", "IOAZ", "BBZ-LK", "BIJZ-BST", "WMO-HH", "WMO-VERV", "JW-AMB",
];
const STATUSSEN: [&str; 5] = [
    "lopend",
    "beeindigd",
    "opgeschort",
    "aangevraagd",
    "afgewezen",
];

/// Nine digits that pass the eleven-test.
fn bsn(random: &mut Random) -> u64 {
    loop {
        let front = 10_000_000 + random.below(89_999_999);
        let mut rest = front;
        let mut sum = 0;
        for weight in 2..=9 {
            sum += (rest % 10) * weight;
            rest /= 10;
        }
        let last = sum % 11;
        if last < 10 {
            return front * 10 + last;
        }
    }
}

/// Writes `rows` records; gives the bytes written and the number of records that keep all seven rules.
pub(crate) fn extract(mut out: impl Write, rows: u64) -> io::Result<(u64, u64)> {
    let mut random = Random(20_261_122);
    let mut line = Vec::with_capacity(256);
    let (mut bytes, mut good_rows) = (0_u64, 0_u64);
    writeln!(out, "{HEADER}")?;
    bytes += HEADER.len() as u64 + 1;
    for row in 0..rows {
        line.clear();
        let mut number = bsn(&mut random);
        let birth_year = 1935 + random.below(70);
        let mut birth = (birth_year, 1 + random.below(12), 1 + random.below(28));
        let mut postcode = format!(
            "{}{}{}",
            1000 + random.below(8999),
            char::from(b'A' + random.below(18) as u8),
            char::from(b'B' + random.below(17) as u8)
        );
        let mut start = (
            2010 + random.below(15),
            1 + random.below(12),
            1 + random.below(28),
        );
        let amount = random.below(250_000);
        let mut age = 2025 - birth_year;
        let mut score = random.below(10_000);
        let mut size = 1 + random.below(8);
        // One record in two hundred breaks one rule.
        let fault = if random.below(200) == 0 {
            1 + random.below(7)
        } else {
            0
        };
        match fault {
            1 => number = number / 10 * 10 + (number % 10 + 1) % 10,
            2 => birth = (birth.0, 2, 30),
            3 => postcode = format!("0{}", &postcode[1..]),
            4 => start = (start.0, 13, start.2),
            5 => age = 130 + random.below(70),
            6 => score = 10_001 + random.below(5_000),
            7 => size = 0,
            _ => {}
        }
        good_rows += u64::from(fault == 0);
        let end = random.below(3);
        write!(
            line,
            "C{:08},{number:09},{}-{:02}-{:02},",
            row + 1,
            birth.0,
            birth.1,
            birth.2
        )?;
        write!(
            line,
            "{},{postcode},{},GM{:04},BU{:08},",
            if random.below(2) == 0 { 'M' } else { 'V' },
            1 + random.below(400),
            772,
            7_720_000 + random.below(116)
        )?;
        write!(
            line,
            "{},{}-{:02}-{:02},",
            REGELINGEN[random.below(8) as usize],
            start.0,
            start.1,
            start.2
        )?;
        if end == 0 {
            write!(
                line,
                "{}-{:02}-{:02}",
                start.0 + 1 + random.below(3),
                1 + random.below(12),
                1 + random.below(28)
            )?;
        }
        let debt = if random.below(4) == 0 {
            random.below(6_000_000)
        } else {
            0
        };
        write!(
            line,
            ",{}.{:02},{}.{:02},{size},{age},{:.4},",
            amount / 100,
            amount % 100,
            debt / 100,
            debt % 100,
            score as f64 / 10_000.0
        )?;
        writeln!(line, "{}", STATUSSEN[random.below(5) as usize])?;
        bytes += line.len() as u64;
        out.write_all(&line)?;
    }
    out.flush()?;
    Ok((bytes, good_rows))
}
