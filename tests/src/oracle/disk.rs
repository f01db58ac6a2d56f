//! The files of the scratch machine, as `envsplit-codex` asks for them.
use super::world::Look;
use envsplit_model::{FileError, FileKind, FileTimes, Files};
use std::io::ErrorKind;

/// The disk, read anew at every question.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

fn error(e: &std::io::Error) -> FileError {
    match e.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::NotFound,
        ErrorKind::PermissionDenied => FileError::Denied,
        ErrorKind::IsADirectory => FileError::IsDirectory,
        _ if e.raw_os_error() == Some(40) => FileError::LinkLoop,
        _ => FileError::Other { message: e.to_string() },
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let meta = std::fs::metadata(path).map_err(|e| error(&e))?;
        match () {
            () if meta.is_dir() => Err(FileError::IsDirectory),
            () if !meta.is_file() => Err(FileError::NotRegular),
            () => std::fs::read(path).map_err(|e| error(&e)),
        }
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
            entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    /// No rule that is compared depends on times.
    fn times(&self, _path: &str) -> Result<FileTimes, FileError> {
        Err(FileError::Other { message: "times are not compared".to_owned() })
    }
}

/// The disk with a part of the config files.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The disk.
    pub disk: Disk,
    /// Which part.
    pub look: Look<'a>,
}

impl Files for Part<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match self.look {
            Look::File(file) if path.ends_with("/home/.codex/config.toml") => self.disk.read(file),
            // Of requirements that do not parse nothing is left.
            Look::System if path.starts_with("/etc/codex/") && !path.ends_with("/requirements.toml") => {
                self.disk.read(path)
            }
            Look::Required if path.starts_with("/etc/codex/") => self.disk.read(path),
            _ => Err(FileError::NotFound),
        }
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        self.disk.kind(path)
    }

    fn canonical(&self, path: &str) -> Result<String, FileError> {
        self.disk.canonical(path)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.disk.list(path)
    }

    fn times(&self, path: &str) -> Result<FileTimes, FileError> {
        self.disk.times(path)
    }
}
