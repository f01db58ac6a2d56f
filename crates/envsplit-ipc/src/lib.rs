//! How the daemon and its clients talk: the wire types, the framing, the local socket and the folder that it lies in,
//! the locks that make one daemon of many starts, the blocking client and the relay between an editor and the socket.
//!
//! This crate knows no rule, no variable's value and no state of the daemon. Whoever is at the other end of a socket
//! is a stranger until the operating system has said who it is, and what it sends is bounded before it is read.
#![deny(unsafe_code)]

pub mod client;
pub mod frame;
pub mod lock;
pub mod peer;
pub mod place;
pub mod protocol;
pub mod relay;
pub mod socket;
pub mod start;

pub use client::{Answer, CallError, Client, Unreachable};
pub use lock::{LifeLock, StarterLock};
pub use peer::Peer;
pub use place::RuntimeDir;
pub use socket::{Incoming, Listener, Stream};
pub use start::Starter;
