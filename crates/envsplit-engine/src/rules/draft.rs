//! A finding in the making, and the words that all families share.
use crate::lineage::Up;
use crate::world::World;
use envsplit_model::{
    At, AtKind, Code, Finding, Fix, IdeSetting, PlaceId, ProbeRequest, Role, Setting, Severity, Split,
    Subject,
};

/// A finding with the place that it was found for.
pub(crate) struct Draft {
    pub(crate) place: usize,
    pub(crate) finding: Finding,
    /// What would have to be asked for a better answer.
    pub(crate) doubts: Vec<ProbeRequest>,
}

impl Draft {
    pub(crate) fn new(w: &World<'_>, place: usize, code: Code, subject: Subject) -> Self {
        let _ = w;
        let finding = Finding {
            code,
            severity: code.severity(),
            subject,
            witness: None,
            split: None,
            at: vec![],
            summary: String::new(),
            evidence: vec![],
            fixes: vec![],
        };
        Self { place, finding, doubts: vec![] }
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.finding.severity = severity;
        self
    }

    pub(crate) fn witness(mut self, place: Option<PlaceId>) -> Self {
        self.finding.witness = place;
        self
    }

    /// The split at the hop that leads to `to`.
    pub(crate) fn split_at(mut self, w: &World<'_>, to: usize, up: Up) -> Self {
        self.finding.split = Some(Split { from: w.id(up.from), to: w.id(to), rule: up.rule });
        self
    }

    pub(crate) fn at(mut self, at: impl IntoIterator<Item = At>) -> Self {
        for location in at {
            if !self.finding.at.contains(&location) {
                self.finding.at.push(location);
            }
        }
        self
    }

    pub(crate) fn summary(mut self, summary: impl Into<String>) -> Self {
        self.finding.summary = summary.into();
        self
    }

    pub(crate) fn evidence(mut self, line: impl Into<String>) -> Self {
        let line = line.into();
        if !self.finding.evidence.contains(&line) {
            self.finding.evidence.push(line);
        }
        self
    }

    pub(crate) fn evidences(self, lines: impl IntoIterator<Item = String>) -> Self {
        lines.into_iter().fold(self, Self::evidence)
    }

    pub(crate) fn doubt(mut self, question: impl IntoIterator<Item = ProbeRequest>) -> Self {
        self.doubts.extend(question);
        self
    }

    pub(crate) fn fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        self.finding.fixes.extend(fixes);
        self
    }
}

/// The line of a setting as a location.
pub(crate) fn at_setting(w: &World<'_>, kind: AtKind, setting: &Setting) -> At {
    At::file(kind, &w.snapshot.host, setting.path.clone(), Some(setting.line)).with_text(setting.text.clone())
}

/// The line of an IDE's setting as a location.
pub(crate) fn at_ide_setting(w: &World<'_>, kind: AtKind, setting: &IdeSetting) -> At {
    let text = format!("\"{}\": {}", setting.key, setting.value);
    At::file(kind, &w.snapshot.host, setting.path.clone(), Some(setting.line)).with_text(text)
}

/// The process of a place as a location.
pub(crate) fn at_process(w: &World<'_>, place: usize) -> Option<At> {
    Some(At::process(&w.snapshot.host, w.node(place).pid?))
}

/// `~/.bashrc:118`.
pub(crate) fn place_of(w: &World<'_>, path: &str, line: u32) -> String {
    format!("{}:{line}", w.shown(path))
}

/// How a place is spoken of in a sentence.
pub(crate) fn spoken(w: &World<'_>, place: usize) -> String {
    let node = w.node(place);
    match node.role {
        Role::Caller => "this terminal".to_owned(),
        Role::Shell if place == w.lineage.typed => {
            format!(
                "a new terminal (`{}`)",
                node.shell.as_ref().map(envsplit_model::ShellAsked::label).unwrap_or_default()
            )
        }
        Role::Shell => format!(
            "a new `{}`",
            node.shell.as_ref().map(envsplit_model::ShellAsked::label).unwrap_or_default()
        ),
        Role::CodexAppServer => match owner(w, place) {
            Some(ide) => format!("{ide}'s Codex (pid {})", node.pid.unwrap_or(0)),
            None => format!("the Codex app-server (pid {})", node.pid.unwrap_or(0)),
        },
        Role::ExtensionHost if node.predicted => node.label.clone(),
        _ => node.label.clone(),
    }
}

/// With a capital, for the beginning of a sentence.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// The IDE to which a place belongs, by its label.
fn owner(w: &World<'_>, place: usize) -> Option<String> {
    let host = w.lineage.chain(place).into_iter().find(|n| w.node(*n).role == Role::ExtensionHost)?;
    let label = &w.node(host).label;
    Some(label.split(" extension host").next().unwrap_or(label).to_owned())
}

/// A place that matters and could not be looked at.
pub(crate) fn unreachable(w: &World<'_>, place: usize) -> Option<Draft> {
    let shell = w.node(place).codex.is_none()
        && matches!(w.node(place).role, Role::Terminal | Role::IntegratedTerminal | Role::Launcher);
    let hidden = "what a shell has exported since its start cannot be seen from outside; name the program that it starts";
    let untested =
        w.codex(place).filter(|s| s.view.untested && w.unobserved(place).is_none()).and_then(|s| {
            s.view.unknown.iter().rfind(|u| u.contains("not known")).or(s.view.unknown.last()).cloned()
        });
    let reason = w
        .unobserved(place)
        .or_else(|| untested.clone())
        .or_else(|| shell.then(|| hidden.to_owned()))
        .or_else(|| {
            let seen = w.codex(place)?;
            seen.view.unknown.iter().find(|u| u.starts_with("cannot be resolved")).cloned()
        })?;
    let label = w.node(place).label.clone();
    if untested.is_some() {
        return Some(
            Draft::new(w, place, Code::ProbeUnreachable, Subject::env("CODEX_HOME"))
                .at(at_process(w, place))
                .summary(format!("{label} could not be judged: {reason}."))
                .evidence(
                    "its config is shown by the newest rules that are known; nothing is claimed from it",
                ),
        );
    }
    Some(
        Draft::new(w, place, Code::ProbeUnreachable, Subject::env("CODEX_HOME"))
            .at(at_process(w, place))
            .summary(format!("{label} could not be looked at: {reason}."))
            .evidence("what it has is unknown; nothing is claimed about it"),
    )
}
