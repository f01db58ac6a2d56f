//! Watching files: which folders to watch so that no look at a file goes stale unseen, and what to do where the
//! system does not tell.
//!
//! A folder is watched for every path that was looked at, with every folder above it (a renamed one takes all below it
//! along) and every folder that a link leads through. Files on a network, and all files once the system's limit is
//! reached, are polled by whoever calls [`Watch::must_poll`].
use notify::event::{Event, EventKindMask};
use notify::{Config, ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Folders of the kernel's own, in which nothing is edited.
const KERNEL: &[&str] = &["/proc", "/sys", "/dev"];

/// Links in one path that are followed.
const MOST_LINKS: usize = 32;

/// File systems that do not tell of changes made elsewhere, by the magic number of statfs(2).
const REMOTE: &[i64] = &[
    0x6969,      // NFS
    0x517b,      // SMB
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB2
    0x0102_1997, // 9p: Windows drives in WSL
    0x6573_5546, // FUSE: sshfs and the like
    0x5346_414f, // AFS
    0x00c3_6400, // Ceph
    0x0bd0_0bd0, // Lustre
    0x786f_4256, // VirtualBox's shared folders
];

/// What is watched.
#[derive(Debug, Default, Clone)]
struct Wanted {
    /// Looked at, there or not.
    paths: BTreeSet<PathBuf>,
    /// Folders whose names count.
    listed: BTreeSet<PathBuf>,
    /// Folders to watch, there or not.
    folders: BTreeSet<PathBuf>,
    /// Folders that came, went or were renamed: a watch on one may be a watch on what it was.
    moved: BTreeSet<PathBuf>,
}

impl Wanted {
    /// Whether something that happened at `path` can change what a look showed.
    fn concerns(&self, path: &Path) -> bool {
        let below = || self.paths.range(path.to_owned()..).next().is_some_and(|p| p.starts_with(path));
        self.paths.contains(path) || path.parent().is_some_and(|p| self.listed.contains(p)) || below()
    }

    fn add(&mut self, path: &Path, listed: bool, links: usize) {
        if !path.is_absolute() || KERNEL.iter().any(|k| path.starts_with(k)) || links > MOST_LINKS {
            return;
        }
        let listed = listed && path.is_dir();
        if listed {
            self.folders.insert(path.to_owned());
            self.listed.insert(path.to_owned());
        }
        if !self.paths.insert(path.to_owned()) {
            return;
        }
        for above in path.ancestors().skip(1) {
            self.folders.insert(above.to_owned());
        }
        // Every link on the way: what it leads to counts as well.
        for part in path.ancestors() {
            let Ok(target) = std::fs::read_link(part) else { continue };
            let rest = path.strip_prefix(part).unwrap_or(Path::new(""));
            let from = part.parent().unwrap_or(Path::new("/"));
            self.add(&plain(&from.join(target).join(rest)), listed, links + 1);
        }
    }
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    use std::path::Component;
    path.components().fold(PathBuf::new(), |mut done, part| {
        match part {
            Component::ParentDir => drop(done.pop()),
            Component::CurDir => {}
            other => done.push(other),
        }
        done
    })
}

/// Where events go.
type Tell = Arc<dyn Fn() + Send + Sync>;

/// A watch over the paths that answers hang on.
pub(crate) struct Watch {
    watcher: Option<RecommendedWatcher>,
    wanted: Arc<Mutex<Wanted>>,
    watched: BTreeSet<PathBuf>,
    trouble: Option<String>,
    remote: Option<PathBuf>,
}

impl Watch {
    /// `tell` is called, on a thread of the watch, whenever an answer may have become stale.
    pub(crate) fn new(tell: Tell) -> Self {
        let wanted: Arc<Mutex<Wanted>> = Arc::default();
        let mut watch = Self {
            watcher: None,
            wanted: Arc::clone(&wanted),
            watched: BTreeSet::new(),
            trouble: None,
            remote: None,
        };
        let handler = move |event: notify::Result<Event>| {
            let concerns = match event {
                Ok(event) if event.need_rescan() || event.paths.is_empty() => true,
                Ok(event) => {
                    let mut wanted = wanted.lock().unwrap_or_else(PoisonError::into_inner);
                    let moved: Vec<_> =
                        event.paths.iter().filter(|p| wanted.folders.contains(*p)).cloned().collect();
                    wanted.moved.extend(moved);
                    event.paths.iter().any(|p| wanted.concerns(p))
                }
                Err(error) => {
                    tracing::warn!(%error, "a watch failed");
                    true
                }
            };
            if concerns {
                tell();
            }
        };
        // Opening and reading is none of our business: half the machine reads /etc.
        let config = Config::default().with_event_kinds(EventKindMask::CORE).with_follow_symlinks(false);
        match RecommendedWatcher::new(handler, config) {
            Ok(watcher) => watch.watcher = Some(watcher),
            Err(error) => watch.give_up(&error),
        }
        watch
    }

    /// Watches what these looks hang on, and nothing else.
    pub(crate) fn follow<'a>(&mut self, looks: impl Iterator<Item = (&'a str, bool)>) {
        let mut wanted = Wanted::default();
        for (path, listed) in looks {
            wanted.add(Path::new(path), listed, 0);
        }
        let before = std::mem::replace(
            &mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner),
            wanted.clone(),
        );
        self.remote = wanted.folders.iter().find(|f| is_remote(f)).cloned();
        let Some(watcher) = self.watcher.as_mut() else { return };
        let mut failed = None;
        let renewed = |f: &PathBuf| before.moved.iter().any(|m| f.starts_with(m));
        for old in self.watched.iter().filter(|f| renewed(f)) {
            let _ = watcher.unwatch(old);
        }
        self.watched.retain(|f| !renewed(f));
        for gone in self.watched.difference(&wanted.folders) {
            let _ = watcher.unwatch(gone);
        }
        let mut watched: BTreeSet<PathBuf> = self.watched.intersection(&wanted.folders).cloned().collect();
        for new in wanted.folders.difference(&self.watched) {
            match watcher.watch(new, RecursiveMode::NonRecursive) {
                Ok(()) => drop(watched.insert(new.clone())),
                // It went away meanwhile, or may not be read; then its files cannot be either.
                Err(e) if matches!(e.kind, ErrorKind::PathNotFound | ErrorKind::WatchNotFound) => {}
                Err(e) if matches!(&e.kind, ErrorKind::Io(io) if is_harmless(io)) => {}
                Err(e) => failed = Some(e),
            }
        }
        self.watched = watched;
        match failed {
            Some(error) => self.give_up(&error),
            None => self.trouble = None,
        }
    }

    fn give_up(&mut self, error: &notify::Error) {
        let reason = match &error.kind {
            ErrorKind::MaxFilesWatch => "this user's limit of inotify watches is reached \
                (/proc/sys/fs/inotify/max_user_watches); files are polled instead"
                .to_owned(),
            ErrorKind::Io(e) if e.raw_os_error() == Some(24) => {
                "this user's limit of inotify instances is reached (/proc/sys/fs/inotify/max_user_instances); \
                files are polled instead"
                    .to_owned()
            }
            _ => format!("files cannot be watched ({error}); they are polled instead"),
        };
        if self.trouble.as_ref() != Some(&reason) {
            tracing::warn!("{reason}");
        }
        self.trouble = Some(reason);
    }

    /// Whether a watched folder came, went or was renamed since.
    pub(crate) fn has_moved(&self) -> bool {
        !self.wanted.lock().unwrap_or_else(PoisonError::into_inner).moved.is_empty()
    }

    /// Whether files must be polled, all or some.
    pub(crate) fn must_poll(&self) -> bool {
        self.trouble.is_some() || self.remote.is_some()
    }

    /// How many paths are watched or polled.
    pub(crate) fn len(&self) -> usize {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).paths.len()
    }

    /// In one word.
    pub(crate) fn how(&self) -> &'static str {
        match (self.trouble.is_some(), self.remote.is_some()) {
            (true, _) => "polling",
            (false, true) => "inotify and polling",
            (false, false) => "inotify",
        }
    }

    /// What is not as it should be.
    pub(crate) fn trouble(&self) -> Option<String> {
        let remote = || {
            let folder = self.remote.as_ref()?;
            Some(format!(
                "`{}` lies on a file system that tells of no changes; it is polled",
                folder.display()
            ))
        };
        self.trouble.clone().or_else(remote)
    }
}

fn is_harmless(e: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(e.kind(), NotFound | NotADirectory | PermissionDenied)
}

fn is_remote(folder: &Path) -> bool {
    rustix::fs::statfs(folder).is_ok_and(|s| REMOTE.contains(&s.f_type))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    fn watch() -> (Watch, Receiver<()>) {
        let (tell, told) = channel();
        let tell = Mutex::new(tell);
        let watch = Watch::new(Arc::new(move || tell.lock().unwrap().send(()).unwrap_or_default()));
        (watch, told)
    }

    fn told(events: &Receiver<()>) {
        events.recv_timeout(Duration::from_secs(20)).expect("a change is told");
        while events.recv_timeout(Duration::from_millis(50)).is_ok() {}
    }

    #[test]
    fn every_way_of_editing_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let (dots, config) = (home.join("dots"), home.join(".codex/config.toml"));
        std::fs::create_dir(&dots).unwrap();
        std::fs::write(dots.join("bashrc"), "one").unwrap();
        std::os::unix::fs::symlink("dots/bashrc", home.join(".bashrc")).unwrap();
        let (mut watch, events) = watch();
        let text = |p: &Path| p.to_string_lossy().into_owned();
        let paths = [text(&home.join(".bashrc")), text(&config)];
        let follow = |watch: &mut Watch| watch.follow(paths.iter().map(|p| (p.as_str(), true)));
        follow(&mut watch);

        std::fs::write(dots.join("bashrc"), "two").unwrap();
        told(&events);
        std::fs::write(dots.join("new"), "three").unwrap();
        std::fs::rename(dots.join("new"), dots.join("bashrc")).unwrap();
        told(&events);
        // A file in a folder that is not there yet.
        std::fs::create_dir(home.join(".codex")).unwrap();
        told(&events);
        follow(&mut watch);
        std::fs::write(&config, "model = \"m\"").unwrap();
        told(&events);
        // The folder is moved away with all in it.
        std::fs::rename(home.join(".codex"), home.join("away")).unwrap();
        told(&events);
        // And another is made in its place.
        std::fs::create_dir(home.join(".codex")).unwrap();
        told(&events);
        follow(&mut watch);
        std::fs::write(&config, "model = \"n\"").unwrap();
        told(&events);
        // The link leads elsewhere.
        std::fs::remove_file(home.join(".bashrc")).unwrap();
        told(&events);
    }

    #[test]
    fn what_nobody_looked_at_is_not_told() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().canonicalize().unwrap();
        let wanted = |paths: &[(&str, bool)]| {
            let mut wanted = Wanted::default();
            for (path, listed) in paths {
                wanted.add(&home.join(path), *listed, 0);
            }
            wanted
        };
        std::fs::create_dir(home.join("conf.d")).unwrap();
        let w = wanted(&[(".bashrc", true), ("conf.d", true), ("a/b/c", false)]);
        for (path, concerns) in [
            (".bashrc", true),
            (".bash_history", false),
            ("conf.d/x", true),
            ("a", true),
            ("a/x", false),
            ("ab", false),
        ] {
            assert_eq!(w.concerns(&home.join(path)), concerns, "{path}");
        }
        // One that is not there yet is watched once it is.
        assert!(w.folders.contains(&home) && w.folders.contains(&home.join("a")));
    }

    #[test]
    fn links_in_a_circle_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("loop");
        std::os::unix::fs::symlink("loop", &path).unwrap();
        let mut wanted = Wanted::default();
        wanted.add(&path, true, 0);
        assert!(wanted.concerns(&path));
    }
}
