//! What stands above the paths: OpenAPI version, contact, version of the API, addresses.

use serde_json::Value;

use super::{
    rule::{Finding, Level, Place, Rule},
    walk::array,
};

static ROOT: Rule = Rule {
    id: "nlgov:openapi-root-exists",
    design: "/core/doc-openapi",
    level: Level::Error,
    text: "the document says its OpenAPI version",
};
static OPENAPI: Rule = Rule {
    id: "nlgov:openapi3",
    design: "/core/doc-openapi",
    level: Level::Error,
    text: "the document is OpenAPI 3, `3.minor.patch`",
};
static CONTACT: Rule = Rule {
    id: "info-contact",
    design: "/core/doc-openapi-contact",
    level: Level::Error,
    text: "`info` has a contact",
};
static CONTACT_FIELDS: Rule = Rule {
    id: "nlgov:info-contact-fields-exist",
    design: "/core/doc-openapi-contact",
    level: Level::Error,
    text: "the contact has email, name and url",
};
static SEMVER: Rule = Rule {
    id: "nlgov:semver",
    design: "/core/semver",
    level: Level::Error,
    text: "the version follows Semantic Versioning 2.0.0",
};
static SERVERS: Rule = Rule {
    id: "oas3-api-servers",
    design: "",
    level: Level::Error,
    text: "there is at least one server",
};
pub(super) static MAJOR_VERSION: Rule = Rule {
    id: "nlgov:include-major-version-in-uri",
    design: "/core/uri-version",
    level: Level::Error,
    text: "the address of a server holds the major version, `/v1`",
};
static HTTPS: Rule = Rule {
    id: "nlgov:servers-use-https",
    design: "/core/transport/tls",
    level: Level::Warn,
    text: "the address of a server is https, or relative to that of the document",
};
static UNIQUE_TAGS: Rule = Rule {
    id: "openapi-tags-uniqueness",
    design: "",
    level: Level::Error,
    text: "no two tags have the same name",
};

/// Checks the head of the document.
pub(super) fn check(document: &Value, found: &mut Vec<Finding>) {
    match document["openapi"].as_str() {
        None | Some("") => found.push(ROOT.broken_at(&Place::default())),
        Some(version) if !is_openapi_3(version) => {
            found.push(OPENAPI.broken_at(&Place::of(&["openapi"])));
        }
        Some(_) => {}
    }
    let contact = &document["info"]["contact"];
    if contact.is_null() {
        found.push(CONTACT.broken_at(&Place::of(&["info"])));
    } else if ["email", "name", "url"]
        .iter()
        .any(|key| contact[*key].is_null())
    {
        found.push(CONTACT_FIELDS.broken_at(&Place::of(&["info", "contact"])));
    }
    if !document["info"]["version"].as_str().is_some_and(is_semver) {
        found.push(SEMVER.broken_at(&Place::of(&["info", "version"])));
    }
    servers(document, found);
    let tags = array(&document["tags"]);
    for (index, tag) in tags.iter().enumerate() {
        if tags.iter().take(index).any(|it| it["name"] == tag["name"]) {
            found.push(UNIQUE_TAGS.broken_at(&Place::of(&["tags"]).at(index)));
        }
    }
}

fn servers(document: &Value, found: &mut Vec<Finding>) {
    let servers = array(&document["servers"]);
    if servers.is_empty() {
        let place: &[&str] = if document["servers"].is_null() {
            &[]
        } else {
            &["servers"]
        };
        found.push(SERVERS.broken_at(&Place::of(place)));
    }
    for (index, server) in servers.iter().enumerate() {
        let place = Place::of(&["servers"]).at(index).with("url");
        let url = server["url"].as_str().unwrap_or_default();
        if !has_major_version(url) {
            found.push(MAJOR_VERSION.broken_at(&place));
        }
        let is_relative = url.starts_with('/') && !url.starts_with("//");
        if !url.starts_with("https://") && !is_relative {
            found.push(HTTPS.broken_at(&place));
        }
    }
}

/// `3.x` or `3.x.y`.
fn is_openapi_3(version: &str) -> bool {
    let parts: Vec<_> = version.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    matches!(parts.len(), 2 | 3) && parts.first() == Some(&"3") && parts.iter().all(is_number)
}

/// A segment `v1`.
fn has_major_version(url: &str) -> bool {
    url.split('/').skip(1).any(|segment| {
        segment.strip_prefix('v').is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())
        })
    })
}

/// `major.minor.patch[-pre.release][+build]` of Semantic Versioning 2.0.0.
fn is_semver(version: &str) -> bool {
    let (version, build) = split(version, '+');
    let (core, pre_release) = split(version, '-');
    let numbers: Vec<_> = core.split('.').collect();
    let is_word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'-')
    };
    let is_digits = |part: &str| part.bytes().all(|it| it.is_ascii_digit());
    let is_plain = |part: &str| !is_digits(part) || part == "0" || !part.starts_with('0');
    numbers.len() == 3
        && numbers
            .iter()
            .all(|part| is_word(part) && is_digits(part) && is_plain(part))
        && pre_release.is_none_or(|it| it.split('.').all(|part| is_word(part) && is_plain(part)))
        && build.is_none_or(|it| it.split('.').all(is_word))
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_semantic_versioning() {
        for good in [
            "0.0.0",
            "1.0.0",
            "1.0.1-correct.1",
            "1.2.3-0.x-y+001.z",
            "10.20.30+a",
        ] {
            assert!(is_semver(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.x",
            "1.0.1_incorrect",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3+",
            "v1.2.3",
        ] {
            assert!(!is_semver(bad), "{bad}");
        }
    }

    #[test]
    fn the_major_version_is_a_whole_segment() {
        assert!(has_major_version("/registry/v1") && has_major_version("https://a.nl/api/v12/x"));
        assert!(!has_major_version("https://a.nl/api") && !has_major_version("/values/version"));
    }
}
