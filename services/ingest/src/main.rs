//! The ingest service as a process of its own.

fn main() -> std::process::ExitCode {
    helder_platform::server::main("ingest", helder_ingest::MIGRATIONS, helder_ingest::start)
}
