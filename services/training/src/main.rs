//! The training service as a process of its own.

fn main() -> std::process::ExitCode {
    helder_platform::server::main(
        "training",
        helder_training::MIGRATIONS,
        helder_training::start,
    )
}
