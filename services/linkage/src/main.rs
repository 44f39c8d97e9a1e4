//! The linkage service as a process of its own.

fn main() -> std::process::ExitCode {
    helder_platform::server::main("linkage", helder_linkage::MIGRATIONS, helder_linkage::start)
}
