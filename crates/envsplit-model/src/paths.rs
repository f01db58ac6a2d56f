//! Paths as text, in the style of the host that they belong to: a Windows path is judged on Linux as well.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How paths are written on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PathStyle {
    /// `/home/u`
    Posix,
    /// `C:\Users\u`
    Windows,
}

impl PathStyle {
    /// The separator that joins parts.
    pub const fn separator(self) -> char {
        match self {
            Self::Posix => '/',
            Self::Windows => '\\',
        }
    }

    fn is_separator(self, c: char) -> bool {
        c == '/' || (self == Self::Windows && c == '\\')
    }

    /// The root that `path` begins with, the separator behind it included: `/`; `C:\`, `\\server\share\`, `\\?\C:\`, and
    /// `\` (of whichever drive is the current one). Empty where the path has none.
    pub fn root(self, path: &str) -> &str {
        let separator = |c| self.is_separator(c);
        // Up to the separator behind so many parts.
        let parts = |from: usize, count: usize| {
            let mut end = from;
            for _ in 0..count {
                end += path[end..].find(separator).map_or(path.len() - end, |at| at + 1);
            }
            &path[..end]
        };
        let b = path.as_bytes();
        let is_separator = |at: usize| b.get(at).is_some_and(|c| separator(*c as char));
        match self {
            Self::Posix => &path[..usize::from(is_separator(0))],
            Self::Windows if path.starts_with(r"\\?\") || path.starts_with(r"\\.\") => {
                let share = path.get(4..8).is_some_and(|p| p.eq_ignore_ascii_case(r"UNC\"));
                if share { parts(8, 2) } else { parts(4, 1) }
            }
            Self::Windows if is_separator(0) && is_separator(1) => parts(2, 2),
            Self::Windows if is_separator(0) => &path[..1],
            Self::Windows if has_drive(path) && is_separator(2) => &path[..3],
            Self::Windows => "",
        }
    }

    /// Whether the path names a place by itself.
    pub fn is_absolute(self, path: &str) -> bool {
        match self {
            Self::Posix => path.starts_with('/'),
            Self::Windows => self.root(path).len() > 1,
        }
    }

    /// `base` and `rest` as one path; an absolute `rest` stands for itself. On Windows `\a` is on the drive of `base`,
    /// and `C:a` begins at a directory that only the process knows: it stays as it is.
    pub fn join(self, base: &str, rest: &str) -> String {
        if self.is_absolute(rest) || base.is_empty() || (self == Self::Windows && has_drive(rest)) {
            return rest.to_owned();
        }
        let (base, sep) = match self.root(rest) {
            "" => (base, self.separator().to_string()),
            _ => (self.root(base), String::new()),
        };
        format!("{}{sep}{rest}", base.trim_end_matches(|c| self.is_separator(c)))
    }

    /// The directory that holds `path`; `None` at the root.
    pub fn parent(self, path: &str) -> Option<&str> {
        let root = self.root(path).len();
        let trimmed = path.trim_end_matches(|c| self.is_separator(c));
        let inner = trimmed.get(root..).filter(|inner| !inner.is_empty())?;
        match inner.rfind(|c| self.is_separator(c)) {
            Some(at) => Some(&trimmed[..root + at]),
            None => (root > 0).then(|| &trimmed[..root]),
        }
    }

    /// The last part of `path`.
    pub fn file_name(self, path: &str) -> &str {
        let trimmed = path.trim_end_matches(|c| self.is_separator(c));
        trimmed.rsplit(|c| self.is_separator(c)).next().unwrap_or(trimmed)
    }
}

/// Whether a Windows path begins with a drive's letter.
fn has_drive(path: &str) -> bool {
    let b = path.as_bytes();
    b.len() > 1 && b[0].is_ascii_alphabetic() && b[1] == b':'
}

#[cfg(test)]
mod tests {
    use super::PathStyle::{Posix, Windows};

    #[test]
    fn parents_end_at_the_root() {
        assert_eq!(Posix.parent("/a/b/"), Some("/a"));
        assert_eq!(Posix.parent("/a"), Some("/"));
        assert_eq!(Posix.parent("/"), None);
        assert_eq!(Windows.parent(r"C:\Users\u"), Some(r"C:\Users"));
        assert_eq!(Windows.parent(r"C:\Users"), Some(r"C:\"));
        assert_eq!(Windows.parent(r"C:\"), None);
        assert_eq!(Windows.parent("C:/Users/u"), Some("C:/Users"));
        for root in
            [r"\\server\share\", r"\\?\C:\", r"\\?\UNC\server\share\", r"\\?\Volume{1}\", "//server/share/"]
        {
            assert_eq!(Windows.parent(&format!("{root}a")), Some(root));
            assert_eq!(Windows.parent(root), None, "{root}");
            assert_eq!(Windows.parent(root.trim_end_matches(['/', '\\'])), None, "{root}");
        }
    }

    #[test]
    fn windows_tells_roots_from_names() {
        for absolute in [r"C:\", "c:/a", r"\\server\share\a", r"\\?\C:\a", r"\\.\pipe\a"] {
            assert!(Windows.is_absolute(absolute), "{absolute}");
        }
        for relative in ["C:", "C:a", r"\a", "/a", "a", "", ".codex"] {
            assert!(!Windows.is_absolute(relative), "{relative}");
        }
    }

    #[test]
    fn joins_in_the_hosts_style() {
        assert_eq!(Posix.join("/a/", "b"), "/a/b");
        assert_eq!(Posix.join("/a", "/b"), "/b");
        assert_eq!(Windows.join(r"C:\a", "b"), r"C:\a\b");
        assert_eq!(Windows.join(r"C:\a", r"\\server\share"), r"\\server\share");
        assert_eq!(Windows.join(r"C:\a\b", r"\c"), r"C:\c", "a root without a drive");
        assert_eq!(Windows.join(r"\\server\share\b", "/c"), r"\\server\share/c");
        assert_eq!(Windows.join(r"C:\a", "D:b"), "D:b");
        assert_eq!(Windows.join(r"C:\", "b"), r"C:\b");
        assert_eq!(Windows.file_name(r"C:\a\b.toml"), "b.toml");
    }
}
