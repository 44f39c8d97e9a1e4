//! How problems are documented: one entry per status, all of the same shape.

use std::collections::BTreeMap;

use helder_types::ProblemDetails;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

/// The refusals every operation may answer. Put it in `responses(.., Problems)`.
///
/// The schema of [`ProblemDetails`] is part of the base document of [`crate::openapi`].
#[derive(Clone, Copy, Debug)]
pub struct Problems;

const DOCUMENTED: [(&str, &str); 13] = [
    (
        "400",
        "The request or its input has faults; all of them are in `errors`.",
    ),
    ("401", "No valid token."),
    (
        "403",
        "The token does not allow this, or the project refuses it.",
    ),
    ("404", "Absent, or not yours."),
    ("405", "The path does not know this method; see `Allow`."),
    (
        "406",
        "`Accept` leaves none of the media types that this answers with.",
    ),
    (
        "409",
        "The thing is in another state than the request assumes.",
    ),
    ("412", "It changed since it was read."),
    (
        "413",
        "The body is larger than allowed; the limit is in `detail`.",
    ),
    ("415", "Media type or content encoding not read here."),
    ("429", "Too many requests; wait `Retry-After` seconds."),
    ("500", "A fault on our side."),
    ("503", "Temporarily unable; wait `Retry-After` seconds."),
];

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        DOCUMENTED
            .iter()
            .map(|(status, description)| {
                let schema = Ref::from_schema_name(ProblemDetails::name());
                let content = ContentBuilder::new().schema(Some(schema)).build();
                let response = ResponseBuilder::new()
                    .description(*description)
                    .content(super::MEDIA_TYPE, content)
                    .build();
                ((*status).to_owned(), RefOr::T(response))
            })
            .collect()
    }
}
