//! The key under which fingerprints are made: one per installation, never shown, never sent.
use crate::secret::Environment;
use envsplit_model::{EnvLookup as _, Fingerprint, Sighting};
use std::io::Write as _;
#[cfg(unix)]
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use zeroize::Zeroize;

/// A key for fingerprints.
pub(crate) struct FingerprintKey {
    key: [u8; 32],
    id: String,
}

impl Drop for FingerprintKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl FingerprintKey {
    /// The installation's key in `dir`, made when there is none. Where the folder cannot be used, a key for this run
    /// alone: fingerprints are then not comparable with those of another run, and their key id says so.
    pub(crate) fn of_installation(dir: Option<&Path>) -> Self {
        if let Some(dir) = dir {
            match Self::load_or_make(dir) {
                Ok(key) => return key,
                Err(error) => tracing::warn!(%error, "no lasting fingerprint key"),
            }
        }
        Self::fresh()
    }

    /// A key for one comparison.
    pub(crate) fn fresh() -> Self {
        let mut key = [0; 32];
        if getrandom::fill(&mut key).is_err() {
            // Without randomness a fingerprint could be guessed at: derive from what no other process can know.
            let address = std::ptr::from_ref(&key).addr();
            let clock =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let seed = format!("{address}{:?}{}", clock, std::process::id());
            key = *blake3::hash(seed.as_bytes()).as_bytes();
        }
        Self::of(key)
    }

    fn of(key: [u8; 32]) -> Self {
        let id = blake3::keyed_hash(&key, b"envsplit key id").to_hex()[..8].to_owned();
        Self { key, id }
    }

    fn load_or_make(dir: &Path) -> std::io::Result<Self> {
        let path = dir.join("fingerprint.key");
        match Self::load(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => return other,
        }
        std::fs::create_dir_all(dir)?;
        // On Windows the folder is below the profile, which lets no other user in, and hands that on.
        #[cfg(unix)]
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
        let fresh = Self::fresh();
        let temporary = dir.join(format!("fingerprint.key.{}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&temporary)?;
        let written = file.write_all(&fresh.key).and_then(|()| std::fs::hard_link(&temporary, &path));
        std::fs::remove_file(&temporary)?;
        match written {
            // Another process was first: its key is the installation's.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Self::load(&path),
            Err(error) => Err(error),
            Ok(()) => Ok(fresh),
        }
    }

    fn load(path: &Path) -> std::io::Result<Self> {
        let bytes = std::fs::read(path)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| std::io::Error::other(format!("`{}` is not a key of 32 bytes", path.display())))?;
        Ok(Self::of(key))
    }

    /// Names the key; two fingerprints are compared only under the same one.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The fingerprint of a value.
    pub(crate) fn of_value(&self, value: &[u8]) -> Fingerprint {
        Fingerprint::new(&self.id, &blake3::keyed_hash(&self.key, value).to_hex()[..16])
    }

    /// A variable in an environment, without its value.
    pub(crate) fn sight(&self, env: &Environment, name: &str) -> Sighting {
        match env.get(name) {
            None => Sighting::absent(),
            Some(value) => Sighting::present(self.of_value(value), envsplit_codex::taints(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_lasts_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("data");
        let first = FingerprintKey::of_installation(Some(&home)).of_value(b"v");
        let second = FingerprintKey::of_installation(Some(&home)).of_value(b"v");
        assert_eq!(first.same(&second), Some(true));
        #[cfg(unix)]
        {
            let mode = std::fs::metadata(home.join("fingerprint.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(FingerprintKey::fresh().of_value(b"v").same(&first), None, "another key does not compare");
    }

    #[test]
    fn a_spoilt_key_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("fingerprint.key"), b"short").unwrap();
        let a = FingerprintKey::of_installation(Some(dir.path())).of_value(b"v");
        let b = FingerprintKey::of_installation(Some(dir.path())).of_value(b"v");
        assert_eq!(a.same(&b), None);
        assert_eq!(std::fs::read(dir.path().join("fingerprint.key")).unwrap(), b"short");
    }
}
