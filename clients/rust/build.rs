//! Generates a module per service from the documents that `cargo xtask openapi --portable` wrote.

use std::{env, error::Error, fs, path::PathBuf};

use progenitor::{GenerationSettings, Generator};
use quote::quote;

const SERVICES: [&str; 5] = ["ingest", "linkage", "training", "registry", "prediction"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=HELDER_DOCUMENTS");
    let documents = env::var_os("HELDER_DOCUMENTS")
        .map_or_else(|| PathBuf::from("../../target/portable"), PathBuf::from);
    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    for service in SERVICES {
        let path = documents.join(format!("{service}.json"));
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| {
            format!(
                "{}: {error}; `cargo xtask openapi --portable FOLDER` writes it, HELDER_DOCUMENTS names the folder",
                path.display()
            )
        })?;
        let document = serde_json::from_str(&text)?;
        let mut settings = GenerationSettings::new();
        settings
            .with_inner_type(quote!(crate::Caller))
            .with_pre_hook_async(quote!(crate::prepare))
            // A number, a text, true, false or null: the generator knows no choice that holds null.
            .with_replacement("InputValue", "::serde_json::Value", [].into_iter());
        let code = Generator::new(&settings).generate_tokens(&document)?;
        fs::write(target.join(format!("{service}.rs")), code.to_string())?;
    }
    Ok(())
}
