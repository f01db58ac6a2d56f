//! What the files were, in a folder of envsplit's own that only the user can read, until it is taken back.
use super::{Before, private, read, write};
use envsplit_model::text::shown;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Backups that are kept; the oldest goes first.
const KEPT: usize = 20;

/// A backup.
pub(super) struct Backup {
    /// Its number: the time at which it was made.
    pub(super) number: String,
}

/// What stands beside the copies.
#[derive(Serialize, Deserialize)]
struct Manifest {
    schema: String,
    code: String,
    fix: String,
    files: Vec<Saved>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    path: PathBuf,
    /// The copy; absent where there was no file.
    copy: Option<String>,
    mode: u32,
    /// The bytes that the change wrote, as a second copy: a file that was changed since is not taken back.
    written: String,
}

/// What was taken back.
pub(crate) struct Undone {
    /// The backup's number.
    pub(crate) number: String,
    /// The files.
    pub(crate) files: Vec<PathBuf>,
}

/// Where backups lie.
pub(crate) fn folder() -> Result<PathBuf, String> {
    let data = envsplit_system::data_dir().ok_or("no folder for a backup is known: HOME is not set")?;
    Ok(data.join("backups"))
}

fn make_folder(path: &Path) -> Result<(), String> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| format!("{}: {e}", shown(&path.to_string_lossy())))
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let saved = private(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    saved.map_err(|e| format!("the backup {}: {e}", shown(&path.to_string_lossy())))
}

impl Backup {
    /// Copies the files as they are.
    pub(super) fn make(
        folder: &Path,
        (code, fix): (&str, &str),
        files: &BTreeMap<PathBuf, (Before, Vec<u8>)>,
    ) -> Result<Self, String> {
        make_folder(folder)?;
        forget_the_oldest(folder);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let number = format!("{}", now.map_or(0, |d| d.as_millis()));
        let own = folder.join(&number);
        make_folder(&own)?;
        let mut saved = vec![];
        for (at, (path, (before, now))) in files.iter().enumerate() {
            let copy = before.bytes.as_ref().map(|_| format!("{at}.before"));
            if let (Some(name), Some(bytes)) = (&copy, &before.bytes) {
                save(&own.join(name), bytes)?;
            }
            let written = format!("{at}.after");
            save(&own.join(&written), now)?;
            saved.push(Saved { path: path.clone(), copy, mode: before.mode, written });
        }
        let manifest = Manifest {
            schema: "envsplit.backup/v1".to_owned(),
            code: code.to_owned(),
            fix: fix.to_owned(),
            files: saved,
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(|e| format!("the backup: {e}"))?;
        save(&own.join("manifest.json"), &text)?;
        Ok(Self { number })
    }
}

/// The numbers of the backups, the oldest first.
fn numbers(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut numbers: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    numbers
        .retain(|n| n.bytes().all(|b| b.is_ascii_digit()) && folder.join(n).join("manifest.json").exists());
    numbers.sort_by_key(|n| n.parse::<u128>().unwrap_or(0));
    numbers
}

fn forget_the_oldest(folder: &Path) {
    let numbers = numbers(folder);
    for number in numbers.iter().take(numbers.len().saturating_sub(KEPT - 1)) {
        let _ = fs::remove_dir_all(folder.join(number));
    }
}

/// Takes a change back, the last one where no number is given: every byte, or nothing where a file is no longer what was
/// written.
pub(crate) fn undo(folder: &Path, number: Option<&str>) -> Result<Undone, String> {
    let all = numbers(folder);
    let number = match number {
        None => all.last().ok_or("there is nothing to take back")?.clone(),
        Some(number) if all.iter().any(|n| n == number) => number.to_owned(),
        Some(_) => return Err(format!("there is no such backup; there are: {}", all.join(", "))),
    };
    let own = folder.join(&number);
    let place = shown(&own.to_string_lossy());
    let text = fs::read(own.join("manifest.json")).map_err(|e| format!("{place}: {e}"))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|e| format!("{place}: {e}"))?;
    let mut files = vec![];
    for saved in &manifest.files {
        let copied = |name: &String| fs::read(own.join(name)).map_err(|e| format!("{place}: {e}"));
        let (written, now) = (copied(&saved.written)?, read(&saved.path)?);
        let before = saved.copy.as_ref().map(copied).transpose()?;
        if now.bytes == before {
            continue;
        }
        if now.bytes.as_ref() != Some(&written) {
            return Err(format!(
                "{} was changed since: nothing is taken back; the copies are in {place}",
                shown(&saved.path.to_string_lossy())
            ));
        }
        files.push((saved, before));
    }
    for (saved, before) in &files {
        let result = match before {
            Some(bytes) => write(&saved.path, bytes, saved.mode),
            None => fs::remove_file(&saved.path),
        };
        result.map_err(|e| {
            format!("{}: {e}; the copies are in {place}", shown(&saved.path.to_string_lossy()))
        })?;
    }
    fs::remove_dir_all(&own).map_err(|e| format!("{place}: {e}"))?;
    Ok(Undone { number, files: files.into_iter().map(|(saved, _)| saved.path.clone()).collect() })
}
