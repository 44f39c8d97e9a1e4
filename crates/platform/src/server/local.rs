//! A service asked in its own process: by call, without a socket in between.
//!
//! The gateway of an embedded platform asks this way on its own worker threads. Nothing else differs: the same application with
//! the same extractors judges the same headers, the internal token first of all.

use std::{future::Future, pin::Pin, rc::Rc, sync::Arc};

use actix_http::Request;
use actix_service::{IntoServiceFactory, Service as _, ServiceFactory};
use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{AppConfig, Payload, ServiceResponse},
    http::{Method, Uri, header::HeaderMap},
};

use crate::problem::{Problem, Result};

type Later<T> = Pin<Box<dyn Future<Output = T>>>;
type Call = dyn Fn(Request) -> Later<HttpResponse>;
type Make = dyn Fn() -> Later<Option<LocalApp>> + Send + Sync;

/// A running service as other threads of its process may have it. Cheap to clone.
#[derive(Clone)]
pub struct LocalService {
    make: Arc<Make>,
}

/// The service's application on one thread. Cheap to clone.
#[derive(Clone)]
pub struct LocalApp {
    call: Rc<Call>,
}

impl LocalService {
    /// The service whose application `app` builds, once per thread that asks it.
    pub fn of<A, I, S, B>(app: A) -> Self
    where
        A: Fn() -> I + Send + Sync + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<
                Request,
                Config = AppConfig,
                Response = ServiceResponse<B>,
                Error = Error,
                InitError = (),
            > + 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let make = move || -> Later<Option<LocalApp>> {
            let made = app().into_factory().new_service(AppConfig::default());
            Box::pin(async move {
                let service = made.await.ok()?;
                let call = move |request| -> Later<HttpResponse> {
                    let answer = service.call(request);
                    Box::pin(async move {
                        match answer.await {
                            Ok(response) => response.into_parts().1.map_into_boxed_body(),
                            Err(error) => HttpResponse::from_error(error),
                        }
                    })
                };
                Some(LocalApp {
                    call: Rc::new(call),
                })
            })
        };
        Self {
            make: Arc::new(make),
        }
    }

    /// The application for this thread.
    ///
    /// # Errors
    /// 500 when it cannot be built, which is a fault of ours.
    pub async fn app(&self) -> Result<LocalApp> {
        (self.make)()
            .await
            .ok_or_else(|| Problem::internal("the application of a service cannot be built"))
    }
}

impl LocalApp {
    /// Asks as HTTP would. Refusals are answers too.
    ///
    /// * `headers` – those that the service is to see, `Content-Length` included
    pub async fn call(
        &self,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        payload: Payload,
    ) -> HttpResponse {
        let mut request = Request::with_payload(payload);
        let head = request.head_mut();
        head.method = method;
        head.uri = uri;
        head.headers = headers;
        (self.call)(request).await
    }
}

impl std::fmt::Debug for LocalService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LocalService(…)")
    }
}
