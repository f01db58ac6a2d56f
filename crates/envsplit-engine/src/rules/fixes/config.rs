//! What to do about the config and its home.
use super::{applied, cost_of, fix, quoted};
use crate::world::World;
use envsplit_model::text::{posix_word, shown};
use envsplit_model::{Change, Code, CodexView, ConfigValue, Edit, Fix, Problem, Role, Setting};

/// `CODEX_HOME` points to nothing.
pub(in crate::rules) fn home_invalid(w: &World<'_>, setting: Option<&Setting>, place: usize) -> Vec<Fix> {
    let mut f = fix(
        w,
        "fix-codex-home",
        "remove `CODEX_HOME`, or let it name an existing directory",
        cost_of(w, place),
    );
    match setting {
        Some(s) => {
            f.edits = vec![Edit {
                path: s.path.clone(),
                before: s.text.clone(),
                after: String::new(),
                line: Some(s.line),
            }];
        }
        None => f.commands = vec!["unset CODEX_HOME".to_owned()],
    }
    vec![f]
}

/// One home for both.
pub(in crate::rules) fn two_homes(
    w: &World<'_>,
    setting: Option<&Setting>,
    ours: &CodexView,
    place: usize,
) -> Vec<Fix> {
    let mut fixes = vec![];
    if let Some(home) = &ours.home {
        let mut same = fix(
            w,
            "same-home-in-ide",
            "let the IDE have the same `CODEX_HOME`: export it in a file that its shell start reads",
            cost_of(w, place),
        );
        same.edits = vec![Edit {
            path: format!("{}/.profile", super::home(w)),
            before: String::new(),
            after: format!("export CODEX_HOME={}", posix_word(home)),
            line: None,
        }];
        fixes.push(same);
    }
    if let Some(s) = setting {
        let mut one =
            fix(w, "drop-codex-home", "or drop it, and keep one config in ~/.codex", "open a new terminal");
        one.edits = vec![Edit {
            path: s.path.clone(),
            before: s.text.clone(),
            after: String::new(),
            line: Some(s.line),
        }];
        fixes.push(one);
    }
    fixes
}

/// Bring the Codex of a place to another's version.
pub(in crate::rules) fn update(w: &World<'_>, place: usize, version: &str) -> Fix {
    let in_ide = w.lineage.chain(place).into_iter().any(|n| w.node(n).role == Role::ExtensionHost);
    if in_ide {
        let title = format!("update the IDE's Codex extension, until it brings Codex {}", shown(version));
        let mut f = fix(w, "update-extension", title, cost_of(w, place));
        f.shell = None;
        return f;
    }
    let title = format!("update the Codex of this place to {}", shown(version));
    let mut f = fix(w, "update-codex", title, "conversations that run in it end with it");
    f.commands = vec![format!("npm install -g {}", posix_word(&format!("@openai/codex@{version}")))];
    f
}

/// Problems of the config.
pub(in crate::rules) fn config(w: &World<'_>, view: &CodexView, problem: &Problem) -> Vec<Fix> {
    let cost = "nothing: Codex reads the config anew for each conversation";
    let at = || Some((problem.path.clone()?, problem.line?));
    let mut f = match problem.code {
        Code::ConfigUnknownKey => fix(w, "rename-key", "write the key as Codex knows it", cost),
        Code::ConfigProjectUntrusted => {
            fix(w, "trust-project", "trust the project in your own config, if you do trust it", cost)
        }
        Code::ConfigProjectKeyDenied => {
            fix(w, "move-to-user-config", "set it in your own config: a project may not", cost)
        }
        Code::AuthEnvKeyHoldsSecret => fix(
            w,
            "name-in-env-key",
            "write the name of a variable there, put the key into that variable, and have a new key issued: this one was printed",
            cost,
        ),
        Code::ConfigProviderNotFound => {
            fix(w, "define-provider", "let `model_provider` name a `[model_providers.<id>]` table", cost)
        }
        Code::ConfigReservedProvider => {
            fix(w, "rename-provider", "give the table another id and name that in `model_provider`", cost)
        }
        Code::ConfigWrongFile => fix(w, "move-to-config-toml", "write it into `config.toml`, as TOML", cost),
        Code::ConfigProfileFileMissing => fix(
            w,
            "write-profile-file",
            "write the profile's settings into that file, or leave `--profile` out",
            cost,
        ),
        _ => fix(w, "correct-config", "correct the config there", cost),
    };
    match (problem.code, at()) {
        (Code::ConfigUnknownKey, Some((path, line))) => {
            let last = |k: &str| k.rsplit('.').next().unwrap_or(k).to_owned();
            if let (Some(key), Some(nearest)) = (&problem.key, &problem.nearest) {
                let (old, new) = (last(key), last(nearest));
                let plain = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
                f.title = format!("write `{}` instead of `{}`", shown(&new), shown(&old));
                f.edits = vec![Edit {
                    path: path.clone(),
                    before: format!("{} = …", shown(&old)),
                    after: format!("{} = …", shown(&new)),
                    line: Some(line),
                }];
                if plain(&old) && plain(&new) {
                    f.commands = vec![format!("sed -i '{line}s/{old}/{new}/' {}", quoted(&path))];
                    f = applied(f, vec![Change::Replace { path, line, old, new }]);
                }
            }
        }
        (Code::ConfigWrongFile, _) if !view.config_exists => {
            let path = problem.path.as_deref().unwrap_or_default();
            let toml = [".toml.txt", ".TOML", "/Config.toml", ".tml"].iter().any(|end| path.ends_with(end));
            if let (true, Some(config)) = (toml, &view.config_path) {
                f.title = format!("rename it to {}", w.shown(config));
                f.commands = vec![format!("mv -n {} {}", quoted(path), quoted(config))];
            }
        }
        (Code::ConfigProjectUntrusted, _) => {
            if let (Some(path), Some(home)) = (&problem.path, &view.home) {
                let dir =
                    path.trim_end_matches("config.toml").trim_end_matches('/').trim_end_matches(".codex");
                let dir = dir.trim_end_matches('/');
                let key = envsplit_model::text::dotted_key(["projects", dir]);
                f.edits = vec![Edit {
                    path: format!("{home}/config.toml"),
                    before: String::new(),
                    after: format!("[{key}]\ntrust_level = \"trusted\""),
                    line: None,
                }];
            }
        }
        (Code::AuthEnvKeyHoldsSecret, Some((path, line))) => {
            f.edits = vec![Edit {
                path,
                before: "env_key = \"…\"".to_owned(),
                after: "env_key = \"AZURE_OPENAI_API_KEY\"".to_owned(),
                line: Some(line),
            }];
        }
        _ => f.shell = None,
    }
    vec![f]
}

/// A value that the user cannot set.
pub(in crate::rules) fn ask_the_organisation(w: &World<'_>, value: &ConfigValue) -> Fix {
    let file = value.path.as_deref().map_or_else(|| "the managed settings".to_owned(), |path| w.shown(path));
    let title = format!("ask those who manage {file}; on a machine of your own, remove its line as root");
    let mut f = fix(w, "ask-the-organisation", title, "nothing: it counts from the next conversation on");
    f.shell = None;
    f
}

/// Codex in the directory that holds the project's config.
pub(in crate::rules) fn in_project(w: &World<'_>, place: usize, project: &str) -> Fix {
    let title =
        format!("start Codex in {}, or write the setting into a config of its own here", w.shown(project));
    let mut f = fix(w, "start-in-project", title, cost_of(w, place));
    f.commands = vec![format!("codex -C {}", quoted(project))];
    f
}
