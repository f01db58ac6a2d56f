//! The differential suite: generated situations, each resolved by `envsplit-codex` and by the real Codex.
//!
//! A [`world::World`] is the files of one situation; a [`world::Start`] is how a Codex is started in it. What the
//! program says of the config is asked of `codex app-server` (`config/read`), what it does with a key is seen by a
//! [`mock::Mock`] provider that `codex exec` talks to. [`compare`] and [`wire`] say where the two differ.
//!
//! Invariants: a Codex sees scratch files alone and an environment that is all its own; every program has a time
//! limit and is ended by its id; where the program is trusted and wrong, [`defects`] says so with a proof.
#![allow(
    clippy::assigning_clones,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "a test program: plain to read before fast"
)]

pub mod compare;
pub mod defects;
pub mod disk;
pub mod generate;
pub mod mock;
pub mod server;
pub mod suite;
pub mod text;
pub mod warnings;
pub mod wire;
pub mod world;
