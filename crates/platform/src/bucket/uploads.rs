//! Uploads in parts that nobody ended: listing them, looking whether they live, and removing them.
//!
//! `object_store` begins and ends uploads, and cannot list them. The requests here are signed by it and sent by its client.
//!
//! # Source
//! Amazon S3 API reference: `ListMultipartUploads`, `ListParts`, `AbortMultipartUpload`.

use std::fmt;

use jiff::Timestamp;
use object_store::{
    ClientOptions,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsAuthorizer, AwsCredentialProvider},
    client::{HttpClient, HttpConnector as _, HttpError, HttpRequestBody, ReqwestConnector},
};
use reqwest::Url;

/// Uploads on one page of a listing, and pages looked at.
const PAGE: &str = "1000";
const PAGES: usize = 20;
/// Longest answer that is read, bytes; a page has about 500 bytes per upload.
const ANSWER: usize = 4 << 20;

/// The way to a bucket's unfinished uploads.
pub(crate) struct Uploads {
    client: HttpClient,
    endpoint: Url,
    region: String,
    credentials: AwsCredentialProvider,
}

/// Keys are secret.
impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uploads(…)")
    }
}

/// An upload that was begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// Key of the object it would become.
    pub(crate) key: String,
    /// Its name in the store.
    pub(crate) id: String,
    /// When it was begun, as the store says.
    pub(crate) begun: Timestamp,
}

/// The store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadsError {
    /// No way to it.
    #[error("the object store cannot be asked for unfinished uploads")]
    Away(#[source] HttpError),
    /// It refuses.
    #[error("the object store refuses to {0} unfinished uploads: status {1}")]
    Refused(&'static str, u16),
    /// It says what is not understood.
    #[error("the object store says something else than a list of uploads")]
    Strange,
    /// No credentials.
    #[error("no credentials for the object store")]
    Credentials(#[source] object_store::Error),
    /// No client.
    #[error("no client for the object store")]
    Client(#[source] object_store::Error),
}

type Result<T> = std::result::Result<T, UploadsError>;

impl Uploads {
    /// Those of the bucket that the builder is for.
    pub(super) fn of(
        builder: &AmazonS3Builder,
        store: &AmazonS3,
        bucket: &str,
        options: &ClientOptions,
    ) -> Result<Self> {
        let said = |key| builder.get_config_value(&key);
        let region = said(AmazonS3ConfigKey::Region).unwrap_or_else(|| "us-east-1".to_owned());
        let is_virtual =
            said(AmazonS3ConfigKey::VirtualHostedStyleRequest).is_some_and(|value| value == "true");
        let endpoint = said(AmazonS3ConfigKey::Endpoint).or(said(AmazonS3ConfigKey::S3Endpoint));
        // As `object_store` puts them together.
        let address = match endpoint {
            Some(endpoint) if is_virtual => endpoint.trim_end_matches('/').to_owned(),
            Some(endpoint) => format!("{}/{bucket}", endpoint.trim_end_matches('/')),
            None if is_virtual => format!("https://{bucket}.s3.{region}.amazonaws.com"),
            None => format!("https://s3.{region}.amazonaws.com/{bucket}"),
        };
        Ok(Self {
            client: ReqwestConnector::default()
                .connect(options)
                .map_err(UploadsError::Client)?,
            endpoint: address.parse().map_err(|_| UploadsError::Strange)?,
            region,
            credentials: store.credentials().clone(),
        })
    }

    /// Those whose key begins with `prefix`, oldest keys first; a bounded number of them.
    pub(crate) async fn list(&self, prefix: &str) -> Result<Vec<Upload>> {
        let (mut found, mut marker): (Vec<Upload>, Option<(String, String)>) = (Vec::new(), None);
        for _ in 0..PAGES {
            let mut query = vec![("uploads", ""), ("prefix", prefix), ("max-uploads", PAGE)];
            if let Some((key, id)) = &marker {
                query.push(("key-marker", key));
                query.push(("upload-id-marker", id));
            }
            let text = self.ask("list", "GET", "", &query).await?;
            if !text.contains("ListMultipartUploadsResult") {
                return Err(UploadsError::Strange);
            }
            for upload in text.split("<Upload>").skip(1) {
                found.extend(read(upload));
            }
            let next = |name| Some(within(&text, name)?.to_owned());
            marker = next("NextKeyMarker").zip(next("NextUploadIdMarker"));
            if within(&text, "IsTruncated") != Some("true") || marker.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// When the last of its parts came in; nothing when it has none.
    pub(crate) async fn last_part(&self, upload: &Upload) -> Result<Option<Timestamp>> {
        let (mut last, mut marker) = (None, String::new());
        for _ in 0..PAGES {
            let mut query = vec![("uploadId", upload.id.as_str()), ("max-parts", PAGE)];
            if !marker.is_empty() {
                query.push(("part-number-marker", &marker));
            }
            let text = self.ask("look at", "GET", &upload.key, &query).await?;
            // `ListPartsResult`; some servers write `ListPartsResponse`.
            if !text.contains("<ListParts") {
                return Err(UploadsError::Strange);
            }
            for part in text.split("<Part>").skip(1) {
                let at = within(part, "LastModified").and_then(|at| at.parse().ok());
                // A part without a time could be of this moment.
                last = last.max(Some(at.unwrap_or(Timestamp::MAX)));
            }
            let next = within(&text, "NextPartNumberMarker").map(str::to_owned);
            match next {
                Some(next) if within(&text, "IsTruncated") == Some("true") => marker = next,
                _ => break,
            }
        }
        Ok(last)
    }

    /// Removes the parts of an upload; one that is gone is fine.
    pub(crate) async fn remove(&self, upload: &Upload) -> Result<()> {
        let query = [("uploadId", upload.id.as_str())];
        match self.ask("remove", "DELETE", &upload.key, &query).await {
            Ok(_) | Err(UploadsError::Refused(_, 404)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn ask(
        &self,
        what: &'static str,
        method: &str,
        key: &str,
        query: &[(&str, &str)],
    ) -> Result<String> {
        let mut url = self.endpoint.clone();
        if !key.is_empty() {
            let mut path = url
                .path_segments_mut()
                .map_err(|()| UploadsError::Strange)?;
            path.extend(key.split('/'));
        }
        url.query_pairs_mut().extend_pairs(query);
        let credential = self
            .credentials
            .get_credential()
            .await
            .map_err(UploadsError::Credentials)?;
        let mut request = http::Request::builder()
            .method(method)
            .uri(url.as_str())
            .body(HttpRequestBody::empty())
            .map_err(|_| UploadsError::Strange)?;
        AwsAuthorizer::new(&credential, "s3", &self.region).authorize(&mut request, None);
        let answer = self
            .client
            .execute(request)
            .await
            .map_err(UploadsError::Away)?;
        let status = answer.status().as_u16();
        if !answer.status().is_success() {
            return Err(UploadsError::Refused(what, status));
        }
        let bytes = answer.into_body().bytes().await;
        let bytes = bytes.map_err(UploadsError::Away)?;
        if bytes.len() > ANSWER {
            return Err(UploadsError::Strange);
        }
        String::from_utf8(bytes.into()).map_err(|_| UploadsError::Strange)
    }
}

/// One upload of a listing; nothing when its key holds what XML has to escape, as no key of ours does.
fn read(text: &str) -> Option<Upload> {
    let (key, id) = (within(text, "Key")?, within(text, "UploadId")?);
    let is_plain = |text: &str| !text.contains(['&', '<']);
    (is_plain(key) && is_plain(id)).then_some(Upload {
        key: key.to_owned(),
        id: id.to_owned(),
        begun: within(text, "Initiated")?.parse().ok()?,
    })
}

/// The text of the first element of this name.
fn within<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_and_what_is_not_plain_is_left_alone() {
        let text = "<Upload><Key>a/GM0758/00</Key><UploadId>x-1</UploadId>\
                    <Initiated>2026-11-22T10:00:00.000Z</Initiated></Upload>";
        let found = read(text).unwrap();
        assert_eq!(
            (found.key.as_str(), found.id.as_str()),
            ("a/GM0758/00", "x-1")
        );
        assert_eq!(found.begun.to_string(), "2026-11-22T10:00:00Z");
        for strange in [
            "",
            "<Key>a</Key><UploadId>b</UploadId>",
            "<Key>a&amp;b</Key><UploadId>b</UploadId><Initiated>2026-11-22T10:00:00Z</Initiated>",
            "<Key>a</Key><UploadId>b</UploadId><Initiated>yesterday</Initiated>",
        ] {
            assert_eq!(read(strange), None, "{strange}");
        }
    }
}
