//! Writing files the way municipal systems do.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

/// Characters of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8 with a byte order mark, as Excel writes it.
    Utf8Bom,
    /// UTF-8.
    Utf8,
    /// Windows-1252; letters outside it lose their marks.
    Cp1252,
}

/// A file with separated values that is written row by row.
#[derive(Debug)]
pub(crate) struct Sheet {
    out: BufWriter<File>,
    encoding: Encoding,
    delimiter: char,
    rows: u64,
    line: Vec<u8>,
}

impl Sheet {
    /// Starts a file with this header.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn create(
        path: &Path,
        encoding: Encoding,
        delimiter: char,
        header: &[&str],
    ) -> std::io::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 17, File::create(path)?);
        if encoding == Encoding::Utf8Bom {
            out.write_all(b"\xEF\xBB\xBF")?;
        }
        let mut sheet = Self {
            out,
            encoding,
            delimiter,
            rows: 0,
            line: Vec::new(),
        };
        sheet.row(header)?;
        sheet.rows = 0;
        Ok(sheet)
    }

    /// Writes one record and returns its ordinal, from 1.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn row<S: AsRef<str>>(&mut self, fields: &[S]) -> std::io::Result<u64> {
        self.line.clear();
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.line.push(self.delimiter as u8);
            }
            let field = field.as_ref();
            let quoted = field.contains([self.delimiter, '"', '\n', '\r']);
            if quoted {
                self.line.push(b'"');
            }
            for letter in field.chars() {
                if letter == '"' {
                    self.line.push(b'"');
                }
                encode(letter, self.encoding, &mut self.line);
            }
            if quoted {
                self.line.push(b'"');
            }
        }
        self.line.extend_from_slice(b"\r\n");
        self.out.write_all(&self.line)?;
        self.rows += 1;
        Ok(self.rows)
    }

    /// Records written so far.
    pub(crate) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn finish(mut self) -> std::io::Result<u64> {
        self.out.flush()?;
        Ok(self.rows)
    }
}

fn encode(letter: char, encoding: Encoding, line: &mut Vec<u8>) {
    if letter.is_ascii() {
        line.push(letter as u8);
    } else if encoding == Encoding::Cp1252 {
        match letter {
            '€' => line.push(0x80),
            'Š' => line.push(0x8A),
            'Ž' => line.push(0x8E),
            'š' => line.push(0x9A),
            'ž' => line.push(0x9E),
            '\u{A0}'..='\u{FF}' => line.push(letter as u32 as u8),
            other => line.extend(without_marks(other).bytes()),
        }
    } else {
        let mut buffer = [0; 4];
        line.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
    }
}

/// The letter as somebody types it who does not have it on the keyboard.
pub(crate) fn without_marks(letter: char) -> &'static str {
    match letter {
        'À'..='Å' => "A",
        'à'..='å' => "a",
        'Ç' | 'Ć' => "C",
        'ç' | 'ć' => "c",
        'È'..='Ë' => "E",
        'è'..='ë' | 'ę' => "e",
        'Ì'..='Ï' | 'İ' => "I",
        'ì'..='ï' | 'ı' => "i",
        'Ñ' | 'Ń' => "N",
        'ñ' | 'ń' => "n",
        'Ò'..='Ö' | 'Ø' => "O",
        'ò'..='ö' | 'ø' => "o",
        'Ù'..='Ü' => "U",
        'ù'..='ü' => "u",
        'Ş' | 'Ś' => "S",
        'ş' | 'ś' => "s",
        'Ğ' => "G",
        'ğ' => "g",
        'Ł' => "L",
        'ł' => "l",
        'ß' => "ss",
        'Ž' | 'Ż' => "Z",
        'ž' | 'ż' | 'ź' => "z",
        _ => "?",
    }
}

/// Euros with a decimal comma.
pub(crate) fn euros(amount: f64) -> String {
    format!("{amount:.2}").replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_letters_survive_and_others_lose_their_marks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut sheet = Sheet::create(&path, Encoding::Cp1252, ';', &["naam", "bedrag"]).unwrap();
        assert_eq!(
            sheet.row(&["Zoë; Yıldız \"Łu\"", &euros(1234.5)]).unwrap(),
            1
        );
        sheet.finish().unwrap();
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(
            bytes,
            b"naam;bedrag\r\n\"Zo\xEB; Yildiz \"\"Lu\"\"\";1234,50\r\n"
        );
    }
}
