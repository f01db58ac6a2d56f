//! What an answer was made from: every look at a file, so that an answer can be kept until one of them would show
//! something else. Knows files by path and stamp; a content is kept as a hash, and only while its stamp may lie.
use envsplit_model::{FileError, FileKind, FileTimes};
use jiff::{SignedDuration, Timestamp};
use std::cell::RefCell;

/// A file whose stamp is not older than this when it is looked at may change again without changing its stamp: file
/// systems keep time in ticks.
const TICK: SignedDuration = SignedDuration::from_millis(50);

/// What tells one content of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    pub(crate) times: FileTimes,
}

/// One look, and what it showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The content of a file, or the names in a directory. The hash is there while the stamp alone proves nothing.
    Content { stamp: Result<Stamp, FileError>, hash: Option<blake3::Hash> },
    /// What stands there.
    Kind(Result<FileKind, FileError>),
    /// Where links lead.
    Canonical(Result<String, FileError>),
    /// When it changed.
    Times(Result<FileTimes, FileError>),
}

/// A look at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) path: String,
    pub(crate) seen: Seen,
}

/// What an answer was made from, for whoever keeps it.
#[derive(Clone, Debug, Default)]
pub struct Looks(pub(crate) Vec<Look>);

impl Looks {
    /// Whether every look would show the same now.
    pub fn hold(&self) -> bool {
        self.0.iter().all(Look::holds)
    }

    /// The files whose content is another one since, each told once.
    pub fn take_changed(&mut self) -> Vec<String> {
        let mut changed: Vec<String> = vec![];
        for look in &mut self.0 {
            if matches!(look.seen, Seen::Content { .. }) && !look.holds() {
                look.renew();
                changed.push(look.path.clone());
            }
        }
        changed.sort();
        changed.dedup();
        changed
    }

    /// The paths that were looked at, there or not, each with whether its content counts (for a directory: the names
    /// in it) and not only what stands there.
    pub fn paths(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().map(|l| (l.path.as_str(), matches!(l.seen, Seen::Content { .. })))
    }
}

thread_local! {
    static LOOKS: RefCell<Vec<Vec<Look>>> = const { RefCell::new(vec![]) };
}

/// Runs `work` and gives every look at a file that it took on this thread. Looks of an inner recording count for the
/// outer one as well.
pub(crate) fn recording<R>(work: impl FnOnce() -> R) -> (R, Vec<Look>) {
    LOOKS.with_borrow_mut(|l| l.push(vec![]));
    let result = work();
    let looks = LOOKS.with_borrow_mut(Vec::pop).unwrap_or_default();
    LOOKS.with_borrow_mut(|l| {
        if let Some(outer) = l.last_mut() {
            outer.extend(looks.iter().cloned());
        }
    });
    (result, looks)
}

/// Notes a look, where somebody records.
pub(crate) fn note(path: &str, seen: impl FnOnce() -> Seen) {
    let wanted = LOOKS.with_borrow(|l| !l.is_empty());
    if wanted {
        let look = Look { path: path.to_owned(), seen: seen() };
        LOOKS.with_borrow_mut(|l| {
            if let Some(last) = l.last_mut().filter(|l| !l.contains(&look)) {
                last.push(look);
            }
        });
    }
}

/// The hash to keep beside a stamp that was taken just now: none where the stamp is old enough to tell.
pub(crate) fn hash_of(stamp: &Stamp, content: &[u8]) -> Option<blake3::Hash> {
    let young = Timestamp::now().duration_since(stamp.times.latest()) < TICK;
    young.then(|| blake3::hash(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outer_recording_has_what_an_inner_one_saw() {
        let kind = || Seen::Kind(Ok(FileKind::File));
        let (((), inner), outer) = recording(|| {
            note("/a", kind);
            recording(|| note("/b", kind))
        });
        let paths = |l: &[Look]| l.iter().map(|l| l.path.clone()).collect::<Vec<_>>();
        assert_eq!(paths(&inner), ["/b"]);
        assert_eq!(paths(&outer), ["/a", "/b"]);
        note("/c", || panic!("nobody records"));
    }
}
