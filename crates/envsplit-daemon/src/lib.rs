//! The background agent of envsplit: what it keeps. The journal says what changed at which place when, and since when
//! something fails.
//!
//! This crate must not know how anything is found out, nor why it fails: that is the engine's. It owns its own files in
//! the data folder and touches no other. What it keeps are fingerprints, taints, masked config values, files and lines:
//! never the value of a variable.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods)] // the agent's own files in the data folder, not the world's

mod journal;

pub use journal::{FILE_NAME, Journal, Limits, Opened, Query, read};
