//! The folder of the socket and the locks: made private, and refused where somebody else could have a hand in it.
//!
//! Every look is at an open descriptor, or relative to one, so nothing can be exchanged between look and use. Where the
//! folder is follows from the user id alone; that is for the caller to say.
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

/// The socket's file.
pub const SOCKET: &str = "envsplit.sock";

/// The longest path of a socket that the system takes: `sun_path` less its final zero.
const LONGEST_SOCKET: usize = 107;

/// Why the folder, or what lies in it, is not to be trusted or not to be had.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// There is no such folder.
    #[error("`{0}` does not exist")]
    Missing(PathBuf),
    /// Not an absolute path without `..`.
    #[error("`{0}` is no absolute path; set ENVSPLIT_RUNTIME_DIR to one, or unset it")]
    Relative(PathBuf),
    /// The path of the socket is too long for the system.
    #[error(
        "`{path}` has {length} bytes, and the path of a socket may have {LONGEST_SOCKET}; \
         set ENVSPLIT_RUNTIME_DIR to a shorter folder, in every terminal and for the editor alike"
    )]
    TooLong {
        /// The socket.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
    },
    /// A link, a file, where a folder should be; or something that is no socket.
    #[error("`{path}` is {found}, not {expected}; look who made it, then remove it")]
    Kind {
        /// What was looked at.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// It belongs to somebody else.
    #[error("`{path}` belongs to user {found}, not to user {expected}; look who made it, then remove it")]
    Owner {
        /// What was looked at.
        path: PathBuf,
        /// Its owner.
        found: u32,
        /// Who should be.
        expected: u32,
    },
    /// Others have rights on it.
    #[error("`{path}` has mode {mode:04o}, so others may use it; run `chmod {expected:o} '{path}'`")]
    Mode {
        /// What was looked at.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// What it should be.
        expected: u32,
    },
    /// Everybody may exchange what lies in the folder above.
    #[error("everybody may write in `{path}` (mode {mode:04o}, no sticky bit); run `chmod o-w '{path}'`")]
    OpenParent {
        /// The folder above.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The operating system's fault.
    #[error("`{path}`: {source}")]
    Io {
        /// What was looked at.
        path: PathBuf,
        /// In the system's words.
        source: std::io::Error,
    },
}

/// The checked folder, held open.
#[derive(Debug)]
pub struct RuntimeDir {
    path: PathBuf,
    fd: OwnedFd,
    owner: u32,
}

impl RuntimeDir {
    /// Opens the folder of this user, who must own it alone.
    pub fn open(path: &Path) -> Result<Self, PlaceError> {
        Self::walk(path, own_uid(), false)
    }

    /// Opens it, and makes it, with the folders above it, where it is missing.
    pub fn make(path: &Path) -> Result<Self, PlaceError> {
        Self::walk(path, own_uid(), true)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose it is.
    pub fn owner(&self) -> u32 {
        self.owner
    }

    /// The path of the socket.
    pub fn socket(&self) -> PathBuf {
        self.path.join(SOCKET)
    }

    /// Whether the socket is there. What is there must be a socket of the owner, and of nobody else.
    pub fn has_socket(&self) -> Result<bool, PlaceError> {
        let path = self.socket();
        match rustix::fs::statat(&self.fd, SOCKET, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => check(&path, &stat, self.owner, FileType::Socket).map(|()| true),
            Err(Errno::NOENT) => Ok(false),
            Err(e) => Err(io(&path, e)),
        }
    }

    /// Opens a lock's file, which is made where it is missing and never removed.
    pub(crate) fn lock_file(&self, name: &str) -> Result<std::fs::File, PlaceError> {
        let path = self.path.join(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let fd = match rustix::fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => fd,
            Err(Errno::LOOP) => {
                return Err(PlaceError::Kind { path, found: "a link", expected: "a file" });
            }
            Err(e) => return Err(io(&path, e)),
        };
        check(&path, &rustix::fs::fstat(&fd).map_err(|e| io(&path, e))?, self.owner, FileType::RegularFile)?;
        Ok(fd.into())
    }

    /// Removes the socket. Only the holder of the life lock may.
    pub fn unlink_socket(&self) -> Result<(), PlaceError> {
        match rustix::fs::unlinkat(&self.fd, SOCKET, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(io(&self.socket(), e)),
        }
    }

    fn walk(path: &Path, owner: u32, make: bool) -> Result<Self, PlaceError> {
        let mut names: Vec<&OsStr> = vec![];
        for part in path.components() {
            match part {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(name) => names.push(name),
                _ => return Err(PlaceError::Relative(path.to_owned())),
            }
        }
        let (Some(last), true) = (names.pop(), path.is_absolute()) else {
            return Err(PlaceError::Relative(path.to_owned()));
        };
        let socket = path.join(SOCKET);
        let length = socket.as_os_str().len();
        if length > LONGEST_SOCKET {
            return Err(PlaceError::TooLong { path: socket, length });
        }
        let mut here = PathBuf::from("/");
        let root = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut above = rustix::fs::open("/", root, Mode::empty()).map_err(|e| io(&here, e))?;
        for name in names {
            here.push(name);
            // Links above the folder are the user's own affair: homes are often behind one.
            above = folder(above.as_fd(), name, &here, OFlags::PATH, make)?;
        }
        let stat = rustix::fs::fstat(&above).map_err(|e| io(&here, e))?;
        if stat.st_mode & 0o002 != 0 && stat.st_mode & 0o1000 == 0 {
            return Err(PlaceError::OpenParent { path: here, mode: stat.st_mode & 0o7777 });
        }
        let fd = folder(above.as_fd(), last, path, OFlags::RDONLY | OFlags::NOFOLLOW, make)?;
        let stat = rustix::fs::fstat(&fd).map_err(|e| io(path, e))?;
        check(path, &stat, owner, FileType::Directory)?;
        Ok(Self { path: path.to_owned(), fd, owner })
    }
}

/// The user that this process acts for.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Opens one folder in another; makes it where it is missing and `make` says so.
fn folder(
    above: BorrowedFd<'_>,
    name: &OsStr,
    path: &Path,
    how: OFlags,
    make: bool,
) -> Result<OwnedFd, PlaceError> {
    let flags = how | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = || rustix::fs::openat(above, name, flags, Mode::empty());
    let opened = match open() {
        Err(Errno::NOENT) if make => {
            match rustix::fs::mkdirat(above, name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(e) => return Err(io(path, e)),
            }
            open()
        }
        other => other,
    };
    opened.map_err(|e| match e {
        Errno::NOENT => PlaceError::Missing(path.to_owned()),
        Errno::NOTDIR | Errno::LOOP => {
            let kind = rustix::fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or("something else", |s| kind(FileType::from_raw_mode(s.st_mode)));
            PlaceError::Kind { path: path.to_owned(), found: kind, expected: "a folder" }
        }
        e => io(path, e),
    })
}

/// Kind, owner and mode of what was opened.
fn check(path: &Path, stat: &Stat, owner: u32, expected: FileType) -> Result<(), PlaceError> {
    let found = FileType::from_raw_mode(stat.st_mode);
    if found != expected {
        return Err(PlaceError::Kind { path: path.to_owned(), found: kind(found), expected: kind(expected) });
    }
    if stat.st_uid != owner {
        return Err(PlaceError::Owner { path: path.to_owned(), found: stat.st_uid, expected: owner });
    }
    if stat.st_mode & 0o077 != 0 {
        let expected = if expected == FileType::Directory { 0o700 } else { 0o600 };
        return Err(PlaceError::Mode { path: path.to_owned(), mode: stat.st_mode & 0o7777, expected });
    }
    Ok(())
}

fn kind(of: FileType) -> &'static str {
    match of {
        FileType::Symlink => "a link",
        FileType::Directory => "a folder",
        FileType::Socket => "a socket",
        FileType::RegularFile => "a file",
        FileType::Fifo => "a pipe",
        _ => "a device",
    }
}

fn io(path: &Path, e: Errno) -> PlaceError {
    PlaceError::Io { path: path.to_owned(), source: e.into() }
}

#[cfg(test)]
mod tests;
