//! Small expressions over the columns of one row: no loops, no calls out, bounded in size.

mod evaluate;

use std::collections::BTreeSet;

use self::evaluate::evaluate;

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Missing,
    Number(f64),
    Text(String),
    Boolean(bool),
    Date(i32),
}

/// A parsed expression: `debt > 500 and not is_missing(income)`.
///
/// Numbers, `'text'`, `true`, `false`, column names, `+ - * /`, `= != < <= > >=`, `and or not`, brackets and the functions
/// `year(date)`, `days_between(from, to)`, `date('2024-01-31')`, `length(text)`, `lower(text)`, `coalesce(a, b)`,
/// `if(condition, a, b)` and `is_missing(a)`. What is missing stays missing in arithmetic and comparisons.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Node,
}

/// Where and why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {what}")]
pub struct ExpressionError {
    /// 1-based position.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Literal(Value),
    Column(String),
    Not(Box<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Year,
    DaysBetween,
    Date,
    Length,
    Lower,
    Coalesce,
    If,
    IsMissing,
}

const LONGEST: usize = 2_000;
const DEEPEST: usize = 40;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`ExpressionError`].
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > LONGEST {
            return Err(ExpressionError {
                at: 1,
                what: "an expression has at most 2000 bytes",
            });
        }
        let mut parser = Parser {
            text,
            at: 0,
            depth: 0,
        };
        let root = parser.binary(0)?;
        parser.blanks();
        if parser.at < text.len() {
            return Err(parser.error("nothing more was expected"));
        }
        Ok(Self { root })
    }

    /// Names of the columns it uses.
    pub fn columns(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        collect(&self.root, &mut names);
        names
    }

    /// Its value for a row, whose values `column` gives.
    pub(super) fn value(&self, column: &dyn Fn(&str) -> Value) -> Value {
        evaluate(&self.root, column)
    }
}

fn collect<'a>(node: &'a Node, names: &mut BTreeSet<&'a str>) {
    match node {
        Node::Literal(_) => {}
        Node::Column(name) => {
            names.insert(name);
        }
        Node::Not(inner) | Node::Negative(inner) => collect(inner, names),
        Node::Binary(_, left, right) => {
            collect(left, names);
            collect(right, names);
        }
        Node::Call(_, arguments) => arguments
            .iter()
            .for_each(|argument| collect(argument, names)),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

const OPERATORS: [(&str, Operator, u8); 14] = [
    ("or", Operator::Or, 1),
    ("and", Operator::And, 2),
    ("!=", Operator::Unequal, 4),
    ("<>", Operator::Unequal, 4),
    ("<=", Operator::LessOrEqual, 4),
    (">=", Operator::GreaterOrEqual, 4),
    ("==", Operator::Equal, 4),
    ("=", Operator::Equal, 4),
    ("<", Operator::Less, 4),
    (">", Operator::Greater, 4),
    ("+", Operator::Plus, 5),
    ("-", Operator::Minus, 5),
    ("*", Operator::Times, 6),
    ("/", Operator::Divide, 6),
];

impl Parser<'_> {
    fn error(&self, what: &'static str) -> ExpressionError {
        ExpressionError {
            at: self.text[..self.at].chars().count() + 1,
            what,
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn taken(&mut self, sign: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn operator(&mut self, least: u8) -> Option<(Operator, u8)> {
        self.blanks();
        let rest = self.rest();
        let found = OPERATORS.iter().find(|(sign, _, strength)| {
            let word = sign.as_bytes()[0].is_ascii_alphabetic();
            let ends =
                || !rest[sign.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
            *strength > least && rest.starts_with(sign) && (!word || ends())
        })?;
        // A sign that is the start of a stronger-read one (`<` of `<=`) is found first by its longer form, above.
        self.at += found.0.len();
        Some((found.1, found.2))
    }

    fn binary(&mut self, least: u8) -> Result<Node, ExpressionError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("nested too deep"));
        }
        let mut left = self.single()?;
        while let Some((operator, strength)) = self.operator(least) {
            let right = self.binary(strength)?;
            left = Node::Binary(operator, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn single(&mut self) -> Result<Node, ExpressionError> {
        self.blanks();
        if self.taken("(") {
            let inner = self.binary(0)?;
            return if self.taken(")") {
                Ok(inner)
            } else {
                Err(self.error("a closing bracket is missing"))
            };
        }
        if self.taken("-") {
            return Ok(Node::Negative(Box::new(self.binary(6)?)));
        }
        let rest = self.rest();
        match rest.chars().next() {
            Some('\'') => {
                let end = rest[1..]
                    .find('\'')
                    .ok_or_else(|| self.error("the text is not closed"))?;
                let text = rest[1..=end].to_owned();
                self.at += end + 2;
                Ok(Node::Literal(Value::Text(text)))
            }
            Some(c) if c.is_ascii_digit() => {
                let length = rest
                    .find(|c: char| !c.is_ascii_digit() && c != '.')
                    .unwrap_or(rest.len());
                let number = rest[..length]
                    .parse()
                    .map_err(|_| self.error("not a number"))?;
                self.at += length;
                Ok(Node::Literal(Value::Number(number)))
            }
            Some(c) if c.is_ascii_alphabetic() => {
                let length = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let word = rest[..length].to_owned();
                self.word(&word)
            }
            _ => Err(self.error("a value was expected")),
        }
    }

    fn word(&mut self, word: &str) -> Result<Node, ExpressionError> {
        let start = self.at;
        self.at += word.len();
        match word {
            "true" => return Ok(Node::Literal(Value::Boolean(true))),
            "false" => return Ok(Node::Literal(Value::Boolean(false))),
            "not" => return Ok(Node::Not(Box::new(self.binary(3)?))),
            _ => {}
        }
        if !self.taken("(") {
            return Ok(Node::Column(word.to_owned()));
        }
        let (function, count) = match word {
            "year" => (Function::Year, 1),
            "days_between" => (Function::DaysBetween, 2),
            "date" => (Function::Date, 1),
            "length" => (Function::Length, 1),
            "lower" => (Function::Lower, 1),
            "coalesce" => (Function::Coalesce, 2),
            "if" => (Function::If, 3),
            "is_missing" => (Function::IsMissing, 1),
            _ => {
                self.at = start;
                return Err(self.error("unknown function"));
            }
        };
        let mut arguments = Vec::new();
        while !self.taken(")") {
            if !arguments.is_empty() && !self.taken(",") {
                return Err(self.error("a comma or a closing bracket was expected"));
            }
            arguments.push(self.binary(0)?);
        }
        if arguments.len() == count {
            Ok(Node::Call(function, arguments))
        } else {
            self.at = start;
            Err(self.error("wrong number of arguments"))
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::date::iso_days;

    fn value(text: &str) -> Value {
        let columns = |name: &str| match name {
            "debt" => Value::Number(600.0),
            "start" => Value::Date(iso_days("2024-02-01").unwrap()),
            "code" => Value::Text("PW".into()),
            _ => Value::Missing,
        };
        Expression::parse(text).unwrap().value(&columns)
    }

    #[test]
    fn expressions_have_the_usual_meaning() {
        for (text, expected) in [
            ("1 + 2 * 3 - 4 / 2", Value::Number(5.0)),
            ("10 - 4 - 3", Value::Number(3.0)),
            ("debt > 500 and not is_missing(code)", Value::Boolean(true)),
            ("not debt <= 500 and code = 'PW'", Value::Boolean(true)),
            ("year(start) = 2024 or false", Value::Boolean(true)),
            (
                "days_between(date('2024-01-01'), start)",
                Value::Number(31.0),
            ),
            ("start >= '2024-02-01'", Value::Boolean(true)),
            (
                "if(debt > 1000, 'hoog', 'laag')",
                Value::Text("laag".into()),
            ),
            ("coalesce(income, -1)", Value::Number(-1.0)),
            ("income > 3", Value::Missing),
            ("income > 3 and false", Value::Boolean(false)),
            ("1 / 0", Value::Missing),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (text, at) in [
            ("1 +", 4),
            ("exec('x')", 1),
            ("(1", 3),
            ("a b", 3),
            ("'x", 1),
            ("year()", 1),
        ] {
            assert_eq!(Expression::parse(text).unwrap_err().at, at, "{text}");
        }
        assert!(Expression::parse(&"(".repeat(1_000)).is_err());
        assert!(Expression::parse(&"not ".repeat(400)).is_err());
    }
}
