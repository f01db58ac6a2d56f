//! Where the rules and the real Codex differ about a config.
mod values;

use super::defects::{self, Refused};
use super::world::Look;
use envsplit_model::{CodexView, Layer, LayerSource, Problem};
use serde_json::Value;

pub use values::Leaves;

/// What the rules put in place of what can be a secret.
pub const HIDDEN: &str = "<hidden>";

/// One difference: a kind, by which the same cause is recognised in another case, and what differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `version`, `error: MESSAGE`.
    pub kind: String,
    /// Both sides.
    pub detail: String,
}

impl Difference {
    /// A difference of a kind.
    pub fn new(kind: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: kind.into(), detail: detail.into() }
    }
}

/// Compares a view with the answer to `config/read`. `look` says what is fatal in a part of the files alone.
pub fn config(
    view: &CodexView,
    answer: &Result<Value, String>,
    look: &dyn Fn(Look<'_>) -> Vec<Problem>,
) -> Vec<Difference> {
    let fatal: Vec<&Problem> = view.problems.iter().filter(|p| p.fatal).collect();
    match answer {
        Err(text) => refusal(&fatal, text, look).into_iter().collect(),
        Ok(_) if !fatal.is_empty() => {
            let ours = fatal.iter().map(|p| shown(p)).collect::<Vec<_>>().join("\n");
            vec![Difference::new(
                format!("accepted: {}", plain(&fatal[0].message)),
                format!("Codex accepts it, the rules say\n{ours}"),
            )]
        }
        Ok(result) => {
            let mut found = layers(view, result);
            if found.is_empty() {
                found = values::values(view, result);
            }
            found
        }
    }
}

/// Compares a refusal in Codex's words with what the rules call fatal.
pub fn refusal(
    fatal: &[&Problem],
    text: &str,
    look: &dyn Fn(Look<'_>) -> Vec<Problem>,
) -> Option<Difference> {
    const PREFIXES: &[&str] = &[
        "failed to read configuration layers: ",
        "invalid configuration: ",
        "failed to resolve feature override precedence: ",
    ];
    let text = PREFIXES.iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text).trim_end();
    if fatal.iter().any(|p| says(p, text)) || defects::refusal(&Refused { fatal, text, look }) {
        return None;
    }
    let ours = if fatal.is_empty() {
        "nothing".to_owned()
    } else {
        fatal.iter().map(|p| shown(p)).collect::<Vec<_>>().join("\n")
    };
    let kind = if fatal.is_empty() { "refused" } else { "words" };
    Some(Difference::new(
        format!("{kind}: {}", plain(text)),
        format!("Codex refuses it with\n  {text:?}\nthe rules say\n  {ours}"),
    ))
}

fn shown(p: &Problem) -> String {
    let place = |n: Option<u32>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
    format!(
        "  {}:{}:{} {:?} key {:?}",
        p.path.as_deref().unwrap_or("-"),
        place(p.line),
        place(p.column),
        p.message,
        p.key
    )
}

/// Whether a problem says what Codex says: with file, line and column, with the key, or bare.
pub fn says(p: &Problem, text: &str) -> bool {
    let mut forms = vec![p.message.clone()];
    if let (Some(path), Some(line), Some(column)) = (&p.path, p.line, p.column) {
        forms.push(format!("{path}:{line}:{column}: {}", p.message));
        forms.push(format!("Error parsing project config file {path}: TOML parse error at line {line}, column {column}<hidden>{}", p.message));
    }
    if let (Some((head, tail)), Some(line), Some(column)) =
        (p.message.split_once(".toml: "), p.line, p.column)
    {
        forms.push(format!("{head}.toml: TOML parse error at line {line}, column {column}<hidden>{tail}"));
    }
    if let Some(key) = &p.key {
        let key = parts(key).map_or_else(|| key.clone(), |parts| parts.join("."));
        forms.push(format!("{}\nin `{key}`", p.message));
    }
    // `codex exec` begins some of them with a capital.
    let text = text
        .strip_prefix("Error parsing")
        .map_or_else(|| text.to_owned(), |rest| format!("error parsing{rest}"));
    forms.iter().any(|form| {
        matches_masked(
            form.strip_prefix("Error parsing")
                .map_or_else(|| form.clone(), |rest| format!("error parsing{rest}"))
                .as_str(),
            &text,
        )
    })
}

/// Whether a text is the masked one, with anything in place of what is hidden.
fn matches_masked(masked: &str, text: &str) -> bool {
    let mut parts = masked.split(HIDDEN);
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A message without what differs from case to case.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for word in text.split(' ').take(24) {
        let word: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        if word.contains('/') {
            out.push_str("PATH ");
        } else {
            out.push_str(&word);
            out.push(' ');
        }
    }
    out.trim_end().to_owned()
}

/// A layer's kind and its file, as Codex writes them.
pub fn name_of(source: LayerSource, path: Option<&str>) -> (String, String) {
    let path = path.unwrap_or_default();
    let (kind, file) = match source {
        LayerSource::Managed => ("legacyManagedConfigTomlFromFile", path),
        LayerSource::SessionFlags => ("sessionFlags", ""),
        LayerSource::Project => ("project", path.strip_suffix("/config.toml").unwrap_or(path)),
        LayerSource::User | LayerSource::Profile => ("user", path),
        LayerSource::System => ("system", path),
        _ => ("?", path),
    };
    (kind.to_owned(), file.to_owned())
}

/// A layer's kind and its file, as Codex wrote them.
pub fn name_in(name: &Value) -> (String, String) {
    let file = name["file"].as_str().or_else(|| name["dotCodexFolder"].as_str()).unwrap_or_default();
    (name["type"].as_str().unwrap_or_default().to_owned(), file.to_owned())
}

fn layers(view: &CodexView, result: &Value) -> Vec<Difference> {
    let theirs: Vec<&Value> = result["layers"].as_array().into_iter().flatten().collect();
    let ours_named: Vec<_> = view.layers.iter().map(|l| name_of(l.source, l.path.as_deref())).collect();
    let theirs_named: Vec<_> = theirs.iter().map(|l| name_in(&l["name"])).collect();
    if ours_named != theirs_named {
        return vec![Difference::new("layers", format!("Codex {theirs_named:?}\nrules {ours_named:?}"))];
    }
    let mut found = Vec::new();
    for (ours, theirs) in view.layers.iter().zip(theirs) {
        let reason = theirs["disabledReason"].as_str();
        if ours.disabled_reason.as_deref() != reason {
            found.push(Difference::new(
                format!("trust: {} {}", reason.is_some(), ours.disabled_reason.is_some()),
                format!("{:?}\nCodex {reason:?}\nrules {:?}", ours.path, ours.disabled_reason),
            ));
        }
        if theirs["version"].as_str() != Some(&ours.version) {
            found.push(version(ours, theirs));
        }
    }
    found
}

fn version(ours: &Layer, theirs: &Value) -> Difference {
    let keys: Vec<&String> = theirs["config"].as_object().into_iter().flat_map(|o| o.keys()).collect();
    Difference::new(
        format!("version: {}", keys.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(",")),
        format!(
            "{:?}: Codex {} of {}\nrules {}",
            ours.path, theirs["version"], theirs["config"], ours.version
        ),
    )
}

/// The parts of a dotted key in TOML's spelling.
pub fn parts(key: &str) -> Option<Vec<String>> {
    let mut table: toml::Table = format!("{key} = 1").parse().ok()?;
    let mut path = Vec::new();
    loop {
        let (part, value) = table.into_iter().next()?;
        path.push(part);
        match value {
            toml::Value::Table(inner) => table = inner,
            _ => return Some(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_may_be_anything() {
        assert!(matches_masked("a <hidden> b <hidden>", "a x y b z"));
        assert!(matches_masked("a", "a") && !matches_masked("a", "ab"));
        assert!(!matches_masked("a <hidden> b", "a x c"));
    }

    #[test]
    fn keys_are_taken_apart_as_toml_writes_them() {
        assert_eq!(parts("a.\"b.c\".d").unwrap(), ["a", "b.c", "d"]);
        assert_eq!(parts("<hidden>.a"), None);
    }
}
