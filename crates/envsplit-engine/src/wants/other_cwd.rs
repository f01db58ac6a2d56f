//! The config that a Codex would have in a project above the directory in which it stands and that it does not read.
use crate::lineage::Lineage;
use envsplit_model::{CodexAsked, LayerSource, Outcome, ProbeRequest, Role, Snapshot};

/// The nearest trusted project above the working directory of a place, and the question what Codex would have there: for
/// a place whose directory is known, has no project file of its own and is not trusted by itself.
pub(crate) fn project_above(
    snapshot: &Snapshot,
    lineage: &Lineage,
    at: usize,
) -> Option<(String, ProbeRequest)> {
    let node = &lineage.nodes[at];
    if !matches!(node.role, Role::Caller | Role::CodexCli) {
        return None;
    }
    let asked = node.codex.clone()?;
    let cwd = asked.cwd.clone()?;
    let Some(Outcome::Codex(seen)) = snapshot.outcome(&ProbeRequest::Codex(asked.clone())) else {
        return None;
    };
    let view = &seen.view;
    let own = view.layers.iter().any(|l| l.source == LayerSource::Project);
    if own || view.untested || view.problems.iter().any(|p| p.fatal) {
        return None;
    }
    let cwd = cwd.trim_end_matches('/');
    let above = |dir: &String| {
        cwd.strip_prefix(dir.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let trusted = view.values.iter().filter(|(_, v)| v.value == "trusted");
    let projects = trusted.filter_map(|(key, _)| directory(key)).filter(above);
    // A directory that is trusted by itself is meant as a project of its own.
    let project = projects.max_by_key(String::len).filter(|p| p.trim_end_matches('/') != cwd)?;
    let question = CodexAsked { cwd: Some(project.clone()), ..asked };
    Some((project, ProbeRequest::Codex(question)))
}

/// `projects."/home/u/p".trust_level`: the directory.
fn directory(key: &str) -> Option<String> {
    let name = key.strip_prefix("projects.")?.strip_suffix(".trust_level")?;
    // A path with what TOML has to escape is left aside.
    let plain = name.trim_matches(['"', '\'']);
    (plain.starts_with('/') && !plain.contains('\\')).then(|| plain.to_owned())
}
