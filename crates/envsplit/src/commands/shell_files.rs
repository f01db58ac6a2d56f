//! `completions` and `man`.
use crate::args::Args;
use crate::error::Error;
use crate::output;
use clap::CommandFactory as _;

pub(crate) fn completions(shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "envsplit", &mut script);
    output::data(&String::from_utf8_lossy(&script));
}

pub(crate) fn man() -> Result<u8, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command())
        .render(&mut page)
        .map_err(|e| Error::internal(format!("the manual page cannot be written: {e}")))?;
    output::data(&String::from_utf8_lossy(&page));
    Ok(0)
}
