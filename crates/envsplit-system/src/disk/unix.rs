//! What is asked of a Unix file system.
use super::error;
use crate::depends::Stamp;
use envsplit_model::{FileError, FileTimes};
use jiff::Timestamp;
use std::fs::{File, Metadata};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

/// `ELOOP`.
pub(super) const LINK_LOOP: i32 = 40;

pub(super) use std::fs::canonicalize;

fn stamp(meta: &Metadata) -> Stamp {
    let at = |s, n: i64| Timestamp::new(s, i32::try_from(n).unwrap_or(0)).unwrap_or(Timestamp::UNIX_EPOCH);
    let times = FileTimes {
        modified: at(meta.mtime(), meta.mtime_nsec()),
        changed: at(meta.ctime(), meta.ctime_nsec()),
    };
    Stamp { device: meta.dev(), inode: meta.ino(), size: meta.size(), times }
}

pub(super) fn stamp_at(path: &str) -> Result<Stamp, FileError> {
    super::metadata(path).map(|m| stamp(&m))
}

/// A regular file, open for reading.
pub(super) fn open(path: &str) -> Result<(File, Stamp), FileError> {
    // O_NONBLOCK: opening a pipe must not wait for its writer; the kind is asked of what was opened, not of the path.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let options = std::fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    let file = options.map_err(|e| match e.raw_os_error() {
        Some(6) => FileError::NotRegular, // ENXIO: a socket
        _ => error(&e),
    })?;
    let meta = file.metadata().map_err(|e| error(&e))?;
    match () {
        () if meta.is_dir() => Err(FileError::IsDirectory),
        () if meta.is_file() => Ok((file, stamp(&meta))),
        () => Err(FileError::NotRegular),
    }
}

#[cfg(test)]
mod tests {
    use crate::DiskFiles;
    use envsplit_model::{FileError, Files as _};

    #[test]
    fn what_is_no_regular_file_is_named_and_never_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        let files = DiskFiles::default();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .unwrap();
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
        assert_eq!(files.read(&at("pipe")), Err(FileError::NotRegular));
        assert_eq!(files.read(&at("socket")), Err(FileError::NotRegular));
        assert_eq!(files.read(&at("loop")), Err(FileError::LinkLoop));
        assert_eq!(files.read(&at("")), Err(FileError::IsDirectory));
        assert_eq!(files.read(&at("none")), Err(FileError::NotFound));
        assert_eq!(files.read("a\0b"), Err(FileError::NotFound));
    }
}
