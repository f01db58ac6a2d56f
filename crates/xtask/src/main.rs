//! Chores of the project: `codegen [--check]` writes the generated files (or says which are out of date), `tidy`
//! checks what no other tool does.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods)] // a chore works on the project's own files

mod codegen;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let faults = match args.as_slice() {
        ["codegen"] => codegen::run(&root(), false),
        ["codegen", "--check"] => codegen::run(&root(), true),
        ["tidy"] => tidy::run(&root()),
        _ => vec!["usage: cargo xtask codegen [--check] | tidy".to_owned()],
    };
    for fault in &faults {
        eprintln!("{fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_owned()
}
