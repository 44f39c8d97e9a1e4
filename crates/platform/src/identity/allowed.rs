//! The extractor that puts a permission into a handler's signature.

use std::{
    fmt,
    future::{Ready, ready},
    marker::PhantomData,
    ops::Deref,
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use helder_types::{Caller, permission::Needs};

use super::TokenVerifier;
use crate::problem::{Problem, Result};

/// A caller that proved who it is and holds permission `P`. Reads as its [`Caller`].
///
/// ```ignore
/// async fn list(caller: Allowed<needs::IngestRead>, ..) -> Result<..> { datasets::of(&caller.organisation) }
/// ```
pub struct Allowed<P: Needs>(pub Arc<Caller>, PhantomData<fn() -> P>);

impl<P: Needs> Allowed<P> {
    /// The caller on its own, for closures and jobs.
    pub fn caller(&self) -> Arc<Caller> {
        Arc::clone(&self.0)
    }
}

impl<P: Needs> Deref for Allowed<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<P: Needs> Clone for Allowed<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<P: Needs> fmt::Debug for Allowed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Allowed({}, {})", P::PERMISSION, self.0.organisation)
    }
}

impl<P: Needs> FromRequest for Allowed<P> {
    type Error = Problem;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(prove(request).and_then(|caller| {
            if caller.may(P::PERMISSION) {
                Ok(Self(caller, PhantomData))
            } else {
                Err(Problem::forbidden(
                    "not-permitted",
                    "your role does not allow this",
                ))
            }
        }))
    }
}

fn prove(request: &HttpRequest) -> Result<Arc<Caller>> {
    let refused = || Problem::unauthenticated("a valid token is needed; ask through the gateway");
    let verifier = request
        .app_data::<Data<TokenVerifier>>()
        .ok_or_else(|| Problem::internal("no token verifier configured"))?;
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(refused());
    };
    let token = std::str::from_utf8(value.as_bytes())
        .ok()
        .and_then(|text| text.strip_prefix("Bearer "))
        .ok_or_else(refused)?;
    verifier.verify(token).map_err(|refusal| {
        tracing::info!(%refusal, "token refused");
        refused()
    })
}
