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

    /// Whether the path names a place by itself.
    pub fn is_absolute(self, path: &str) -> bool {
        match self {
            Self::Posix => path.starts_with('/'),
            Self::Windows => {
                path.starts_with(r"\\") || {
                    let b = path.as_bytes();
                    b.len() > 2
                        && b[0].is_ascii_alphabetic()
                        && b[1] == b':'
                        && self.is_separator(b[2] as char)
                }
            }
        }
    }

    /// `base` and `rest` as one path; an absolute `rest` stands for itself.
    pub fn join(self, base: &str, rest: &str) -> String {
        if self.is_absolute(rest) || base.is_empty() {
            return rest.to_owned();
        }
        let sep = self.separator();
        format!("{}{sep}{rest}", base.trim_end_matches(|c| self.is_separator(c)))
    }

    /// The directory that holds `path`; `None` at the root.
    pub fn parent(self, path: &str) -> Option<&str> {
        let trimmed = path.trim_end_matches(|c| self.is_separator(c));
        let at = trimmed.rfind(|c| self.is_separator(c))?;
        let parent = &trimmed[..at];
        match self {
            Self::Posix if parent.is_empty() => Some("/"),
            Self::Windows if parent.ends_with(':') => Some(&trimmed[..=at]),
            Self::Windows if parent.is_empty() || parent == r"\" => None,
            _ => Some(parent),
        }
    }

    /// The last part of `path`.
    pub fn file_name(self, path: &str) -> &str {
        let trimmed = path.trim_end_matches(|c| self.is_separator(c));
        trimmed.rsplit(|c| self.is_separator(c)).next().unwrap_or(trimmed)
    }
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
    }

    #[test]
    fn joins_in_the_hosts_style() {
        assert_eq!(Posix.join("/a/", "b"), "/a/b");
        assert_eq!(Posix.join("/a", "/b"), "/b");
        assert_eq!(Windows.join(r"C:\a", "b"), r"C:\a\b");
        assert_eq!(Windows.join(r"C:\a", r"\\server\share"), r"\\server\share");
        assert_eq!(Windows.file_name(r"C:\a\b.toml"), "b.toml");
    }
}
