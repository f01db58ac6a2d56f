//! Files as the rules of Codex and of the shells see them: through a trait, so that the same rules run on a disk, on
//! a scratch map, and on the files that a bundle carries.
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a file could not be read. Denied is not absent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FileError {
    /// There is no such file.
    #[error("No such file or directory (os error 2)")]
    NotFound,
    /// The file may not be read by this user.
    #[error("Permission denied (os error 13)")]
    Denied,
    /// A directory stands where a file is expected.
    #[error("Is a directory (os error 21)")]
    IsDirectory,
    /// A pipe, socket or device: reading it could wait for ever, so it was not read.
    #[error("not a regular file")]
    NotRegular,
    /// Symbolic links lead in a circle.
    #[error("Too many levels of symbolic links (os error 40)")]
    LinkLoop,
    /// The file is larger than what is read of any file.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Anything else, in the system's words.
    #[error("{message}")]
    Other {
        /// The system's words.
        message: String,
    },
}

/// What stands at a path, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A pipe, socket or device.
    Other,
}

/// When a file last changed: its content (`modified`) and its inode (`changed`; a rename over it, a mode, an owner).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileTimes {
    /// mtime.
    pub modified: Timestamp,
    /// ctime where the system has one, else mtime.
    pub changed: Timestamp,
}

impl FileTimes {
    /// The later of the two: before this moment the file may have had another content.
    pub fn latest(&self) -> Timestamp {
        self.modified.max(self.changed)
    }
}

/// The files of one host. Paths are text in the host's own style; implementations record what was read.
pub trait Files {
    /// The whole content of a regular file. Never waits: a pipe or device is [`FileError::NotRegular`].
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;
    /// What stands at `path`, links followed; `NotFound` when nothing does.
    fn kind(&self, path: &str) -> Result<FileKind, FileError>;
    /// The path with every link resolved.
    fn canonical(&self, path: &str) -> Result<String, FileError>;
    /// The names in a directory, sorted.
    fn list(&self, path: &str) -> Result<Vec<String>, FileError>;
    /// When the file last changed.
    fn times(&self, path: &str) -> Result<FileTimes, FileError>;
}

/// Files held in a map: for tests and for replay. A path that ends in `/` is an (empty) directory; every ancestor of
/// a file is a directory.
#[derive(Clone, Debug, Default)]
pub struct ScratchFiles {
    /// Content by path.
    pub files: BTreeMap<String, Result<Vec<u8>, FileError>>,
    /// Symbolic links: path to target, both absolute.
    pub links: BTreeMap<String, String>,
    /// When a file last changed; the epoch where nothing is said.
    pub times: BTreeMap<String, FileTimes>,
}

impl ScratchFiles {
    /// From pairs of path and text.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            files: pairs.into_iter().map(|(k, v)| (k.to_owned(), Ok(v.as_bytes().to_vec()))).collect(),
            ..Self::default()
        }
    }

    fn follow(&self, path: &str) -> Result<String, FileError> {
        let mut path = path.trim_end_matches(['/', '\\']).to_owned();
        for _ in 0..40 {
            let hit = self.links.iter().find(|(l, _)| {
                path == **l || path.strip_prefix(l.as_str()).is_some_and(|r| r.starts_with(['/', '\\']))
            });
            match hit {
                Some((link, target)) => path = format!("{target}{}", &path[link.len()..]),
                None => return Ok(path),
            }
        }
        Err(FileError::LinkLoop)
    }

    fn is_directory(&self, path: &str) -> bool {
        self.files
            .keys()
            .chain(self.links.keys())
            .any(|k| k.strip_prefix(path).is_some_and(|r| r.starts_with(['/', '\\'])))
    }
}

impl Files for ScratchFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let path = self.follow(path)?;
        match self.files.get(&path) {
            Some(content) => content.clone(),
            None if self.is_directory(&path) => Err(FileError::IsDirectory),
            None => Err(FileError::NotFound),
        }
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        let path = self.follow(path)?;
        match self.files.get(&path) {
            Some(Err(FileError::NotRegular)) => Ok(FileKind::Other),
            Some(_) => Ok(FileKind::File),
            None if self.is_directory(&path) => Ok(FileKind::Directory),
            None => Err(FileError::NotFound),
        }
    }

    fn canonical(&self, path: &str) -> Result<String, FileError> {
        let real = self.follow(path)?;
        self.kind(&real).map(|_| real)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let path = self.follow(path)?;
        if !self.is_directory(&path) {
            return Err(FileError::NotFound);
        }
        let mut names: Vec<String> = self
            .files
            .keys()
            .chain(self.links.keys())
            .filter_map(|k| k.strip_prefix(&path)?.strip_prefix(['/', '\\']))
            .filter_map(|rest| rest.split(['/', '\\']).next())
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn times(&self, path: &str) -> Result<FileTimes, FileError> {
        let path = self.follow(path)?;
        self.kind(&path)?;
        let epoch = FileTimes { modified: Timestamp::UNIX_EPOCH, changed: Timestamp::UNIX_EPOCH };
        Ok(self.times.get(&path).copied().unwrap_or(epoch))
    }
}
