//! The prediction service as a process of its own.

fn main() -> std::process::ExitCode {
    helder_platform::server::main(
        "prediction",
        helder_prediction::MIGRATIONS,
        helder_prediction::start,
    )
}
