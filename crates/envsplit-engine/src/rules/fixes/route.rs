//! What to do about the address, the deployment's name and the credential of a provider.
use super::{applied, fix};
use crate::world::World;
use envsplit_model::text::{shown, toml_key};
use envsplit_model::{Change, CodexView, ConfigValue, Edit, Fix};

const COST: &str = "nothing: Codex reads the config anew for each conversation";

/// An edit of the line of a value; none where it comes from `-c`.
fn edit(value: &ConfigValue, before: String, after: String) -> Vec<Edit> {
    match (&value.path, value.line) {
        (Some(path), Some(_)) => vec![Edit { path: path.clone(), before, after, line: value.line }],
        _ => vec![],
    }
}

fn plain(w: &World<'_>, id: &str, title: impl Into<String>) -> Fix {
    Fix { shell: None, ..fix(w, id, title, COST) }
}

/// Another `base_url`; without one that is known, the form.
pub(in crate::rules) fn address(w: &World<'_>, base: &ConfigValue, right: Option<String>) -> Fix {
    let Some(right) = right else {
        return plain(
            w,
            "correct-base-url",
            "write the address as `https://HOST/PATH`, without `/responses`",
        );
    };
    let line = |url: &str| format!("base_url = \"{}\"", shown(url));
    let mut f = plain(w, "correct-base-url", format!("write `{}`", line(&right)));
    let now = base.value.as_str().unwrap_or_default();
    f.edits = edit(base, line(now), line(&right));
    let change = match (&base.path, base.line) {
        (Some(path), Some(at)) if !now.contains('<') => {
            Some(Change::Replace { path: path.clone(), line: at, old: now.to_owned(), new: right })
        }
        _ => None,
    };
    applied(f, change.into_iter().collect())
}

/// An address where none is: a new line of the provider's table.
pub(in crate::rules) fn base_url(w: &World<'_>, view: &CodexView, table: &ConfigValue) -> Fix {
    new_line(w, view, table, "add-base-url", "base_url = \"https://RESOURCE.openai.azure.com/openai/v1\"")
}

/// A variable for the key where none is named.
pub(in crate::rules) fn env_key(w: &World<'_>, view: &CodexView, table: &ConfigValue) -> Fix {
    new_line(w, view, table, "add-env-key", "env_key = \"AZURE_OPENAI_API_KEY\"")
}

fn new_line(w: &World<'_>, view: &CodexView, table: &ConfigValue, id: &str, line: &str) -> Fix {
    let header = format!("[model_providers.{}]", toml_key(view.provider.as_deref().unwrap_or_default()));
    let mut f = plain(w, id, format!("add `{line}` below `{}`", shown(&header)));
    if let Some(path) = &table.path {
        f.edits =
            vec![Edit { path: path.clone(), before: String::new(), after: line.to_owned(), line: None }];
    }
    f
}

/// A value that should go.
pub(in crate::rules) fn without(w: &World<'_>, value: &ConfigValue, title: &str) -> Fix {
    let at = match (&value.path, value.line) {
        (Some(path), Some(line)) => format!(" ({}:{line})", w.shown(path)),
        _ => String::new(),
    };
    plain(w, "remove-key", format!("{title}{at}"))
}

/// The deployment's name.
pub(in crate::rules) fn deployment(w: &World<'_>, model: &ConfigValue) -> Fix {
    let mut f = plain(w, "deployment-name", "write the name of your deployment, as Azure's portal lists it");
    let now = format!("model = \"{}\"", model.value.as_str().unwrap_or_default());
    f.edits = edit(model, now, "model = \"YOUR_DEPLOYMENT\"".to_owned());
    f
}

/// What a profile defines, moved to where every Codex reads it.
pub(in crate::rules) fn from_profile(w: &World<'_>, view: &CodexView) -> Fix {
    let file = view.config_path.as_deref().map_or_else(|| "config.toml".to_owned(), |p| w.shown(p));
    plain(
        w,
        "move-from-profile",
        format!("write `model_provider` and the provider's table into {file}, which the IDE reads, too"),
    )
}

/// A provider where none is chosen.
pub(in crate::rules) fn provider(w: &World<'_>, file: &str) -> Fix {
    let mut f = plain(w, "add-provider", format!("choose a provider in {}", w.shown(file)));
    f.edits = vec![Edit {
        path: file.to_owned(),
        before: String::new(),
        after: "model = \"YOUR_DEPLOYMENT\"\nmodel_provider = \"azure\"\n\n[model_providers.azure]\nname = \"Azure OpenAI\"\n\
                base_url = \"https://RESOURCE.openai.azure.com/openai/v1\"\nenv_key = \"AZURE_OPENAI_API_KEY\"\n\
                wire_api = \"responses\""
            .to_owned(),
        line: None,
    }];
    f
}
