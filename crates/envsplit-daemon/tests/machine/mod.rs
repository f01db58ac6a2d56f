//! Reports to record: one place with one variable, a config and, where it fails, a finding.
#![allow(dead_code)] // each suite needs a part of it

use envsplit_model::{
    At, AtKind, Code, CodexView, ConfigValue, Finding, Fingerprint, HomeFrom, Host, HostId, HostKind,
    KeyVerdict, LayerSource, Place, PlaceId, PlaceKind, PlaceProcess, Report, Role, Rule, Severity, Sighting,
    Split, Subject, Verdict,
};
use jiff::{SignedDuration, Timestamp};

pub(crate) const NAME: &str = "AZURE_OPENAI_API_KEY";

/// So many seconds after a fixed day.
pub(crate) fn time(seconds: i64) -> Timestamp {
    "2026-11-20T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// A report in which the config's `model` is `m{n}`.
pub(crate) fn report(n: u64) -> Report {
    Report {
        schema: envsplit_model::SCHEMA.to_owned(),
        version: "0.1.0".to_owned(),
        generated_at: time(0),
        verdict: Verdict::Consistent,
        hosts: vec![Host {
            id: HostId("linux".into()),
            kind: HostKind::Linux,
            name: "box".into(),
            unobserved_reason: None,
        }],
        places: vec![place(n)],
        hops: vec![],
        findings: vec![],
    }
}

fn place(n: u64) -> Place {
    let value = ConfigValue {
        value: format!("m{n}").into(),
        path: Some("/home/u/.codex/config.toml".into()),
        line: Some(2),
        column: Some(9),
        source: LayerSource::User,
        overrides: vec![],
    };
    let mut codex = CodexView::unknown("");
    codex.unknown.clear();
    codex.home = Some("/home/u/.codex".into());
    codex.home_from = HomeFrom::Default;
    codex.key_verdict = KeyVerdict::Ok;
    codex.values.insert("model".into(), value);
    let id = |pid: &str| PlaceId(format!("linux/process/codex-app-server{pid}"));
    Place {
        id: id("-4121"),
        key: id(""),
        host: HostId("linux".into()),
        kind: PlaceKind::Process,
        role: Role::CodexAppServer,
        label: "Codex app-server (pid 4121)".into(),
        process: Some(PlaceProcess {
            pid: 4121,
            ppid: 1,
            exe: None,
            started_at: Some(time(-1000)),
            ancestry: vec![1],
        }),
        observed: true,
        unobserved_reason: None,
        predicted: false,
        env: [(NAME.to_owned(), Sighting::present(Fingerprint::new("k", "00"), vec![]))].into(),
        editor: None,
        newer_sources: vec![],
        codex: Some(codex),
    }
}

/// The same, where the variable is lost.
pub(crate) fn lost(n: u64) -> Report {
    let mut report = report(n);
    let place = &mut report.places[0];
    place.env.insert(NAME.to_owned(), Sighting::absent());
    let host = HostId("linux".into());
    report.findings.push(Finding {
        code: Code::EnvRcEarlyReturn,
        severity: Severity::Error,
        subject: Subject::env(NAME),
        witness: None,
        split: Some(Split { from: place.id.clone(), to: place.id.clone(), rule: Rule::Inherits }),
        at: vec![At::file(AtKind::Lost, &host, "/home/u/.bashrc", Some(6)).with_text("return")],
        summary: "It is lost.".into(),
        evidence: vec![],
        fixes: vec![],
    });
    report.verdict = Verdict::Split;
    report
}
