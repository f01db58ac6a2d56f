//! One module a command.
mod check;
mod config;
mod config_diff;
mod daemon;
mod env;
mod explain;
mod fix;
mod history;
mod places;
mod rpc;
mod shell_files;
mod watch;

pub(crate) use history::since;

use crate::args::{Args, Command};
use crate::error::Error;
use crate::output;
use envsplit_model::Report;

/// Runs the asked command and gives the exit code.
pub(crate) fn run(args: &Args) -> Result<u8, Error> {
    output::colour(args.common.color);
    match &args.command {
        None => check::run(&args.common, None),
        Some(Command::Check { wait_for }) => check::run(&args.common, *wait_for),
        Some(Command::Env { name }) => env::run(&args.common, name),
        Some(Command::Config { diff, .. }) if !diff.is_empty() => config_diff::run(&args.common, diff),
        Some(Command::Config { all, .. }) => config::run(&args.common, *all),
        Some(Command::Places) => places::run(&args.common),
        Some(Command::Explain { text }) => explain::run(&args.common, text),
        Some(Command::History { limit, since }) => history::run(&args.common, *limit, *since),
        Some(Command::Fix { undo: Some(backup), .. }) => fix::undo(&args.common, backup),
        Some(Command::Fix { code, apply, .. }) => fix::run(&args.common, code.as_deref(), *apply),
        Some(Command::Watch) => watch::run(&args.common),
        Some(Command::Daemon { what }) => daemon::run(&args.common, what),
        Some(Command::Rpc) => rpc::run(),
        Some(Command::Completions { shell }) => {
            shell_files::completions(*shell);
            Ok(0)
        }
        Some(Command::Man) => shell_files::man(),
    }
}

/// JSON on standard output.
fn json(value: &impl serde::Serialize) -> Result<(), Error> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|e| Error::internal(format!("cannot be written as JSON: {e}")))?;
    text.push('\n');
    output::data(&text);
    Ok(())
}

/// Keeps the places that `--at` names, and their hops.
fn at(report: &mut Report, wanted: Option<&str>) -> Result<(), Error> {
    let Some(wanted) = wanted else { return Ok(()) };
    if !envsplit_engine::keep_places(report, wanted) {
        let shown = envsplit_model::text::shown(wanted);
        return Err(Error::usage(format!("`--at`: no place is called `{shown}`"))
            .hint("`envsplit places` lists them"));
    }
    Ok(())
}
