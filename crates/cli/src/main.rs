#![doc = include_str!("../README.md")]

mod arguments;
mod backup;
mod command;
mod database;
mod demo;
mod doctor;
mod figures;
mod folder;
mod issuer;
mod plan;
mod platform;
mod pprl;
mod screen;
mod session;
mod settings;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    match command::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("helder: {error:#}");
            ExitCode::FAILURE
        }
    }
}
