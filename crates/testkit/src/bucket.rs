//! Where the objects of a test's platform lie.

use std::process::Command;

use crate::{Result, TestkitError};

/// A part of a bucket that one test has for itself.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    /// `s3://bucket/prefix`
    pub(crate) url: String,
    /// Address of the store when it is another than the environment's, such as a proxy before it.
    pub(crate) endpoint: Option<String>,
}

impl Bucket {
    /// A part of the bucket that `HELDER_TEST_S3_URL` names, when `HELDER_TEST_OBJECTS` is `s3`; else nothing, and the
    /// platform keeps its objects in files.
    pub(crate) fn wanted() -> Result<Option<Self>> {
        if std::env::var("HELDER_TEST_OBJECTS").as_deref() != Ok("s3") {
            return Ok(None);
        }
        Self::fresh(None).map(Some)
    }

    /// A part of the bucket that `HELDER_TEST_S3_URL` names.
    pub(crate) fn fresh(endpoint: Option<String>) -> Result<Self> {
        let bucket = std::env::var("HELDER_TEST_S3_URL").map_err(|_| {
            TestkitError::NoSettings("HELDER_TEST_S3_URL must name a bucket".to_owned())
        })?;
        let url = format!(
            "{}/{}",
            bucket.trim_end_matches('/'),
            uuid::Uuid::new_v4().simple()
        );
        Ok(Self { url, endpoint })
    }

    /// Tells an embedded platform about it.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("HELDER_OBJECTS__URL", format!("{}/objects", self.url));
        self.lead(command);
    }

    /// Tells any program the way to it.
    pub(crate) fn lead(&self, command: &mut Command) {
        if let Some(endpoint) = &self.endpoint {
            command.env("AWS_ENDPOINT", endpoint);
        }
    }
}
