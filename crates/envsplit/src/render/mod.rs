//! Text for people: of terminal, VS Code, Codex, file and line; not of hops, sightings or witnesses.
mod check;
mod config;
mod config_diff;
mod env;
mod explain;
mod fix;
mod history;
mod places;
mod status;
mod text;
mod watch;

pub(crate) use check::check;
pub(crate) use config::config;
pub(crate) use config_diff::config_diff;
pub(crate) use env::env;
pub(crate) use explain::explain;
pub(crate) use fix::fix;
pub(crate) use history::history;
pub(crate) use places::places;
pub(crate) use status::status;
pub(crate) use watch::{watch, watch_begins};
