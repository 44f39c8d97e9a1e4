//! A JSON body whose type has rules of its own, beyond its schema: the faults of both come in one answer.

use std::{future::Future, ops::Deref, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use helder_types::{Digest, Fault};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{parse, read, scan::NUMBER_FAULT};
use crate::{
    idempotency::BodyDigest,
    problem::{Problem, Result},
};

/// Rules that a schema cannot say.
pub trait Check {
    /// Fields in which somebody's number may stand, as pointers: those that look for a person and are not kept.
    const NUMBER_MAY_STAND_AT: &'static [&'static str] = &[];

    /// All faults, with pointers into the body; never with a value.
    fn faults(&self) -> Vec<Fault>;
}

/// [`super::JsonBody`] that follows the schema and the rules of `T`. All faults are in one answer.
#[derive(Debug)]
pub struct CheckedBody<T>(T);

impl<T> CheckedBody<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for CheckedBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + ToSchema + Check + 'static> FromRequest for CheckedBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            BodyDigest::of(&request).set(Digest::of(&bytes));
            parse_checked(&bytes).map(Self)
        })
    }
}

/// Reads `bytes` as `T`, checks the schema and the rules of `T`.
///
/// # Errors
/// 400 with every fault; one per place, the schema's before the rules'.
pub fn parse_checked<T: DeserializeOwned + ToSchema + Check + 'static>(bytes: &[u8]) -> Result<T> {
    let (mut faults, value) = match parse::<T>(bytes) {
        Ok(value) => (Vec::new(), value),
        Err(problem) => match serde_json::from_slice::<T>(bytes) {
            Ok(value) if !problem.faults().is_empty() => (problem.faults().to_vec(), value),
            _ => return Err(problem),
        },
    };
    faults.retain(|fault| {
        fault.code != NUMBER_FAULT || !T::NUMBER_MAY_STAND_AT.contains(&fault.pointer.as_str())
    });
    for fault in value.faults() {
        if !faults.iter().any(|known| known.pointer == fault.pointer) {
            faults.push(fault);
        }
    }
    if faults.is_empty() {
        Ok(value)
    } else {
        Err(Problem::invalid(faults))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, ToSchema)]
    struct Span {
        #[schema(minimum = 0)]
        from: i64,
        #[schema(maximum = 9)]
        until: i64,
    }

    impl Check for Span {
        fn faults(&self) -> Vec<Fault> {
            let wrong = self.until < self.from;
            wrong
                .then(|| Fault::new("/until", "order", "the end comes after the start"))
                .into_iter()
                .collect()
        }
    }

    fn codes(body: &[u8]) -> Vec<String> {
        let faults = parse_checked::<Span>(body)
            .err()
            .map(|problem| problem.faults().to_vec());
        faults
            .unwrap_or_default()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn faults_of_schema_and_rules_come_together() {
        assert!(codes(br#"{"from":1,"until":2}"#).is_empty());
        assert_eq!(codes(br#"{"from":3,"until":2}"#), ["/until"]);
        assert_eq!(codes(br#"{"from":-1,"until":-2}"#), ["/from", "/until"]);
        assert_eq!(
            codes(br#"{"from":11,"until":10}"#),
            ["/until"],
            "one fault per place"
        );
        assert_eq!(codes(b"{").len(), 1);
    }
}
