//! The gateway as a process of its own. The configuration file is the first argument or `HELDER_CONFIG`.

fn main() -> std::process::ExitCode {
    helder_gateway::main()
}
