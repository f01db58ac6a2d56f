//! The file: whose it is, how it is opened, how a damaged one is set aside.
use super::schema;
use super::trouble::Trouble;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The journal's name in the data folder.
pub const FILE_NAME: &str = "journal.sqlite3";

/// What `SQLite` keeps beside it.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// How long another program may hold the file.
const BUSY: Duration = Duration::from_secs(2);

/// So many damaged files are kept.
const KEPT_ASIDE: usize = 3;

/// Opens the journal to write, made where there is none; a damaged one is set aside, which is said.
pub(super) fn open(dir: &Path, now: Timestamp) -> Result<(Connection, Option<String>), Trouble> {
    let dir = own_dir(dir)?;
    match open_in(&dir) {
        Err(trouble) if trouble.is_damage() => {
            let said = set_aside(&dir, now)?;
            Ok((open_in(&dir)?, Some(said)))
        }
        other => Ok((other?, None)),
    }
}

/// Opens the journal to read; `None` where there is none.
pub(super) fn open_to_read(dir: &Path) -> Result<Option<Connection>, Trouble> {
    let path = dir.join(FILE_NAME);
    if own_file(&path)?.is_none_or(|size| size == 0) {
        return Ok(None);
    }
    let dir = std::fs::canonicalize(dir)?;
    let path = dir.join(FILE_NAME);
    let access = flags(OpenFlags::SQLITE_OPEN_READ_ONLY);
    let mut db = Connection::open_with_flags(&path, access)?;
    prepare(&db)?;
    let mut found = schema::version(&db);
    let code = found.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
    if code == Some(ErrorCode::CannotOpen) && own_file(&with_end(&path, BESIDE[0]))?.is_none() {
        // What SQLite needs beside the file cannot be made: on a read-only disk, where nobody writes either.
        db = Connection::open_with_flags(immutable(&path), access | OpenFlags::SQLITE_OPEN_URI)?;
        prepare(&db)?;
        found = schema::version(&db);
    }
    let found = found?;
    if found > schema::VERSION {
        return Err(Trouble::Newer(found));
    }
    Ok((found == schema::VERSION).then_some(db))
}

/// Moves the journal out of the way, with what belongs to it; says where.
pub(super) fn set_aside(dir: &Path, now: Timestamp) -> Result<String, Trouble> {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let names = (0..100).map(|n| match n {
        0 => format!("{FILE_NAME}.corrupt-{stamp}"),
        n => format!("{FILE_NAME}.corrupt-{stamp}-{n}"),
    });
    let aside = names
        .map(|name| dir.join(name))
        .find(|path| std::fs::symlink_metadata(path).is_err())
        .ok_or_else(|| std::io::Error::other("there are too many damaged journals"))?;
    // What is beside the file goes first: it must never meet the new one.
    for end in BESIDE {
        match std::fs::rename(with_end(&dir.join(FILE_NAME), end), with_end(&aside, end)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    std::fs::rename(dir.join(FILE_NAME), &aside)?;
    forget_oldest(dir);
    let shown = envsplit_model::text::shown(&aside.to_string_lossy());
    Ok(format!("the journal was damaged; it is kept as `{shown}`, and a new one was begun"))
}

/// Keeps the newest damaged files and no others, so that a bad disk does not fill up with them.
fn forget_oldest(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let name = |entry: std::fs::DirEntry| entry.file_name().into_string().ok();
    let start = format!("{FILE_NAME}.corrupt-");
    let mut aside: Vec<String> = entries
        .flatten()
        .filter_map(name)
        .filter(|n| n.starts_with(&start) && !BESIDE.iter().any(|end| n.ends_with(end)))
        .collect();
    aside.sort();
    for name in aside.iter().rev().skip(KEPT_ASIDE) {
        for path in [dir.join(name), dir.join(format!("{name}-wal")), dir.join(format!("{name}-shm"))] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::debug!(%error, "an old damaged journal stays");
                }
                _ => {}
            }
        }
    }
}

/// The folder by its real path, made for this user alone.
fn own_dir(dir: &Path) -> Result<PathBuf, Trouble> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    let found = std::fs::symlink_metadata(dir)?;
    if found.is_symlink() {
        return Err(Trouble::NotOwn("it is a symbolic link".to_owned()));
    }
    if !found.is_dir() {
        return Err(Trouble::NotOwn("it is no folder".to_owned()));
    }
    owned(&found)?;
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(std::fs::canonicalize(dir)?)
}

/// The file's size, where there is one and it is this user's own.
fn own_file(path: &Path) -> Result<Option<u64>, Trouble> {
    let found = match std::fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        found => found?,
    };
    if !found.is_file() {
        return Err(Trouble::NotOwn(format!(
            "`{FILE_NAME}` is no file of its own (a link, a folder, a pipe)"
        )));
    }
    owned(&found)?;
    Ok(Some(found.len()))
}

fn owned(found: &std::fs::Metadata) -> Result<(), Trouble> {
    let me = rustix::process::geteuid().as_raw();
    if found.uid() == me {
        return Ok(());
    }
    Err(Trouble::NotOwn(format!("user {} owns it, and this is user {me}", found.uid())))
}

fn open_in(dir: &Path) -> Result<Connection, Trouble> {
    let path = dir.join(FILE_NAME);
    if own_file(&path)?.is_none() {
        // Made here, so that nobody else can read it for a moment; SQLite gives what is beside it the same mode.
        match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
            _ => {}
        }
    }
    for file in [path.clone(), with_end(&path, BESIDE[0]), with_end(&path, BESIDE[1])] {
        if own_file(&file)?.is_some() {
            let found = std::fs::symlink_metadata(&file)?;
            if found.mode() & 0o077 != 0 {
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
            }
        }
    }
    if own_file(&path)?.is_some_and(|size| size > 0) {
        header_fits(&path)?;
    }
    // A newer version's file is not even opened to write: closing it would be a write.
    if let Ok(db) = Connection::open_with_flags(&path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY)) {
        prepare(&db)?;
        let found = schema::version(&db).unwrap_or(0);
        if found > schema::VERSION {
            return Err(Trouble::Newer(found));
        }
    }
    let mut db = Connection::open_with_flags(&path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    prepare(&db)?;
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    // Every commit is whole or not there, whenever the program or the machine ends.
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "wal_autocheckpoint", 256)?;
    db.pragma_update(None, "journal_size_limit", 1 << 20)?;
    db.pragma_update(None, "cache_size", -512)?;
    let found: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(Trouble::Damaged("its pages do not fit together".to_owned()));
    }
    schema::migrate(&mut db)?;
    schema::verify(&db)?;
    Ok(db)
}

/// Whether the file's first bytes are those that this program writes. `SQLite` takes some spoilt ones for a format of
/// its future, which can be read and not written.
fn header_fits(path: &Path) -> Result<(), Trouble> {
    let mut header = [0; 100];
    let read = std::fs::File::open(path)?.read_exact(&mut header);
    let fits = read.is_ok()
        && header.starts_with(b"SQLite format 3\0")
        && header[18..20].iter().all(|mode| [1, 2].contains(mode))
        && header[44..48] == [0, 0, 0, 4]
        && header[56..60] == [0, 0, 0, 1];
    // A new file's tables are still beside it when its first writer ended before it could move them.
    let new = header[44..48] == [0; 4] && header[56..60] == [0; 4];
    if fits || read.is_ok() && new && header.starts_with(b"SQLite format 3\0") {
        return Ok(());
    }
    Err(Trouble::Damaged("it does not begin as a journal does".to_owned()))
}

fn prepare(db: &Connection) -> Result<(), Trouble> {
    db.busy_timeout(BUSY)?;
    // A file made to attack its reader runs nothing.
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}

fn flags(access: OpenFlags) -> OpenFlags {
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW
}

/// The address of a file that nobody writes.
fn immutable(path: &Path) -> PathBuf {
    let mut address = OsString::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' | b'?' | b'#' => address.push(format!("%{byte:02X}")),
            _ => address.push(OsStr::from_bytes(&[*byte])),
        }
    }
    address.push("?immutable=1");
    PathBuf::from(address)
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
