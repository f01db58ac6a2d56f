//! The log: a file of bounded size, with the one before it.
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The name of the log in the data folder.
pub const LOG_FILE: &str = "daemon.log";

/// A log of more than this is set aside, and the one that was set aside before it goes.
const LARGEST: u64 = 1 << 20;

/// The log. Every line is written at once; what cannot be written is lost, and nothing else.
#[derive(Debug)]
pub struct Log(Mutex<Open>);

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: Option<File>,
    size: u64,
}

impl Log {
    /// Opens the log in the folder `dir`.
    pub fn open(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let mut open = Open { path: dir.join(LOG_FILE), file: None, size: 0 };
        open.reopen()?;
        Ok(Self(Mutex::new(open)))
    }
}

impl Open {
    fn reopen(&mut self) -> io::Result<()> {
        let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(0o600).custom_flags(nofollow).open(&self.path)?;
        self.size = file.metadata()?.len();
        self.file = Some(file);
        Ok(())
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.size + line.len() as u64 > LARGEST && self.size > 0 {
            std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
            self.reopen()?;
        }
        if let Some(file) = &mut self.file {
            file.write_all(line)?;
            self.size += line.len() as u64;
        }
        Ok(())
    }
}

impl Write for &Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.write(line).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_stays_within_its_size_and_keeps_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path()).unwrap();
        let line = [b'x'; 1000];
        for _ in 0..2500 {
            (&log).write_all(&line).unwrap();
        }
        let size = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().len();
        assert!(size(LOG_FILE) <= LARGEST && size(LOG_FILE) > 0);
        assert!(size("daemon.log.1") > LARGEST - 1000);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
