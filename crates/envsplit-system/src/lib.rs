//! The one door to the operating system.
//!
//! Everything that envsplit knows about the world comes through [`System`]: the process table, environments, shell
//! starts, the login session, files. Values of variables exist only in this crate: rules that need them (`.env`, the
//! key's verdict, taints, masking) are pure functions of `envsplit-codex` and `envsplit-shell` that are called here,
//! and what leaves is sightings, masked lines and the structural variables that the contract lists. The type that
//! holds a value implements neither `Serialize` nor `Display` nor a telling `Debug`.
//!
//! The door writes nothing of the user's. A shell start is run only when asked for, from the environment of the
//! place that it stands for, with a time limit, bounded output and a process group of its own, and whatever it
//! leaves behind is ended.
// Only Linux has a backend so far: elsewhere files are read, and a machine in memory stands behind the door.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

#[cfg(unix)]
mod answer;
mod backend;
mod depends;
mod disk;
mod door;
mod fingerprint;
#[cfg(target_os = "linux")]
mod linux;
mod memo;
mod memory;
mod own;
mod package;
mod secret;

#[cfg(unix)]
pub use answer::{WORD as ANSWER_WORD, answered};
pub use depends::Looks;
pub use disk::{DiskFiles, LARGEST};
pub use door::{Asked, System};
#[cfg(target_os = "linux")]
pub use linux::{
    Call, Candidate, Cost, Standing, TableChange, Who, allow_open_files, end_of, forbid_dumps, open,
    own_cost, own_runtime_dir, user_manager,
};
pub use memo::StartsRun;
pub use memory::{MemoryProcess, MemorySystem};
pub use own::data_dir;
