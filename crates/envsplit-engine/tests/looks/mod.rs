//! A machine of a few places as a sequence of looks: a shell, an IDE's server, its extension host and Codex.
use envsplit_engine::history::{Remembered, failing};
use envsplit_model::history::{Change, Failing};
use envsplit_model::{
    At, AtKind, Code, CodexView, ConfigValue, Finding, Fingerprint, HomeFrom, Hop, Host, HostId, HostKind,
    KeyVerdict, Layer, LayerSource, Place, PlaceId, PlaceKind, PlaceProcess, Report, Role, Rule, Severity,
    Sighting, Source, Split, Subject, Verdict,
};
use jiff::{SignedDuration, Timestamp};

pub(crate) const KEY: &str = "AZURE_OPENAI_API_KEY";
pub(crate) const RC: &str = "/home/u/.bashrc";
pub(crate) const CONFIG: &str = "/home/u/.codex/config.toml";

pub(crate) fn time(minutes: i64) -> Timestamp {
    "2026-11-20T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

pub(crate) fn linux() -> HostId {
    HostId("linux".into())
}

pub(crate) fn set(value: &str) -> Sighting {
    Sighting::present(Fingerprint::new("k", value), vec![])
}

/// Set by a line.
pub(crate) fn set_at(value: &str, line: u32) -> Sighting {
    let source = Source { host: linux(), path: RC.into(), line: Some(line), how: "export".into() };
    Sighting { set_by: vec![source], ..set(value) }
}

fn place(kind: PlaceKind, role: Role, name: &str, pid: Option<u32>) -> Place {
    let key = PlaceId(format!("linux/{kind}/{name}"));
    Place {
        id: pid.map_or_else(|| key.clone(), |pid| PlaceId(format!("{key}-{pid}"))),
        key,
        host: linux(),
        kind,
        role,
        label: name.to_owned(),
        process: pid.map(|pid| PlaceProcess {
            pid,
            ppid: 1,
            exe: None,
            started_at: Some(time(i64::from(pid))),
            ancestry: vec![1],
        }),
        observed: true,
        unobserved_reason: None,
        predicted: false,
        env: [(KEY.to_owned(), set("00"))].into(),
        editor: None,
        newer_sources: vec![],
        codex: None,
    }
}

pub(crate) fn shell() -> Place {
    Place {
        env: [(KEY.to_owned(), set_at("00", 118))].into(),
        ..place(PlaceKind::Shell, Role::Shell, "bash", None)
    }
}

/// A process place; it started in the minute of its number.
pub(crate) fn process(role: Role, pid: u32) -> Place {
    place(PlaceKind::Process, role, role.as_str(), Some(pid))
}

pub(crate) fn view(model: &str) -> CodexView {
    let mut codex = CodexView::unknown("");
    codex.unknown.clear();
    codex.home = Some("/home/u/.codex".into());
    codex.home_from = HomeFrom::Default;
    codex.key_verdict = KeyVerdict::Ok;
    codex.provider = Some("azure".into());
    codex.env_key = Some(KEY.into());
    codex.layers.push(Layer {
        source: LayerSource::User,
        path: Some(CONFIG.into()),
        enabled: true,
        disabled_reason: None,
        version: format!("sha256:{model}"),
    });
    let value = ConfigValue {
        value: model.into(),
        path: Some(CONFIG.into()),
        line: Some(3),
        column: None,
        source: LayerSource::User,
        overrides: vec![],
    };
    codex.values.insert("model".into(), value);
    codex
}

/// Everything in order, with the processes of this generation.
pub(crate) fn fine(pid: u32) -> Report {
    let mut codex = process(Role::CodexAppServer, pid + 2);
    codex.codex = Some(view("gpt"));
    let places = vec![shell(), process(Role::IdeServer, pid), process(Role::ExtensionHost, pid + 1), codex];
    let mut hops = vec![];
    for pair in places[1..].windows(2) {
        hops.push(Hop { from: pair[0].id.clone(), to: pair[1].id.clone(), rule: Rule::Inherits });
    }
    Report {
        schema: envsplit_model::SCHEMA.to_owned(),
        version: "0.1.0".to_owned(),
        generated_at: time(0),
        verdict: Verdict::Consistent,
        hosts: vec![Host { id: linux(), kind: HostKind::Linux, name: "box".into(), unobserved_reason: None }],
        places,
        hops,
        findings: vec![],
    }
}

pub(crate) fn at(report: &mut Report, role: Role) -> &mut Place {
    report.places.iter_mut().find(|p| p.role == role).unwrap()
}

/// With an error at the extension host.
pub(crate) fn failing_with(mut report: Report, code: Code, subject: Subject, at: Vec<At>) -> Report {
    let id = |role| report.places.iter().find(|p| p.role == role).map(|p| p.id.clone());
    let split = id(Role::ExtensionHost).map(|to| Split {
        from: id(Role::IdeServer).unwrap(),
        to,
        rule: Rule::IdeShellResolution,
    });
    report.findings.push(Finding {
        code,
        severity: Severity::Error,
        subject,
        witness: None,
        split,
        at,
        summary: String::new(),
        evidence: vec![],
        fixes: vec![],
    });
    report.verdict = Verdict::Split;
    report
}

/// The variable is lost: no process of the IDE has it.
pub(crate) fn lost(mut report: Report) -> Report {
    for role in [Role::ExtensionHost, Role::CodexAppServer] {
        at(&mut report, role).env.insert(KEY.into(), Sighting::absent());
    }
    let line = At::file(AtKind::Lost, &linux(), RC, Some(6));
    failing_with(report, Code::EnvRcEarlyReturn, Subject::env(KEY), vec![line])
}

/// A journal in memory.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) remembered: Remembered,
    /// Newest first.
    pub(crate) entries: Vec<Change>,
    seen: Option<Timestamp>,
    look: u64,
}

impl Book {
    pub(crate) fn of(looks: &[(i64, Report)]) -> Self {
        let mut book = Self::default();
        for (minutes, report) in looks {
            book.look(time(*minutes), report);
        }
        book
    }

    pub(crate) fn look(&mut self, now: Timestamp, report: &Report) -> Vec<Change> {
        let mut changes = self.remembered.advance(report, now, self.seen.replace(now));
        self.number(&mut changes);
        changes
    }

    pub(crate) fn number(&mut self, changes: &mut [Change]) {
        self.look += 1;
        for change in changes {
            change.look = self.look;
            change.seq = self.entries.len() as u64 + 1;
            self.entries.insert(0, change.clone());
        }
    }

    pub(crate) fn failing(&self) -> Vec<Failing> {
        failing(&self.remembered, &self.entries, time(-1))
    }

    pub(crate) fn one(&self) -> Failing {
        let mut all = self.failing();
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }
}
