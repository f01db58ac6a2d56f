//! What Codex says of keys that it ignores.
use super::compare::{self, Difference};
use envsplit_model::{Code, CodexView};
use std::collections::BTreeSet;

/// Compares the warnings of a start with what the rules say; `said` is one text for each warning, or a program's
/// whole standard error.
pub fn compare(view: &CodexView, said: &[String]) -> Vec<Difference> {
    let text = said.join("\n");
    let theirs: BTreeSet<String> = text.lines().filter_map(ignored).collect();
    let ours: BTreeSet<String> = view
        .problems
        .iter()
        .filter(|p| p.code == Code::ConfigUnknownKey)
        .map(|p| {
            // Codex does not quote the parts of a key.
            let key = p.key.as_deref().and_then(compare::parts).unwrap_or_default().join(".");
            format!("{}: `{key}` is ignored.", p.path.as_deref().unwrap_or("-"))
        })
        .collect();
    // Codex names three of them, and the number of the others.
    let more: Option<usize> = text.lines().find_map(|line| {
        let rest = line.trim().strip_prefix("... and ")?.strip_suffix(" more ignored settings.")?;
        rest.parse().ok()
    });
    let ours: BTreeSet<String> = match more {
        Some(more) if theirs.len() + more == ours.len() => ours.intersection(&theirs).cloned().collect(),
        _ => ours,
    };
    let mut found: Vec<Difference> = theirs
        .symmetric_difference(&ours)
        .map(|line| {
            let who = if theirs.contains(line) { "only Codex" } else { "only the rules" };
            Difference::new(
                format!("ignored, {who}: {}", line.rsplit(": ").next().unwrap_or_default()),
                format!("{who}: {line}"),
            )
        })
        .collect();
    let theirs: BTreeSet<&str> = text.lines().filter_map(denied).collect();
    let ours = view.problems.iter().filter(|p| p.code == Code::ConfigProjectKeyDenied);
    let ours: BTreeSet<&str> = ours.filter_map(|p| denied(&p.message)).collect();
    if theirs != ours {
        found.push(Difference::new("denied", format!("Codex {theirs:?}\nrules {ours:?}")));
    }
    found
}

/// ``  user (FILE): `KEY` is ignored.`` as ``FILE: `KEY` is ignored.``; flags have no file.
fn ignored(line: &str) -> Option<String> {
    let line = line.trim();
    let key = line.strip_suffix(" is ignored.")?;
    let (layer, key) = key.split_once(": `")?;
    let file = layer.split_once(" (").and_then(|(_, file)| file.strip_suffix(')'));
    Some(format!("{}: `{key} is ignored.", file.unwrap_or("-")))
}

fn denied(line: &str) -> Option<&str> {
    let at = line.find("Ignored unsupported project-local config keys in ")?;
    let end = line.find(". If you want these settings")?;
    line.get(at..end)
}
