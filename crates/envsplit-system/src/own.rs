//! Where envsplit keeps what is its own: the data folder by the platform's rules, the socket by the user id alone.
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;

/// The data folder: `ENVSPLIT_DATA_DIR` (for tests), else the platform's. `None` where no home is known.
pub fn data_dir() -> Option<PathBuf> {
    if let Some(dir) = std::env::var_os("ENVSPLIT_DATA_DIR").filter(|d| !d.is_empty()) {
        return Some(PathBuf::from(dir));
    }
    Some(directories::ProjectDirs::from("", "", "envsplit")?.data_local_dir().to_owned())
}

/// The folder of the socket: `ENVSPLIT_RUNTIME_DIR` (for tests), else a place that follows from the user id alone,
/// never from a variable: variables are what splits, and a terminal, an IDE and `wsl.exe --exec` must meet the same
/// daemon.
#[cfg(unix)]
pub(crate) fn runtime_dir(uid: u32, passwd_home: Option<&str>) -> Option<PathBuf> {
    if let Some(dir) = std::env::var_os("ENVSPLIT_RUNTIME_DIR").filter(|d| !d.is_empty()) {
        return Some(PathBuf::from(dir));
    }
    runtime_dir_of(uid, passwd_home, Path::new("/run/user"))
}

#[cfg(unix)]
fn runtime_dir_of(uid: u32, passwd_home: Option<&str>, run_user: &Path) -> Option<PathBuf> {
    let session = run_user.join(uid.to_string());
    if session.is_dir() {
        return Some(session.join("envsplit"));
    }
    Some(Path::new(passwd_home?).join(".local/state/envsplit/run"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_sockets_place_follows_from_the_user_id() {
        let run = tempfile::tempdir().unwrap();
        std::fs::create_dir(run.path().join("7")).unwrap();
        assert_eq!(runtime_dir_of(7, None, run.path()), Some(run.path().join("7/envsplit")));
        let home = runtime_dir_of(8, Some("/home/u"), run.path());
        assert_eq!(home, Some(PathBuf::from("/home/u/.local/state/envsplit/run")));
        assert_eq!(runtime_dir_of(8, None, run.path()), None);
    }
}
