use super::*;

const FULL: &str = r#"
listen = "127.0.0.1:8081"
[store]
url = "sqlite:x.db"
[objects]
url = "file:objects"
[keyring]
shelf = "file:keys"
[identity]
trusted = { gateway = "AAAA" }
"#;

fn read(text: &str, variables: &[(&str, &str)]) -> Result<ServiceSettings, ConfigError> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    from_parts(text.parse().unwrap(), variables)
}

#[test]
fn environment_goes_before_the_file() {
    let settings = read(
        FULL,
        &[
            ("HELDER_STORE__URL", "postgres://u:p@h/d"),
            ("HELDER_WORKERS", "3"),
            ("OTHER", "x"),
        ],
    )
    .unwrap();
    assert_eq!(settings.store.url, "postgres://u:p@h/d");
    assert_eq!(settings.workers, 3);
    assert_eq!(settings.limits, Limits::default());
}

#[test]
fn a_wrong_key_or_value_is_named_and_its_value_is_not_shown() {
    let named = |variables: &[(&str, &str)]| read(FULL, variables).unwrap_err().to_string();
    assert!(named(&[("HELDER_STROE__URL", "geheim")]).starts_with("configuration key stroe:"));
    assert!(
        named(&[("HELDER_LIMITS__JSON_BYTE", "1")])
            .starts_with("configuration key limits.json_byte:")
    );
    let wrong = named(&[("HELDER_LIMITS__JSON_BYTES", "geheim")]);
    assert!(
        wrong.starts_with("configuration key limits.json_bytes:") && !wrong.contains("geheim"),
        "{wrong}"
    );
    let missing = read("listen = \"127.0.0.1:1\"", &[])
        .unwrap_err()
        .to_string();
    assert!(missing.starts_with("configuration key store:"), "{missing}");
}

#[test]
fn settings_with_secrets_do_not_print_them() {
    let settings = read(FULL, &[("HELDER_STORE__URL", "postgres://u:geheim@h/d")]).unwrap();
    assert!(!format!("{settings:?}").contains("geheim"));
}
