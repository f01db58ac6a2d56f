//! Problems of the config itself, as Codex's rules found them at each place.
use super::draft::{Draft, at_process};
use super::fixes;
use crate::world::World;
use envsplit_model::{At, AtKind, Code, CodexView, KeyVerdict, Problem, Severity, Subject};

/// One draft for each problem of each place; the same problem at two places is one finding.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let mut drafts = vec![];
    for place in w.lineage.codex_places() {
        let Some(seen) = w.codex(place) else { continue };
        for problem in &seen.view.problems {
            // An invalid home is a matter of the variable: its family looks at the chain.
            if problem.code != Code::ConfigHomeInvalid {
                drafts.push(draft(w, place, &seen.view, problem));
            }
        }
    }
    drafts
}

fn draft(w: &World<'_>, place: usize, view: &CodexView, problem: &Problem) -> Draft {
    let key = subject(view, problem);
    let kind = match problem.code {
        Code::ConfigUnknownKey
        | Code::ConfigProjectUntrusted
        | Code::ConfigProjectKeyDenied
        | Code::ConfigWrongFile => AtKind::Edited,
        _ => AtKind::Read,
    };
    let at = problem.path.as_ref().map(|p| At::file(kind, &w.snapshot.host, p.clone(), problem.line));
    let ends = if problem.message.ends_with(['.', '!', '?']) { "" } else { "." };
    let mut draft = Draft::new(w, place, problem.code, key)
        .severity(severity(view, problem))
        .at(at)
        .summary(summary(w, problem) + ends)
        .fixes(fixes::config(w, view, problem));
    if problem.fatal {
        draft =
            draft.evidence(format!("Codex refuses to start a conversation: {}", one_line(&problem.message)));
        draft = draft.evidence("an IDE's Codex then shows a sign-in page instead of this error");
    }
    draft = draft.evidence(format!("read by {}", w.node(place).label));
    if problem.fatal && w.node(place).pid.is_some() && !w.lineage.is_caller(place) {
        draft = draft.at(at_process(w, place));
    }
    draft
}

fn one_line(message: &str) -> String {
    envsplit_model::text::shown(message.lines().next().unwrap_or_default())
}

fn subject(view: &CodexView, problem: &Problem) -> Subject {
    if problem.code == Code::AuthEnvKeyHoldsSecret {
        return Subject::config(
            problem.key.clone().or_else(|| view.provider_key("env_key")).unwrap_or_default(),
        );
    }
    Subject::config(problem.key.clone().unwrap_or_default())
}

/// A warning that explains why Codex cannot work is an error: a misspelt `env_key` or `base_url` of the selected
/// provider, without which it has no key or no address.
fn severity(view: &CodexView, problem: &Problem) -> Severity {
    let of_provider = |field: &str| {
        problem.nearest.as_deref().is_some_and(|n| n.rsplit('.').next() == Some(field))
            && view
                .provider_key("")
                .is_some_and(|prefix| problem.key.as_deref().is_some_and(|k| k.starts_with(&prefix)))
    };
    let lacks_key = view.key_verdict == KeyVerdict::NotNeeded
        && view.provider_key("experimental_bearer_token").is_none_or(|k| !view.values.contains_key(&k));
    if problem.fatal
        || problem.code == Code::ConfigUnknownKey
            && (of_provider("env_key") && lacks_key || of_provider("base_url"))
    {
        return Severity::Error;
    }
    problem.code.severity()
}

fn summary(w: &World<'_>, problem: &Problem) -> String {
    let at = match (&problem.path, problem.line, problem.column) {
        (Some(p), Some(l), Some(c)) => format!("{}:{l}:{c}: ", w.shown(p)),
        (Some(p), Some(l), None) => format!("{}:{l}: ", w.shown(p)),
        (Some(p), None, _) => format!("{}: ", w.shown(p)),
        _ => String::new(),
    };
    let message = one_line(&problem.message);
    let message = match (&problem.path, message.split_once(": ")) {
        // Codex's message opens with the place that stands here already.
        (Some(p), Some((before, rest))) if before.starts_with(p.as_str()) => rest.to_owned(),
        _ => message,
    };
    let hint = match (&problem.nearest, problem.code) {
        (Some(nearest), Code::ConfigUnknownKey) => format!(" Did you mean `{nearest}`?"),
        _ => String::new(),
    };
    format!("{at}{message}{hint}")
}
