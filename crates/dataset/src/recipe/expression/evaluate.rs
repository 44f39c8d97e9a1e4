//! The value of an expression for one row. What is missing stays missing; a number that is not finite becomes missing.

use super::{Function, Node, Operator, Value};
use crate::value::date::{civil_from_days, iso_days};

/// The value of a node.
pub(super) fn evaluate(node: &Node, column: &dyn Fn(&str) -> Value) -> Value {
    match node {
        Node::Literal(value) => value.clone(),
        Node::Column(name) => column(name),
        Node::Not(inner) => match evaluate(inner, column) {
            Value::Boolean(yes) => Value::Boolean(!yes),
            _ => Value::Missing,
        },
        Node::Negative(inner) => match evaluate(inner, column) {
            Value::Number(number) => Value::Number(-number),
            _ => Value::Missing,
        },
        Node::Binary(operator, left, right) => binary(*operator, evaluate(left, column), || {
            evaluate(right, column)
        }),
        Node::Call(function, arguments) => call(*function, arguments, column),
    }
}

fn binary(operator: Operator, left: Value, right: impl FnOnce() -> Value) -> Value {
    match (operator, &left) {
        (Operator::And, Value::Boolean(false)) | (Operator::Or, Value::Boolean(true)) => {
            return left;
        }
        _ => {}
    }
    let right = right();
    match (operator, &left, &right) {
        (Operator::And | Operator::Or, Value::Boolean(_), Value::Boolean(_))
        | (Operator::And, _, Value::Boolean(false))
        | (Operator::Or, _, Value::Boolean(true)) => return right,
        (Operator::And | Operator::Or, ..) => return Value::Missing,
        _ => {}
    }
    let order = match (&left, &right) {
        (Value::Number(a), Value::Number(b)) => match operator {
            Operator::Plus => return finite(a + b),
            Operator::Minus => return finite(a - b),
            Operator::Times => return finite(a * b),
            Operator::Divide => return finite(a / b),
            _ => a.partial_cmp(b),
        },
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Text(b)) => iso_days(b).map(|b| a.cmp(&b)),
        (Value::Text(a), Value::Date(b)) => iso_days(a).map(|a| a.cmp(b)),
        _ => None,
    };
    let Some(order) = order else {
        return Value::Missing;
    };
    match operator {
        Operator::Equal => Value::Boolean(order.is_eq()),
        Operator::Unequal => Value::Boolean(order.is_ne()),
        Operator::Less => Value::Boolean(order.is_lt()),
        Operator::LessOrEqual => Value::Boolean(order.is_le()),
        Operator::Greater => Value::Boolean(order.is_gt()),
        Operator::GreaterOrEqual => Value::Boolean(order.is_ge()),
        _ => Value::Missing,
    }
}

fn finite(value: f64) -> Value {
    if value.is_finite() {
        Value::Number(value)
    } else {
        Value::Missing
    }
}

fn call(function: Function, arguments: &[Node], column: &dyn Fn(&str) -> Value) -> Value {
    let argument = |at: usize| {
        arguments
            .get(at)
            .map_or(Value::Missing, |node| evaluate(node, column))
    };
    match (function, argument(0)) {
        (Function::Year, Value::Date(days)) => Value::Number(f64::from(civil_from_days(days).0)),
        (Function::DaysBetween, Value::Date(from)) => match argument(1) {
            Value::Date(to) => Value::Number(f64::from(to - from)),
            _ => Value::Missing,
        },
        (Function::Date, Value::Text(text)) => iso_days(&text).map_or(Value::Missing, Value::Date),
        (Function::Length, Value::Text(text)) => Value::Number(text.chars().count() as f64),
        (Function::Lower, Value::Text(text)) => Value::Text(text.to_lowercase()),
        (Function::Coalesce, Value::Missing) => argument(1),
        (Function::Coalesce, value) => value,
        (Function::If, Value::Boolean(yes)) => argument(if yes { 1 } else { 2 }),
        (Function::IsMissing, value) => Value::Boolean(value == Value::Missing),
        _ => Value::Missing,
    }
}
