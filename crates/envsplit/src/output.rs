//! The two streams, and what the program must know of its own command line before it is parsed.
#![allow(clippy::disallowed_methods)] // the binary's own arguments and its end, not the world's
use crate::args::Color;
use std::io::{IsTerminal as _, Write as _};

/// A line on standard error. A closed stream is no reason to fail.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Data on standard output. `head` closing the pipe is no error.
pub(crate) fn data(text: &str) {
    let mut out = anstream::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The same, for who has to know that nobody reads any more.
pub(crate) fn try_data(text: &str) -> std::io::Result<()> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// How to colour from now on.
pub(crate) fn colour(when: Color) {
    match when {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Whether somebody watches standard error.
pub(crate) fn watched() -> bool {
    std::io::stderr().is_terminal()
}

/// The width of the terminal, for wrapping; 100 where there is none.
pub(crate) fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    size.map_or(100, |s| usize::from(s.ws_col)).clamp(60, 120)
}

/// Whether a word stands on the command line.
pub(crate) fn argument_given(word: &str) -> bool {
    std::env::args_os().any(|a| a == word)
}

/// Ends the program at once: after a panic.
pub(crate) fn leave(code: u8) {
    std::process::exit(i32::from(code));
}
