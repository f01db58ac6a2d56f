//! Changes of the user's files, on the command line only: all of them or none, atomic, with modes kept and a backup from
//! which every byte comes back.
#![allow(clippy::disallowed_methods)] // the one place where this program writes files that are the user's
mod backup;
mod text;

pub(crate) use backup::{folder, undo};

use backup::Backup;
use envsplit_model::{Change, text::shown};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// More than a start-up file or a config has.
const LIMIT: u64 = 4 * 1024 * 1024;

/// What was done.
pub(crate) struct Done {
    /// The number of the backup; `None` where nothing had to change.
    pub(crate) backup: Option<String>,
    /// The files that were written, as they are after all links.
    pub(crate) files: Vec<PathBuf>,
}

/// A file as it was read.
pub(crate) struct Before {
    /// What stood there; `None` where there was no file.
    pub(crate) bytes: Option<Vec<u8>>,
    /// Its permissions.
    pub(crate) mode: u32,
}

/// Makes all changes of a fix, or none, with a backup in `folder`; the error says why, in one sentence.
pub(crate) fn make(folder: &Path, (code, fix): (&str, &str), changes: &[Change]) -> Result<Done, String> {
    let mut files: BTreeMap<PathBuf, (Before, Vec<u8>)> = BTreeMap::new();
    for change in changes {
        let path = path_of(change).ok_or("this version does not know how to make that change")?;
        let target = resolved(path)?;
        if !files.contains_key(&target) {
            let before = read(&target)?;
            let now = before.bytes.clone().unwrap_or_default();
            files.insert(target.clone(), (before, now));
        }
        let Some((_, now)) = files.get_mut(&target) else { continue };
        *now = text::changed(now, change).map_err(|why| format!("{}: {why}", shown(path)))?;
    }
    files.retain(|_, (before, now)| before.bytes.as_ref() != Some(now));
    if files.is_empty() {
        return Ok(Done { backup: None, files: vec![] });
    }
    let backup = Backup::make(folder, (code, fix), &files)?;
    for (path, (before, now)) in &files {
        if let Err(why) = write(path, now, before.mode) {
            let undone = undo(folder, Some(&backup.number));
            let also = if undone.is_ok() { "nothing was changed" } else { "the backup was kept" };
            return Err(format!("{}: {why}; {also}", shown(&path.to_string_lossy())));
        }
    }
    Ok(Done { backup: Some(backup.number), files: files.into_keys().collect() })
}

fn path_of(change: &Change) -> Option<&str> {
    match change {
        Change::Append { path, .. }
        | Change::Replace { path, .. }
        | Change::MoveToTop { path, .. }
        | Change::UnixLineEnds { path } => Some(path),
        Change::Unknown => None,
    }
}

/// The file behind all links. One that does not exist yet lies in a directory that does.
fn resolved(path: &str) -> Result<PathBuf, String> {
    let path = Path::new(path);
    let cannot = |e: std::io::Error| format!("{}: {e}", shown(&path.to_string_lossy()));
    if let Ok(found) = fs::canonicalize(path) {
        return Ok(found);
    }
    if path.symlink_metadata().is_ok() {
        return Err(format!("{} is a link that leads nowhere", shown(&path.to_string_lossy())));
    }
    let parent = path.parent().ok_or("a file in the root directory is not changed")?;
    let name = path.file_name().ok_or("that is no file's path")?;
    Ok(fs::canonicalize(parent).map_err(cannot)?.join(name))
}

fn read(path: &Path) -> Result<Before, String> {
    let place = shown(&path.to_string_lossy());
    let meta = match path.metadata() {
        Ok(meta) => meta,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Before { bytes: None, mode: 0o644 }),
        Err(e) => return Err(format!("{place}: {e}")),
    };
    if !meta.is_file() {
        return Err(format!("{place} is not a regular file"));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("{place} belongs to another user: change it yourself"));
    }
    if meta.nlink() > 1 {
        return Err(format!("{place} has a second name (a hard link): change it yourself"));
    }
    if meta.len() > LIMIT {
        return Err(format!("{place} has more than {LIMIT} bytes"));
    }
    let bytes = fs::read(path).map_err(|e| format!("{place}: {e}"))?;
    Ok(Before { bytes: Some(bytes), mode: meta.permissions().mode() & 0o7777 })
}

/// Writes beside the file and renames, so that a reader sees the old or the new.
fn write(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.envsplit-{}", std::process::id()));
    let result = (|| {
        let mut file = private(&beside)?;
        file.write_all(bytes)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if result.is_err() {
        let _ = fs::remove_file(&beside);
    }
    result
}

/// A new file that nobody else can read.
fn private(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn append(path: &Path) -> Change {
        Change::Append { path: path.to_string_lossy().into_owned(), text: "x".to_owned() }
    }

    fn scratch() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("data/backups");
        (dir, folder)
    }

    const WHAT: (&str, &str) = ("env/x", "f");

    #[test]
    fn every_byte_and_mode_comes_back_and_the_copies_are_private() {
        let (dir, folder) = scratch();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        fs::write(&old, b"a\xff\r\n").unwrap();
        fs::set_permissions(&old, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("old", dir.path().join("link")).unwrap();
        let done = make(&folder, WHAT, &[append(&dir.path().join("link")), append(&new)]).unwrap();
        assert_eq!(done.files.len(), 2);
        assert_eq!(fs::read(&old).unwrap(), b"a\xff\r\nx\n");
        assert_eq!(old.metadata().unwrap().mode() & 0o7777, 0o640);
        assert!(dir.path().join("link").is_symlink());
        for entry in fs::read_dir(folder.join(done.backup.as_ref().unwrap())).unwrap().flatten() {
            assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{:?}", entry.path());
        }
        assert_eq!(folder.metadata().unwrap().mode() & 0o777, 0o700);
        let again = make(&folder, WHAT, &[append(&old), append(&new)]).unwrap();
        assert!(again.files.is_empty() && again.backup.is_none(), "a second time changes nothing");
        assert_eq!(undo(&folder, None).unwrap().files.len(), 2);
        assert_eq!(fs::read(&old).unwrap(), b"a\xff\r\n");
        assert_eq!(old.metadata().unwrap().mode() & 0o7777, 0o640);
        assert!(!new.exists());
        assert!(undo(&folder, None).is_err(), "nothing is left to take back");
    }

    #[test]
    fn all_changes_are_made_or_none() {
        let (dir, folder) = scratch();
        let file = dir.path().join("file");
        fs::write(&file, "a\n").unwrap();
        let path = file.to_string_lossy().into_owned();
        let wrong = Change::Replace { path, line: 7, old: "a".to_owned(), new: "b".to_owned() };
        assert!(make(&folder, WHAT, &[append(&file), wrong]).is_err());
        assert!(make(&folder, WHAT, &[append(&file), Change::Unknown]).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"a\n");
        assert!(!folder.exists());
    }

    #[test]
    fn what_is_no_plain_file_of_the_users_is_left_alone() {
        let (dir, folder) = scratch();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("directory")).unwrap();
        symlink("gone", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        fs::write(at("one"), "a").unwrap();
        fs::hard_link(at("one"), at("two")).unwrap();
        for name in ["directory", "dangling", "loop", "two", "no/such/folder"] {
            let error = make(&folder, WHAT, &[append(&at(name))]).err().unwrap_or_else(|| panic!("{name}"));
            assert!(error.contains(name.split('/').next().unwrap()), "{error}");
        }
        assert_eq!(fs::read(at("one")).unwrap(), b"a");
    }

    #[test]
    fn a_file_that_was_changed_since_is_not_taken_back() {
        let (dir, folder) = scratch();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        let done = make(&folder, WHAT, &[append(&one), append(&two)]).unwrap();
        fs::write(&two, "mine").unwrap();
        assert!(undo(&folder, done.backup.as_deref()).err().unwrap().contains("changed since"));
        assert!(one.exists(), "all or none");
        assert!(undo(&folder, Some("12")).err().unwrap().contains("no such backup"));
    }
}
