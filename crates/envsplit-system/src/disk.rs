//! The files of this machine.
use envsplit_model::{FileError, FileKind, FileTimes, Files};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::sync::Mutex;

/// The largest file that is read whole, in bytes. Codex reads any size; a config or start-up file beyond this is
/// reported, not judged.
pub const LARGEST: u64 = 64 << 20;

/// The disk, read without ever waiting, each file once: two rules that look at one file see the same content. What
/// was read is recorded.
#[derive(Debug, Default)]
pub struct DiskFiles {
    read: Mutex<BTreeMap<String, Result<Vec<u8>, FileError>>>,
}

impl DiskFiles {
    /// Every path that was read so far, existing or not.
    pub fn recorded(&self) -> Vec<String> {
        self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner).keys().cloned().collect()
    }
}

fn error(e: &std::io::Error) -> FileError {
    use std::io::ErrorKind;
    match e.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::NotFound,
        ErrorKind::PermissionDenied => FileError::Denied,
        ErrorKind::IsADirectory => FileError::IsDirectory,
        _ if e.raw_os_error() == Some(40) => FileError::LinkLoop,
        _ => FileError::Other { message: e.to_string() },
    }
}

fn read(path: &str) -> Result<Vec<u8>, FileError> {
    // O_NONBLOCK: opening a pipe must not wait for its writer; the kind is asked of what was opened, not of the path.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let options = std::fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    let mut file = options.map_err(|e| match e.raw_os_error() {
        Some(6) => FileError::NotRegular, // ENXIO: a socket
        _ => error(&e),
    })?;
    let meta = file.metadata().map_err(|e| error(&e))?;
    if meta.is_dir() {
        return Err(FileError::IsDirectory);
    }
    if !meta.is_file() {
        return Err(FileError::NotRegular);
    }
    if meta.len() > LARGEST {
        return Err(FileError::TooLarge { limit: LARGEST });
    }
    let mut content = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    file.by_ref().take(LARGEST + 1).read_to_end(&mut content).map_err(|e| error(&e))?;
    if content.len() as u64 > LARGEST {
        return Err(FileError::TooLarge { limit: LARGEST });
    }
    Ok(content)
}

impl Files for DiskFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        if path.contains('\0') {
            return Err(FileError::NotFound);
        }
        let mut cache = self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        cache.entry(path.to_owned()).or_insert_with(|| read(path)).clone()
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let meta = std::fs::metadata(path).map_err(|e| error(&e))?;
        Ok(match () {
            () if meta.is_file() => FileKind::File,
            () if meta.is_dir() => FileKind::Directory,
            () => FileKind::Other,
        })
    }

    fn canonical(&self, path: &str) -> Result<String, FileError> {
        let real = std::fs::canonicalize(path).map_err(|e| error(&e))?;
        Ok(real.to_string_lossy().into_owned())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let entries = std::fs::read_dir(path).map_err(|e| error(&e))?;
        let mut names: Vec<String> =
            entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned())).collect();
        names.sort();
        Ok(names)
    }

    fn times(&self, path: &str) -> Result<FileTimes, FileError> {
        let meta = std::fs::metadata(path).map_err(|e| error(&e))?;
        let at =
            |s, n: i64| Timestamp::new(s, i32::try_from(n).unwrap_or(0)).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(FileTimes {
            modified: at(meta.mtime(), meta.mtime_nsec()),
            changed: at(meta.ctime(), meta.ctime_nsec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_file_is_read_once_and_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f").to_string_lossy().into_owned();
        std::fs::write(&path, b"one").unwrap();
        let files = DiskFiles::default();
        assert_eq!(files.read(&path).unwrap(), b"one");
        std::fs::write(&path, b"two").unwrap();
        assert_eq!(files.read(&path).unwrap(), b"one", "one run sees one content");
        assert_eq!(files.recorded(), [path]);
    }
}
