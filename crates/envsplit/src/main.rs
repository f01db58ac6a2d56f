//! The command line of envsplit: what a person, a script or an editor asks, and how the answer is printed.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 consistent, 1 split or broken, 2
//! wrong usage, 3 undetermined, 70 internal error.
#![forbid(unsafe_code)]

mod agent;
mod args;
mod ask;
mod change;
mod commands;
mod error;
mod output;
mod render;

use clap::Parser as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    // A probed shell runs this very program to answer; nothing else may happen then.
    if envsplit_system::answered() {
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|info| {
        // The message of a panic could quote data: say where, not what.
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        tracing::error!("internal error{place}");
        output::note(&format!("error: internal error{place}; please report it"));
        output::leave(error::INTERNAL);
    }));
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(e) => return error::usage(&e),
    };
    match &args.command {
        Some(args::Command::Daemon { what: args::Daemon::Run { .. } }) => log_to_file(args.common.verbose),
        _ => log_to_stderr(args.common.verbose),
    }
    match commands::run(&args) {
        Ok(code) => ExitCode::from(code),
        Err(e) => e.report(args.common.wants_json()),
    }
}

/// `-v` and `RUST_LOG`: what the program does, never what it reads.
fn log_filter(verbose: u8, usual: usize) -> EnvFilter {
    let levels = ["warn", "info", "debug", "trace"];
    let level = levels[(usize::from(verbose) + usual).min(levels.len() - 1)];
    // What libraries say of themselves is of no use to a user.
    let own =
        format!("warn,envsplit={level},envsplit_daemon={level},envsplit_system={level},envsplit_ipc={level}");
    EnvFilter::builder().with_env_var("RUST_LOG").try_from_env().unwrap_or_else(|_| EnvFilter::new(own))
}

fn log_to_stderr(verbose: u8) {
    let _ = tracing_subscriber::fmt()
        .with_env_filter(log_filter(verbose, 0))
        .with_writer(std::io::stderr)
        .without_time()
        .try_init();
}

/// The agent's log; where there can be none, what it says goes to standard error.
fn log_to_file(verbose: u8) {
    let log = envsplit_system::data_dir().and_then(|dir| envsplit_daemon::Log::open(&dir).ok());
    let Some(log) = log else { return log_to_stderr(verbose) };
    let _ = tracing_subscriber::fmt()
        .with_env_filter(log_filter(verbose, 1))
        .with_writer(std::sync::Arc::new(log))
        .with_ansi(false)
        .with_target(false)
        .try_init();
}
