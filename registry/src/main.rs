//! The registry as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    helder_platform::server::main(
        helder_registry::INFO.name,
        helder_registry::MIGRATIONS,
        helder_registry::start,
    )
}
