//! The command line of envsplit: what a person, a script or an editor asks, and how the answer is printed.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 consistent, 1 split or broken, 2
//! wrong usage, 3 undetermined, 70 internal error.
#![forbid(unsafe_code)]

mod args;
mod ask;
mod change;
mod commands;
mod error;
mod output;
mod render;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A probed shell runs this very program to answer; nothing else may happen then.
    if envsplit_system::answered() {
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|info| {
        // The message of a panic could quote data: say where, not what.
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        output::note(&format!("error: internal error{place}; please report it"));
        output::leave(error::INTERNAL);
    }));
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(e) => return error::usage(&e),
    };
    start_log(args.common.verbose);
    match commands::run(&args) {
        Ok(code) => ExitCode::from(code),
        Err(e) => e.report(args.common.wants_json()),
    }
}

/// `-v` and `RUST_LOG`: what the program does, never what it reads.
fn start_log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
        .with_env_var("RUST_LOG")
        .try_from_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .try_init();
}
