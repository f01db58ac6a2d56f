//! What is asked of a Windows file system.
use super::error;
use crate::depends::Stamp;
use envsplit_model::{FileError, FileTimes};
use jiff::Timestamp;
use std::fs::File;
use std::os::windows::fs::OpenOptionsExt as _;
use winapi_util::file::{Information, information, typ};

/// `ERROR_CANT_RESOLVE_FILENAME`.
pub(super) const LINK_LOOP: i32 = 1921;

/// `FILE_FLAG_BACKUP_SEMANTICS`: without it a directory cannot be opened.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;

/// Without the prefix `\\?\` where the plain path means the same: people write it so.
pub(super) use dunce::canonicalize;

/// A time of the file system: steps of 100 ns since 1601.
fn time(steps: Option<u64>) -> Timestamp {
    const STEPS: u64 = 10_000_000;
    const TO_UNIX: i64 = 11_644_473_600;
    let steps = steps.unwrap_or(0);
    let seconds = i64::try_from(steps / STEPS).unwrap_or(0) - TO_UNIX;
    let nanos = i32::try_from(steps % STEPS * 100).unwrap_or(0);
    Timestamp::new(seconds, nanos).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A file that is copied here keeps the time of its content; that of its creation then tells more.
fn times(modified: Timestamp, created: Timestamp) -> FileTimes {
    FileTimes { modified, changed: modified.max(created) }
}

fn stamp(info: &Information) -> Stamp {
    let times = times(time(info.last_write_time()), time(info.creation_time()));
    Stamp { device: info.volume_serial_number(), inode: info.file_index(), size: info.file_size(), times }
}

pub(super) fn stamp_at(path: &str) -> Result<Stamp, FileError> {
    let options = std::fs::OpenOptions::new().access_mode(0).custom_flags(BACKUP_SEMANTICS).open(path);
    let file = options.map_err(|e| error(&e))?;
    information(&file).map(|i| stamp(&i)).map_err(|e| error(&e))
}

/// A regular file, open for reading.
pub(super) fn open(path: &str) -> Result<(File, Stamp), FileError> {
    let file = File::open(path).map_err(|e| match error(&e) {
        // Windows says the same of a directory and of a file that may not be read.
        FileError::Denied if super::metadata(path).is_ok_and(|m| m.is_dir()) => FileError::IsDirectory,
        other => other,
    })?;
    // Devices and pipes have names as files do, in every directory: `NUL`, `COM1`.
    if !typ(&file).is_ok_and(|t| t.is_disk()) {
        return Err(FileError::NotRegular);
    }
    information(&file).map(|i| (file, stamp(&i))).map_err(|e| error(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DiskFiles;
    use envsplit_model::{FileKind, Files as _};

    #[test]
    fn what_is_no_regular_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        let files = DiskFiles::default();
        assert_eq!(files.read(&dir.path().to_string_lossy()), Err(FileError::IsDirectory));
        assert_eq!(files.read("NUL"), Err(FileError::NotRegular));
        assert_eq!(files.read(&at("none")), Err(FileError::NotFound));
        assert_eq!(files.read(&at("none/below")), Err(FileError::NotFound));
        assert_eq!(files.read("a\0b"), Err(FileError::NotFound));
    }

    #[test]
    fn one_file_has_many_spellings_and_one_real_path() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("Config.TOML"), b"a = 1\r\n").unwrap();
        let plain = dir.path().join("config.toml").to_string_lossy().into_owned();
        let files = DiskFiles::default();
        let real = files.canonical(&plain).unwrap();
        assert!(real.ends_with(r"\Config.TOML") && !real.starts_with(r"\\?\"), "{real}");
        for spelling in [plain.to_uppercase(), plain.replace('\\', "/"), format!(r"\\?\{real}")] {
            assert_eq!(files.kind(&spelling), Ok(FileKind::File), "{spelling}");
            assert_eq!(files.read(&spelling).unwrap(), b"a = 1\r\n", "{spelling}");
            assert_eq!(files.canonical(&spelling).as_ref(), Ok(&real), "{spelling}");
            assert_eq!(files.times(&spelling), files.times(&plain), "{spelling}");
        }
    }

    #[test]
    fn times_are_those_of_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"x").unwrap();
        let at = Timestamp::new(1_000_000_000, 123_456_700).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_modified(at.into()).unwrap();
        assert_eq!(DiskFiles::default().times(&path.to_string_lossy()).unwrap().modified, at);
    }

    #[test]
    fn a_copy_is_as_young_as_its_making() {
        let [early, late] = [1, 2].map(|s| Timestamp::from_second(s).unwrap());
        assert_eq!(times(early, late).latest(), late);
        assert_eq!(times(late, early).latest(), late);
    }
}
