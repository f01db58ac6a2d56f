//! The background agent: what is seen is kept current, so that a question is answered from what is known already.
//!
//! It holds what the machine shows to everybody; what a caller brings along is laid over it for that caller's answer
//! alone. It runs no shell of its own accord: only when somebody asks or subscribes. It writes its own journal and log
//! and nothing else, and knows no rule and no value of a variable: changes that the journal keeps say *that* a
//! variable is another one, by fingerprint.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods)] // the agent's own files, and the clock of its own waits

pub mod ask;
mod claims;
mod connection;
mod handlers;
mod journal;
mod log;
mod observer;
mod run;
pub mod service;
mod state;
mod watch;

pub use journal::{FILE_NAME, Journal, Limits, Opened, Query, read};
pub use log::{LOG_FILE, Log};
pub use run::{Fault, Options, run};
