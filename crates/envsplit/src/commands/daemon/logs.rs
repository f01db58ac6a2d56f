//! `daemon logs`.
#![allow(clippy::disallowed_methods)] // the agent's own log
use crate::error::Error;
use crate::output;
use envsplit_daemon::LOG_FILE;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

/// How often a log that is followed is looked at.
const PAUSE: Duration = Duration::from_millis(250);

pub(super) fn logs(follow: bool, lines: usize) -> Result<u8, Error> {
    let dir = envsplit_system::data_dir()
        .ok_or_else(|| Error::internal("no home directory is known, so neither is the log's"))?;
    let path = dir.join(LOG_FILE);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            output::note("There is no log yet: `envsplit daemon start` starts the agent that writes it.");
            vec![]
        }
        Err(e) => return Err(Error::internal(format!("`{}`: {e}", path.display()))),
    };
    let shown = String::from_utf8_lossy(&text);
    let skip = shown.lines().count().saturating_sub(lines);
    for line in shown.lines().skip(skip) {
        if output::try_data(&format!("{}\n", envsplit_model::text::shown(line))).is_err() {
            return Ok(0);
        }
    }
    if follow { grow(&path, text.len() as u64) } else { Ok(0) }
}

/// Prints what comes to the log, over its rotation, until the reader goes.
fn grow(path: &Path, mut at: u64) -> Result<u8, Error> {
    loop {
        std::thread::sleep(PAUSE);
        let Ok(mut file) = std::fs::File::open(path) else { continue };
        let size = file.metadata().map_or(0, |m| m.len());
        if size < at {
            at = 0;
        }
        let mut new = vec![];
        if file.seek(SeekFrom::Start(at)).and_then(|_| file.read_to_end(&mut new)).is_err() {
            continue;
        }
        // Half a line waits for its end.
        let whole = new.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
        at += whole as u64;
        for line in String::from_utf8_lossy(&new[..whole]).lines() {
            if output::try_data(&format!("{}\n", envsplit_model::text::shown(line))).is_err() {
                return Ok(0);
            }
        }
    }
}
