//! The files of this machine.
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use self::unix as platform;
#[cfg(windows)]
use self::windows as platform;
use crate::depends::{self, Look, Seen, Stamp};
use envsplit_model::{FileError, FileKind, FileTimes, Files};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Mutex;

/// The largest file that is read whole, in bytes. Codex reads any size; a config or start-up file beyond this is
/// reported, not judged.
pub const LARGEST: u64 = 64 << 20;

/// What reading a file gave: its content, and what tells that content from another.
type Read = (Result<Vec<u8>, FileError>, Seen);

/// The disk, read without ever waiting, each file once: two rules that look at one file see the same content.
#[derive(Debug, Default)]
pub struct DiskFiles {
    read: Mutex<BTreeMap<String, Read>>,
}

impl Look {
    /// Takes what is there now for what was seen. A listing is told from a file by what stands there.
    pub(crate) fn renew(&mut self) {
        self.seen = match kind(&self.path) {
            Ok(FileKind::Directory) => Seen::Content { stamp: stamp_at(&self.path), hash: None },
            _ => read_whole(&self.path).1,
        };
    }

    /// Whether the same look would show the same now.
    pub(crate) fn holds(&self) -> bool {
        let path = self.path.as_str();
        match &self.seen {
            Seen::Content { stamp, hash: None } => *stamp == stamp_at(path),
            Seen::Content { stamp, hash: Some(hash) } => {
                let content = || match kind(path) {
                    Ok(FileKind::Directory) => list(path).map(|names| joined(&names)),
                    _ => read(path).map(|(content, _)| content),
                };
                *stamp == stamp_at(path) && content().is_ok_and(|c| blake3::hash(&c) == *hash)
            }
            Seen::Kind(seen) => *seen == kind(path),
            Seen::Canonical(seen) => *seen == canonical(path),
            Seen::Times(seen) => *seen == times(path),
        }
    }
}

fn error(e: &std::io::Error) -> FileError {
    use std::io::ErrorKind;
    match e.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::NotFound,
        ErrorKind::PermissionDenied => FileError::Denied,
        ErrorKind::IsADirectory => FileError::IsDirectory,
        _ if e.raw_os_error() == Some(platform::LINK_LOOP) => FileError::LinkLoop,
        // A name that no file can have: Windows alone answers so.
        ErrorKind::InvalidFilename => FileError::NotFound,
        _ => FileError::Other { message: e.to_string() },
    }
}

fn metadata(path: &str) -> Result<std::fs::Metadata, FileError> {
    std::fs::metadata(path).map_err(|e| error(&e))
}

fn stamp_at(path: &str) -> Result<Stamp, FileError> {
    platform::stamp_at(path)
}

fn read(path: &str) -> Result<(Vec<u8>, Stamp), FileError> {
    let (mut file, stamp) = platform::open(path)?;
    if stamp.size > LARGEST {
        return Err(FileError::TooLarge { limit: LARGEST });
    }
    let mut content = Vec::with_capacity(usize::try_from(stamp.size).unwrap_or(0) + 1);
    file.by_ref().take(LARGEST + 1).read_to_end(&mut content).map_err(|e| error(&e))?;
    if content.len() as u64 > LARGEST {
        return Err(FileError::TooLarge { limit: LARGEST });
    }
    Ok((content, stamp))
}

/// A file that may not be read, or is none, changes when its stamp does: what is kept is the stamp, where there is one.
fn read_whole(path: &str) -> Read {
    match read(path) {
        Ok((content, stamp)) => {
            let hash = depends::hash_of(&stamp, &content);
            (Ok(content), Seen::Content { stamp: Ok(stamp), hash })
        }
        Err(e) => (Err(e), Seen::Content { stamp: stamp_at(path), hash: None }),
    }
}

fn kind(path: &str) -> Result<FileKind, FileError> {
    let meta = metadata(path)?;
    Ok(match () {
        () if meta.is_file() => FileKind::File,
        () if meta.is_dir() => FileKind::Directory,
        () => FileKind::Other,
    })
}

fn canonical(path: &str) -> Result<String, FileError> {
    let real = platform::canonicalize(path).map_err(|e| error(&e))?;
    Ok(real.to_string_lossy().into_owned())
}

fn list(path: &str) -> Result<Vec<String>, FileError> {
    let entries = std::fs::read_dir(path).map_err(|e| error(&e))?;
    let mut names: Vec<String> =
        entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}

fn joined(names: &[String]) -> Vec<u8> {
    names.join("\0").into_bytes()
}

fn times(path: &str) -> Result<FileTimes, FileError> {
    stamp_at(path).map(|s| s.times)
}

impl Files for DiskFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        if path.contains('\0') {
            return Err(FileError::NotFound);
        }
        let mut cache = self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (content, seen) = cache.entry(path.to_owned()).or_insert_with(|| read_whole(path));
        depends::note(path, || seen.clone());
        content.clone()
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let seen = kind(path);
        depends::note(path, || Seen::Kind(seen.clone()));
        seen
    }

    fn canonical(&self, path: &str) -> Result<String, FileError> {
        let seen = canonical(path);
        depends::note(path, || Seen::Canonical(seen.clone()));
        seen
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let before = stamp_at(path);
        let seen = list(path);
        depends::note(path, || {
            let hash = match (&before, &seen) {
                (Ok(stamp), Ok(names)) => depends::hash_of(stamp, &joined(names)),
                _ => None,
            };
            Seen::Content { stamp: before.clone(), hash }
        });
        seen
    }

    fn times(&self, path: &str) -> Result<FileTimes, FileError> {
        let seen = times(path);
        depends::note(path, || Seen::Times(seen.clone()));
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_and_a_look_holds_until_it_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f").to_string_lossy().into_owned();
        std::fs::write(&path, b"one").unwrap();
        let files = DiskFiles::default();
        let ((), looks) = depends::recording(|| {
            assert_eq!(files.read(&path).unwrap(), b"one");
            assert_eq!(files.list(&dir.path().to_string_lossy()).unwrap(), ["f"]);
            assert_eq!(files.kind(&format!("{path}2")), Err(FileError::NotFound));
        });
        assert!(looks.len() == 3 && looks.iter().all(Look::holds));
        // Within one tick of the clock and of the same length.
        std::fs::write(&path, b"two").unwrap();
        assert_eq!(files.read(&path).unwrap(), b"one", "one run sees one content");
        assert!(!looks[0].holds());
        std::fs::write(format!("{path}2"), b"").unwrap();
        assert!(!looks[1].holds() && !looks[2].holds());
    }
}
