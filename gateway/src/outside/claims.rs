//! The claims that count. Types are strict: an `exp` or `nbf` written as text makes the token unreadable.

use helder_types::{Caller, Gemeentecode, OrganisationId, Permission, Role};
use serde_json::Value;

use crate::config::IssuerConfig;

/// Longest subject, client or token name.
const MAX_NAME: usize = 256;

/// What a token says, read by the rules of its issuer.
#[derive(Debug)]
pub(super) struct Claims {
    /// End, seconds since 1970.
    pub(super) expires_at_s: u64,
    /// Unique name of the token at its issuer.
    pub(super) token: String,
    /// Who asks. A role this platform does not know gives no permission.
    pub(super) caller: Caller,
}

impl Claims {
    /// The claims when they count now, after the OAuth NL GOV profile (`iss`, `azp`, `exp`, `jti`; `aud` when it is there or
    /// asked), with the organisation and roles beside it.
    pub(super) fn read(
        claims: &Value,
        issuer: &IssuerConfig,
        now_s: u64,
        leeway_s: u64,
    ) -> Option<Self> {
        let paths = &issuer.claims;
        let expires_at_s = claims.get("exp")?.as_u64()?;
        let is_begun = match claims.get("nbf") {
            None | Some(Value::Null) => true,
            Some(nbf) => nbf.as_u64()? <= now_s + leeway_s,
        };
        let holds = claims.get("iss")?.as_str()? == issuer.issuer
            && is_for(claims.get("aud"), issuer)
            && now_s < expires_at_s.saturating_add(leeway_s)
            && is_begun;
        if !holds {
            return None;
        }
        let organisation = organisation(claims, issuer)?;
        let caller = Caller {
            gemeentecode: gemeentecode(claims, issuer, &organisation).ok()?,
            organisation,
            subject: name(at(claims, &paths.subject)?)?,
            client: name(at(claims, &paths.client)?)?,
            permissions: permissions(at(claims, &paths.roles), issuer)?,
        };
        Some(Self {
            expires_at_s,
            token: name(at(claims, &paths.token)?)?,
            caller,
        })
    }
}

/// A claim by its name, or by a pointer into the claims.
fn at<'c>(claims: &'c Value, path: &str) -> Option<&'c Value> {
    if path.starts_with('/') {
        claims.pointer(path)
    } else {
        claims.get(path)
    }
}

/// `aud` may be one name or several.
fn is_for(audience: Option<&Value>, issuer: &IssuerConfig) -> bool {
    match audience {
        None => !issuer.audience_required,
        Some(Value::String(name)) => *name == issuer.audience,
        Some(Value::Array(names)) => {
            names.iter().all(Value::is_string) && names.iter().any(|name| *name == *issuer.audience)
        }
        Some(_) => false,
    }
}

fn name(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let fits = !text.is_empty() && text.len() <= MAX_NAME && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

fn organisation(claims: &Value, issuer: &IssuerConfig) -> Option<OrganisationId> {
    if let Some(only) = &issuer.organisation {
        return Some(only.clone());
    }
    let said = at(claims, &issuer.claims.organisation)?.as_str()?;
    if issuer.organisations.is_empty() {
        said.parse().ok()
    } else {
        issuer.organisations.get(said).cloned()
    }
}

/// The code in the token is none, or another than the organisation itself is.
struct WrongCode;

/// The code that the token names, else the one that the organisation itself is.
fn gemeentecode(
    claims: &Value,
    issuer: &IssuerConfig,
    organisation: &OrganisationId,
) -> Result<Option<Gemeentecode>, WrongCode> {
    let own: Option<Gemeentecode> = organisation.as_str().parse().ok();
    let said = match at(claims, &issuer.claims.gemeentecode) {
        None | Some(Value::Null) => return Ok(own),
        Some(code) => code.as_str().ok_or(WrongCode)?,
    };
    let said: Gemeentecode = said.parse().map_err(|_| WrongCode)?;
    if own.is_some_and(|own| own != said) {
        return Err(WrongCode);
    }
    Ok(Some(said))
}

fn permissions(roles: Option<&Value>, issuer: &IssuerConfig) -> Option<Vec<Permission>> {
    let mut permissions = Vec::new();
    for said in roles.map_or(Some(&Vec::new()), Value::as_array)? {
        let said = said.as_str()?;
        let roles = if issuer.roles.is_empty() {
            said.parse::<Role>().ok().into_iter().collect()
        } else {
            issuer.roles.get(said).cloned().unwrap_or_default()
        };
        permissions.extend(roles.into_iter().flat_map(Role::permissions));
    }
    permissions.sort_unstable();
    permissions.dedup();
    Some(permissions)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_000;

    fn issuer() -> IssuerConfig {
        IssuerConfig::discovered("https://login.example.nl", "helder")
    }

    fn claims() -> Value {
        json!({
            "iss": "https://login.example.nl", "aud": "helder", "exp": NOW + 60, "sub": "anna", "azp": "app", "jti": "1",
            "organisation": "GM9999", "roles": ["consumer"],
        })
    }

    fn read(issuer: &IssuerConfig, change: impl FnOnce(&mut Value)) -> Option<Claims> {
        let mut claims = claims();
        change(&mut claims);
        Claims::read(&claims, issuer, NOW, 5)
    }

    #[test]
    fn nested_claims_and_other_names_are_found() {
        let mut issuer = issuer();
        issuer.claims.organisation = "https://helder.example/organisatie".to_owned();
        issuer.claims.roles = "/realm_access/roles".to_owned();
        issuer.claims.token = "uti".to_owned();
        issuer.claims.subject = "azp".to_owned();
        issuer.roles = [(
            "helder-beheer".to_owned(),
            vec![Role::Operator, Role::Auditor],
        )]
        .into();
        let read = read(&issuer, |claims| {
            claims["https://helder.example/organisatie"] = json!("GM9998");
            claims["realm_access"] =
                json!({"roles": ["helder-beheer", "offline_access", "analyst"]});
            claims["uti"] = json!("abc");
        })
        .unwrap();
        assert_eq!(read.caller.organisation.as_str(), "GM9998");
        assert_eq!(read.caller.gemeentecode.unwrap().as_str(), "GM9998");
        assert_eq!(
            (read.caller.subject.as_str(), read.token.as_str()),
            ("app", "abc")
        );
        // `analyst` is a role here, but not a value of this map.
        let mut expected: Vec<_> = [Role::Operator, Role::Auditor]
            .into_iter()
            .flat_map(Role::permissions)
            .copied()
            .collect();
        expected.sort_unstable();
        assert_eq!(read.caller.permissions, expected);
    }

    #[test]
    fn an_issuer_speaks_for_its_own_organisations_only() {
        let mut mapped = issuer();
        mapped.claims.organisation = "oin".to_owned();
        mapped.organisations =
            [("00000099000000009000".to_owned(), "GM9999".parse().unwrap())].into();
        let said = |oin: &str| read(&mapped, |claims| claims["oin"] = json!(oin));
        assert_eq!(
            said("00000099000000009000")
                .unwrap()
                .caller
                .organisation
                .as_str(),
            "GM9999"
        );
        assert!(said("00000099000000009001").is_none());
        assert!(said("GM9999").is_none());
        let mut only = issuer();
        only.organisation = "GM9997".parse().ok();
        let read = read(&only, |claims| claims["organisation"] = json!("GM0001")).unwrap();
        assert_eq!(read.caller.organisation.as_str(), "GM9997");
    }

    #[test]
    fn a_code_that_contradicts_the_organisation_is_refused() {
        assert!(read(&issuer(), |it| it["gemeentecode"] = json!("GM0001")).is_none());
        assert!(read(&issuer(), |it| it["gemeentecode"] = json!("GM9999")).is_some());
        let short = read(&issuer(), |it| it["organisation"] = json!("vng")).unwrap();
        assert_eq!(short.caller.gemeentecode, None);
    }

    #[test]
    fn an_audience_may_be_left_out_only_when_the_settings_say_so() {
        let mut lenient = issuer();
        lenient.audience_required = false;
        let without = |issuer: &IssuerConfig| {
            read(issuer, |it| drop(it.as_object_mut().unwrap().remove("aud")))
        };
        assert!(without(&issuer()).is_none());
        assert!(without(&lenient).is_some());
        for other in [
            json!("other"),
            json!([]),
            json!(null),
            json!(["other"]),
            json!([1, "helder"]),
        ] {
            assert!(
                read(&lenient, |it| it["aud"] = other.clone()).is_none(),
                "{other}"
            );
        }
    }

    #[test]
    fn roles_are_a_list_of_texts_or_nothing() {
        for bad in [
            json!("consumer"),
            json!([1]),
            json!({}),
            json!(null),
            json!([["consumer"]]),
        ] {
            assert!(
                read(&issuer(), |it| it["roles"] = bad.clone()).is_none(),
                "{bad}"
            );
        }
        let unknown = read(&issuer(), |it| it["roles"] = json!(["king", "Consumer"])).unwrap();
        assert!(unknown.caller.permissions.is_empty());
    }
}
