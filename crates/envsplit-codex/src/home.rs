//! `CODEX_HOME`: where Codex keeps its files.
use crate::Surroundings;
use envsplit_model::{Code, FileError, FileKind, HomeFrom, Problem};

/// The home, or why there is none.
pub(crate) struct Home {
    pub(crate) path: Option<String>,
    pub(crate) from: HomeFrom,
    pub(crate) problem: Option<Problem>,
    pub(crate) unknown: Option<String>,
}

/// Codex 0.169, `find_codex_home`: `CODEX_HOME` when it is UTF-8 and not empty (it is not trimmed): it must be a
/// directory, and links in it are resolved. Else `.codex` in the user's home, which need not exist.
pub(crate) fn find(s: &Surroundings<'_>) -> Home {
    let Some(value) = s.env.text("CODEX_HOME").filter(|v| !v.is_empty()) else {
        let path = s.home_dir.as_deref().map(|home| s.style.join(home, ".codex"));
        let unknown = path.is_none().then(|| "the user's home directory is not known".to_owned());
        return Home { path, from: HomeFrom::Default, problem: None, unknown };
    };
    let absolute = if s.style.is_absolute(value) {
        value.to_owned()
    } else if let Some(cwd) = &s.process_cwd {
        s.style.join(cwd, value)
    } else {
        let unknown = "`CODEX_HOME` is relative, and the directory in which Codex was started is not known";
        return Home { path: None, from: HomeFrom::Env, problem: None, unknown: Some(unknown.to_owned()) };
    };
    let refused = |message: String| Home {
        path: None,
        from: HomeFrom::Env,
        problem: Some(Problem {
            code: Code::ConfigHomeInvalid,
            path: Some(absolute.clone()),
            line: None,
            column: None,
            message,
            key: Some("CODEX_HOME".to_owned()),
            nearest: None,
            fatal: true,
        }),
        unknown: None,
    };
    match s.files.kind(&absolute) {
        Ok(FileKind::Directory) => match s.files.canonical(&absolute) {
            Ok(path) => Home { path: Some(path), from: HomeFrom::Env, problem: None, unknown: None },
            Err(error) => refused(format!("failed to canonicalize CODEX_HOME {value:?}: {error}")),
        },
        Ok(_) => refused(format!("CODEX_HOME points to {value:?}, but that path is not a directory")),
        Err(FileError::NotFound) => {
            refused(format!("CODEX_HOME points to {value:?}, but that path does not exist"))
        }
        Err(error) => refused(format!("failed to read CODEX_HOME {value:?}: {error}")),
    }
}
