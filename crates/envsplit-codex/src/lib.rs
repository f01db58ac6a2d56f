//! The rules by which Codex finds its home, its `.env`, its config layers, the provider and the key, with the origin
//! of every value.
//!
//! [`resolve()`] takes the files and the environment of one place and says what a Codex there would use. The rules are
//! those of Codex 0.169, observed on the released program; where an older version has others that were seen on it,
//! those of the version (`version`, `older`).
//!
//! This crate does no input or output: it asks the `Files` and `EnvLookup` traits. It runs inside the door to the
//! operating system, since expanding `.env` and judging a key need values. It must not know processes, shells,
//! places or findings: who runs a Codex, and what follows from its config, is decided above.
//!
//! Invariants:
//! - What is meant for display ([`Resolution::view`], [`Resolution::dotenv`], every `Debug`) holds no value of a
//!   variable and no config value that can be a secret.
//! - A file that cannot be read is a problem or unknown, never an empty layer.
//! - Every loser of a merge is kept beside the winner.
//! - Hostile input (any bytes, any size, any depth) ends in a problem: no panic, no endless loop, no deep recursion.
#![forbid(unsafe_code)]

mod argv;
mod check;
mod document;
mod dotenv;
mod home;
mod key;
mod known;
mod layers;
mod mask;
mod merge;
mod older;
mod overrides;
mod paths;
mod position;
mod project;
mod provider;
mod requirements;
mod resolve;
mod secret;
mod version;
mod wrong_file;

pub use argv::{mask_argv, session_flags};
pub use dotenv::{Dotenv, DotenvEntry};
pub use key::{key_verdict, taints};
pub use resolve::{Flags, Origin, Resolution, Surroundings, resolve};
pub use secret::looks_like_secret;
