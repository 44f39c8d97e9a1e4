//! The OpenAPI document of a service, from its handlers.

mod flatten;
mod headers;
mod moments;
mod names;

use actix_web::App;
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    ServerBuilder,
    path::Operation,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

use helder_types::{Fault, ProblemDetails};

/// Version of every API of this platform, also in the `API-Version` header.
pub const API_VERSION: &str = "1.0.0";

/// What a service's document says about the service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceInfo {
    /// Name in paths, `registry`.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What it is for, one paragraph.
    pub description: &'static str,
}

impl ServiceInfo {
    /// Public path of the service, `/registry/v1`.
    pub fn base_path(&self) -> String {
        format!("/{}/v1", self.name)
    }
}

/// The whole document: base, and all operations that `configure` mounts. Paths stand without the service's base path,
/// which is in `servers`.
pub fn document(info: &ServiceInfo, configure: impl FnOnce(&mut ServiceConfig<'_>)) -> OpenApi {
    let (_, mut document) = App::new()
        .into_utoipa_app()
        .openapi(base(info))
        .configure(configure)
        .split_for_parts();
    let mut is_renamed = false;
    if let Some(components) = &mut document.components {
        flatten::flatten(components);
        is_renamed = names::rename_schemas(components);
        moments::mark(components);
    }
    for item in document.paths.paths.values_mut() {
        let operations: [&mut Option<Operation>; 8] = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
            &mut item.trace,
        ];
        for operation in operations.into_iter().flatten() {
            // `security(())` on a handler means: for everybody.
            if operation.security.as_deref() == Some(&[SecurityRequirement::default()]) {
                operation.security = Some(Vec::new());
            }
            if is_renamed {
                names::rename_in(operation);
            }
            headers::document(operation);
        }
    }
    document
}

fn base(info: &ServiceInfo) -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("Token of the issuer that the gateway trusts"))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .schema(ProblemDetails::name(), ProblemDetails::schema())
        .schema(Fault::name(), Fault::schema())
        .build();
    let contact = ContactBuilder::new()
        .name(Some("Helder maintainers"))
        // Under a reserved domain until the project has an address of its own.
        .email(Some("maintainers@helder.example"))
        .url(Some("https://helder.example"))
        .build();
    let license = LicenseBuilder::new()
        .name("EUPL-1.2")
        .identifier(Some("EUPL-1.2"))
        .build();
    let about = InfoBuilder::new()
        .title(info.title)
        .version(API_VERSION)
        .description(Some(info.description))
        .contact(Some(contact))
        .license(Some(license))
        .build();
    OpenApiBuilder::new()
        .info(about)
        .servers(Some([ServerBuilder::new().url(info.base_path()).build()]))
        .components(Some(components))
        .build()
}

/// Methods and path templates of a document.
pub fn routes(document: &OpenApi) -> Vec<(http::Method, &str)> {
    let mut found = Vec::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            (http::Method::GET, &item.get),
            (http::Method::PUT, &item.put),
            (http::Method::POST, &item.post),
            (http::Method::DELETE, &item.delete),
            (http::Method::PATCH, &item.patch),
        ] {
            if operation.is_some() {
                found.push((method, path.as_str()));
            }
        }
    }
    found
}
