//! Compares a report with what a scenario expects. Each line that comes back is one thing that is not as wanted.
use crate::exec::Output;
use crate::glob;
use crate::lab::Lab;
use crate::scenario::{AtWant, FindingWant, OneOrMany, PlaceWant};
use serde_json::Value;
use std::fs;

/// Compares exit status and report. The report comes back too, if the output was one.
pub fn judge(lab: &Lab<'_>, out: &Output) -> (Vec<String>, Option<Value>) {
    let expect = &lab.scenario.expect;
    let mut bad = Vec::new();
    if expect.exit.is_some_and(|want| want != out.code) {
        bad.push(format!("exit {}, wanted {}", out.code, expect.exit.unwrap_or_default()));
    }
    let report: Value = match serde_json::from_slice(&out.stdout) {
        Ok(report) => report,
        Err(e) => {
            let (stdout, stderr) =
                (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
            bad.push(format!("stdout is no JSON: {e}: {stdout:.200} {stderr:.300}"));
            return (bad, None);
        }
    };
    if report["schema"] != "envsplit.report/v1" {
        bad.push(format!("schema is {}", report["schema"]));
    }
    if let Some(wanted) = &expect.verdict
        && !wanted.all().iter().any(|verdict| report["verdict"] == verdict.as_str())
    {
        bad.push(format!("verdict {}, wanted {:?}", report["verdict"], wanted.all()));
    }
    bad.extend(findings(lab, &report));
    for want in &expect.place {
        bad.extend(place(lab, &report, want));
    }
    (bad, Some(report))
}

/// Checks the scenario itself: a line that it calls the source must name its subject.
pub fn lint(lab: &Lab<'_>) -> Vec<String> {
    let mut bad = Vec::new();
    for want in lab.scenario.wanted() {
        let Some(subject) = &want.subject else { continue };
        for at in want.at.iter().filter(|at| at.role.as_deref() == Some("source")) {
            let (Some(path), Some([line])) = (&at.path, at.line.as_ref().map(OneOrMany::all)) else {
                continue;
            };
            let text = lab.path(path).map(|p| fs::read(p).unwrap_or_default()).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let named = usize::try_from(*line).ok().and_then(|n| text.lines().nth(n.checked_sub(1)?));
            if !named.is_some_and(|l| l.contains(subject)) {
                bad.push(format!("{path}:{line} does not name {subject}"));
            }
        }
    }
    bad
}

fn findings(lab: &Lab<'_>, report: &Value) -> Vec<String> {
    let expect = &lab.scenario.expect;
    let found = list(report, "findings");
    let codes: Vec<_> = found.iter().filter_map(|f| f["code"].as_str()).collect();
    let mut bad = Vec::new();
    if let Some(want) = &expect.first {
        let why = found.first().map_or(Some("no findings".to_owned()), |f| unlike(lab, report, want, f));
        bad.extend(why.map(|why| format!("first finding: {why}; findings: {codes:?}")));
    }
    for want in &expect.finding {
        let whys: Vec<_> = found.iter().map(|f| unlike(lab, report, want, f)).collect();
        if !whys.contains(&None) {
            bad.push(format!("no finding {:?}: {whys:?}; findings: {codes:?}", want.code.all()));
        }
    }
    for code in codes {
        if expect.no.iter().any(|pattern| glob::matches(pattern, code)) {
            bad.push(format!("unwanted finding {code}"));
        }
    }
    bad
}

/// Why the finding is not the wanted one.
fn unlike(lab: &Lab<'_>, report: &Value, want: &FindingWant, found: &Value) -> Option<String> {
    if !want.code.all().iter().any(|code| found["code"] == code.as_str()) {
        return Some("code".to_owned());
    }
    if want.subject.as_ref().is_some_and(|name| found["subject"]["name"] != name.as_str()) {
        return Some(format!("subject is {}", found["subject"]["name"]));
    }
    for (side, patterns) in [("from", &want.from), ("to", &want.to)] {
        let Some(patterns) = patterns else { continue };
        let id = &found["split"][side];
        let place = list(report, "places").iter().find(|p| p["id"] == *id).unwrap_or(&Value::Null);
        let names = [plain(id), plain(&place["role"]), plain(&place["kind"])];
        if !patterns.all().iter().any(|p| names.iter().any(|name| glob::matches(p, name))) {
            return Some(format!("split.{side} is {id} ({})", place["role"]));
        }
    }
    for at in &want.at {
        let places = list(found, "at");
        if !places.iter().any(|place| located(lab, at, place)) {
            return Some(format!("at: no {at:?} in {}", found["at"]));
        }
    }
    (want.fix && list(found, "fixes").is_empty()).then(|| "no fixes".to_owned())
}

fn located(lab: &Lab<'_>, want: &AtWant, place: &Value) -> bool {
    let role = want.role.as_ref().is_none_or(|role| place["as"] == role.as_str());
    let path = want.path.as_ref().is_none_or(|p| lab.path(p).is_ok_and(|p| place["path"] == p.as_str()));
    let line = want.line.as_ref().is_none_or(|l| l.all().iter().any(|line| place["line"] == *line));
    let pid = want.pid.as_ref().is_none_or(|p| lab.fill(p).is_ok_and(|p| plain(&place["pid"]) == p));
    role && path && line && pid
}

fn place(lab: &Lab<'_>, report: &Value, want: &PlaceWant) -> Option<String> {
    let hits = list(report, "places").iter().filter(|place| {
        let named = |field: &str, pattern: &Option<String>| {
            glob::matches(pattern.as_deref().unwrap_or("*"), &plain(&place[field]))
        };
        let pid = || {
            want.pid.as_ref().is_none_or(|p| lab.fill(p).is_ok_and(|p| plain(&place["process"]["pid"]) == p))
        };
        named("id", &want.id) && named("role", &want.role) && pid()
    });
    let misses: Vec<_> = hits.map(|place| differences(lab, place, want)).collect();
    if misses.is_empty() {
        Some(format!("no place {want:?}"))
    } else if misses.iter().any(Vec::is_empty) {
        None
    } else {
        Some(format!("no place like {want:?}: {}", misses.concat().join("; ")))
    }
}

fn differences(lab: &Lab<'_>, place: &Value, want: &PlaceWant) -> Vec<String> {
    let mut bad = Vec::new();
    for (name, state) in &want.env {
        let got = &place["env"][name]["state"];
        if got != state.as_str() {
            bad.push(format!("{}: {name} is {got}, wanted {state}", place["id"]));
        }
    }
    for (field, value) in &want.codex {
        let got = &place["codex"][field];
        let wanted = match value {
            toml::Value::String(text) => lab.path(text).ok().map(Value::from),
            other => serde_json::to_value(other).ok(),
        };
        if Some(got) != wanted.as_ref() {
            bad.push(format!("{}: codex.{field} is {got}, wanted {value:?}", place["id"]));
        }
    }
    bad
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// Text as it is, anything else as JSON; a pattern of `*` matches them all.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    const REPORT: &str = r#"{"schema": "envsplit.report/v1", "verdict": "split",
        "places": [{"id": "linux/process/codex-app-server-7", "role": "codex-app-server", "kind": "process",
                    "process": {"pid": 7}, "env": {"KEY": {"state": "absent"}}, "codex": {"provider": "azure"}}],
        "findings": [{"code": "env/stale-process", "subject": {"name": "KEY"},
                      "split": {"from": null, "to": "linux/process/codex-app-server-7"},
                      "at": [{"as": "source", "path": "/lab/home/.profile", "line": 3}], "fixes": [{}]}]}"#;

    /// What is wrong with [`REPORT`] and exit status 1, for this `[expect]`.
    fn wrong(expect: &str) -> Vec<String> {
        let scenario: Scenario = toml::from_str(&format!("id = \"x\"\n[expect]\n{expect}")).unwrap();
        let lab = Lab::bare(&scenario, "/lab".into());
        let out = Output { code: 1, stdout: REPORT.as_bytes().to_vec(), stderr: Vec::new() };
        judge(&lab, &out).0
    }

    #[test]
    fn what_is_as_wanted_passes() {
        let expect = r#"
            exit = 1
            verdict = ["broken", "split"]
            no = ["config/*", "env/unexplained"]
            [expect.first]
            code = ["env/agent-daemon", "env/stale-process"]
            subject = "KEY"
            to = ["ide-*", "codex-app-server"]
            at = [{ as = "source", path = "~/.profile", line = [2, 3] }]
            fix = true
            [[expect.place]]
            role = "codex-*"
            pid = "7"
            env = { KEY = "absent" }
            codex = { provider = "azure" }"#;
        assert_eq!(wrong(expect), Vec::<String>::new());
    }

    #[test]
    fn each_difference_is_said() {
        for (expect, said) in [
            ("exit = 0", "exit 1, wanted 0"),
            ("verdict = \"broken\"", "verdict \"split\""),
            ("no = [\"env/*\"]", "unwanted finding env/stale-process"),
            ("first = { code = \"env/agent-daemon\" }", "first finding: code"),
            ("first = { code = \"env/stale-process\", subject = \"X\" }", "subject is \"KEY\""),
            ("first = { code = \"env/stale-process\", to = \"ide-*\" }", "split.to is"),
            ("first = { code = \"env/stale-process\", from = \"ide-*\" }", "split.from is"),
            ("first = { code = \"env/stale-process\", at = [{ line = 4 }] }", "at: no"),
            ("first = { code = \"env/stale-process\", at = [{ as = \"lost\" }] }", "at: no"),
            ("finding = [{ code = \"wsl/layout\" }]", "no finding [\"wsl/layout\"]"),
            ("place = [{ role = \"self\" }]", "no place"),
            ("place = [{ env = { KEY = \"present\" } }]", "KEY is \"absent\", wanted present"),
            ("place = [{ codex = { provider = \"openai\" } }]", "codex.provider is \"azure\""),
        ] {
            let bad = wrong(expect);
            assert!(bad.len() == 1 && bad[0].contains(said), "{expect}: {bad:?}");
        }
    }

    #[test]
    fn what_is_no_report_is_said() {
        let scenario: Scenario = toml::from_str("id = \"x\"").unwrap();
        let lab = Lab::bare(&scenario, "/lab".into());
        let out = Output { code: 0, stdout: b"oops".to_vec(), stderr: b"why".to_vec() };
        let (bad, report) = judge(&lab, &out);
        assert!(report.is_none() && bad[0].contains("stdout is no JSON"), "{bad:?}");
        let out = Output { code: 0, stdout: b"{}".to_vec(), stderr: Vec::new() };
        assert_eq!(judge(&lab, &out).0, ["schema is null"]);
    }
}
