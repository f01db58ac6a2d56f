//! The other end of a probed shell start: the program that the shell is asked to run, which hands the environment
//! that it was given back to the door. It is this same binary, started with [`WORD`].
use std::io::Write as _;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;

/// The first argument that turns the binary into the answering program.
pub const WORD: &str = "__answer-environment";

/// Marks the end of an answer: an answer without it was cut short.
pub(crate) const END: &[u8] = b"\0\0end-of-environment\0";

/// The descriptor on which the answer is awaited: high, so that no start-up file uses it by accident.
pub(crate) const DESCRIPTOR: RawFd = 63;

/// When this process was started to answer: writes its environment to the awaited descriptor and says true. The
/// second argument is the inode of the pipe: a descriptor that a start-up file closed and used for something else is
/// not written to.
pub fn answered() -> bool {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_none_or(|a| a != WORD) {
        return false;
    }
    let inode = args.next().and_then(|a| a.to_str()?.parse::<u64>().ok());
    let mut block = Vec::new();
    for (name, value) in std::env::vars_os() {
        block.extend_from_slice(name.as_bytes());
        block.push(b'=');
        block.extend_from_slice(value.as_bytes());
        block.push(0);
    }
    block.extend_from_slice(END);
    // SAFETY: the descriptor is only borrowed for the two calls below, and nothing in this process closes it.
    #[allow(unsafe_code)]
    let pipe = unsafe { BorrowedFd::borrow_raw(DESCRIPTOR) };
    let ours = rustix::fs::fstat(pipe).is_ok_and(|s| Some(s.st_ino) == inode);
    if ours {
        let mut rest = block.as_slice();
        while !rest.is_empty() {
            match rustix::io::write(pipe, rest) {
                Ok(n) => rest = &rest[n..],
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
        }
    }
    let _ = std::io::stdout().flush();
    true
}
