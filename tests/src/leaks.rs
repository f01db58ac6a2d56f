//! Looks for planted secrets in what a run left: its output, and every file written since it began.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// One line for each secret in an output stream or in a file below `root` that was written since `began`.
pub fn find(
    secrets: &BTreeMap<String, String>,
    outputs: &[(&str, &[u8])],
    root: &Path,
    began: SystemTime,
) -> Vec<String> {
    let mut leaks = in_streams(secrets, outputs);
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        // A directory that vanishes meanwhile holds nothing that is left behind.
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let Ok(meta) = entry.path().symlink_metadata() else { continue };
            if meta.is_dir() {
                dirs.push(entry.path());
            } else if meta.is_file() && meta.modified().is_ok_and(|at| at >= began) {
                let Ok(bytes) = fs::read(entry.path()) else { continue };
                let found = secrets.iter().filter(|(_, value)| contains(&bytes, value.as_bytes()));
                leaks.extend(found.map(|(name, _)| format!("secret {name} in {}", entry.path().display())));
            }
        }
    }
    leaks
}

/// One line for each secret in an output stream.
pub fn in_streams(secrets: &BTreeMap<String, String>, outputs: &[(&str, &[u8])]) -> Vec<String> {
    let mut leaks = Vec::new();
    for (name, value) in secrets {
        let told = outputs.iter().filter(|(_, bytes)| contains(bytes, value.as_bytes()));
        leaks.extend(told.map(|(stream, _)| format!("secret {name} in {stream}")));
    }
    leaks
}

/// Whether the needle is anywhere in the bytes. An empty needle is nowhere.
pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return false };
    let mut from = bytes;
    while let Some(at) = from.iter().position(|b| b == first) {
        from = &from[at + 1..];
        if from.starts_with(rest) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_streams_and_young_files_only() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("deep")).unwrap();
        fs::write(dir.path().join("deep/new"), b"\0canary1\xff").unwrap();
        let old = fs::File::create(dir.path().join("old")).unwrap();
        fs::write(dir.path().join("old"), "canary1").unwrap();
        old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let secrets = BTreeMap::from([("KEY".to_owned(), "canary1".to_owned())]);
        let began = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
        let leaks = find(&secrets, &[("stdout", b"ccanary1"), ("stderr", b"canar")], dir.path(), began);
        assert_eq!(leaks[0], "secret KEY in stdout");
        assert!(leaks[1].ends_with("deep/new"), "{leaks:?}");
        assert_eq!(leaks.len(), 2, "{leaks:?}");
    }
}
