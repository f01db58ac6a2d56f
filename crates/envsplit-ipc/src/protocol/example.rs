//! One example of every type that travels, made of the type itself. What they tell: a key that only terminals see.
use super::{
    Caller, CancelParams, ClientInfo, ConfigGetParams, EditorClaim, Empty, EnvGetParams, ExplainParams,
    ExtensionClaim, HistoryListParams, Id, InitializeParams, InitializeResult, ObservePush, ObservePushed,
    ObserveWithdraw, PlacesListParams, ProbeRunParams, Progress, ReportChanged, ReportGetParams,
    ReportSubscribeParams, ReportSubscribed, ReportUnsubscribeParams, SettingClaim, SettingScope,
    SettingValue, Status,
};
use super::{Cost, JournalStatus, PROTOCOL, ProbeWhat, ProbesRun, ProgressValue, Ready};
use envsplit_model::history::{Change, History};
use envsplit_model::{ConfigSlice, EnvSlice, Explained, HostId, PlacesSlice, Report};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const NAME: &str = "AZURE_OPENAI_API_KEY";
const SERVER: &str = "linux/process/codex-app-server-4160";
const SHELL: &str = "linux/shell/bash-login-interactive";

/// What a type looks like.
pub(in crate::protocol) trait Example {
    /// One of it.
    fn example() -> Self;
}

/// A type of the report, from its JSON.
fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap_or_else(|e| panic!("an example that its type does not take: {e}"))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_330_800 + second).unwrap_or_default()
}

impl Example for () {
    fn example() -> Self {}
}

impl Example for Empty {
    fn example() -> Self {
        Self {}
    }
}

impl Example for InitializeParams {
    fn example() -> Self {
        let client = ClientInfo { name: "vscode-envsplit".into(), version: "0.1.0".into() };
        Self { protocol: PROTOCOL, version: "0.1.0".into(), client }
    }
}

impl Example for InitializeResult {
    fn example() -> Self {
        Self {
            protocol: PROTOCOL,
            version: "0.1.0".into(),
            pid: 3991,
            started_at: at(0),
            key_id: "5d1c".into(),
            host: HostId("linux".into()),
            ready: Ready::Ready,
            reason: None,
        }
    }
}

fn caller() -> Caller {
    Caller { cwd: Some("/home/u/project".into()), keys: vec![NAME.into()], ..Caller::default() }
}

impl Example for ReportGetParams {
    fn example() -> Self {
        Self { caller: Some(caller()), fresh: true }
    }
}

impl Example for ReportSubscribeParams {
    fn example() -> Self {
        Self { caller: None }
    }
}

impl Example for ReportUnsubscribeParams {
    fn example() -> Self {
        Self { subscription: 1 }
    }
}

impl Example for ReportSubscribed {
    fn example() -> Self {
        Self { subscription: 1, report: Report::example() }
    }
}

impl Example for ReportChanged {
    fn example() -> Self {
        Self { subscription: 1, changes: vec![change()], report: Report::example() }
    }
}

fn change() -> Change {
    read(json!({
        "seq": 0, "look": 0, "at": at(40), "place": "linux/process/codex-app-server", "host": "linux",
        "role": "codex-app-server", "label": "codex app-server", "pid": 4160,
        "kind": "variable-vanished", "name": NAME, "fingerprint": "fp:5d1c:9f86d081884c7d65", "set_by": [],
    }))
}

impl Example for Report {
    fn example() -> Self {
        read(json!({
            "schema": envsplit_model::SCHEMA, "version": "0.1.0", "generated_at": at(41), "verdict": "consistent",
            "hosts": [{ "id": "linux", "kind": "linux", "name": "Debian GNU/Linux 13" }],
            "places": [{
                "id": SHELL, "key": SHELL, "host": "linux", "kind": "shell", "role": "shell", "label": "bash -lic",
                "process": null, "observed": true, "unobserved_reason": null, "predicted": false,
                "env": { NAME: {
                    "state": "present", "reason": null, "fingerprint": "fp:5d1c:9f86d081884c7d65", "taints": [],
                    "set_by": [{ "host": "linux", "path": "/home/u/.bashrc", "line": 118, "how": "export" }],
                } },
                "codex": null,
            }],
            "hops": [], "findings": [],
        }))
    }
}

impl Example for EnvGetParams {
    fn example() -> Self {
        Self { name: NAME.into(), caller: None }
    }
}

impl Example for EnvSlice {
    fn example() -> Self {
        read(json!({
            "schema": "envsplit.env/v1", "name": NAME,
            "sources": [{
                "path": "/home/u/.bashrc", "line": 118, "how": "export", "read_by": [SHELL], "reached_by": [SHELL],
                "text": "export AZURE_OPENAI_API_KEY=…",
            }],
            "places": [{
                "id": SERVER, "host": "linux", "role": "codex-app-server",
                "sighting": { "state": "absent", "reason": null, "fingerprint": null, "taints": [], "set_by": [] },
            }],
        }))
    }
}

impl Example for ConfigGetParams {
    fn example() -> Self {
        Self { at: Some("codex-app-server".into()), caller: None }
    }
}

impl Example for ConfigSlice {
    fn example() -> Self {
        let origin = json!({
            "value": "azure", "path": "/home/u/.codex/config.toml", "line": 2, "column": 18, "source": "user",
            "overrides": [],
        });
        read(json!({
            "schema": "envsplit.config/v1",
            "places": [{ "id": SERVER, "host": "linux", "role": "codex-app-server", "codex": {
                "home": "/home/u/.codex", "home_from": "default", "config_path": "/home/u/.codex/config.toml",
                "config_exists": true, "layers": [], "values": { "model_provider": origin }, "provider": "azure",
                "env_key": NAME, "key_verdict": "missing", "key": null, "version": "0.169.0", "problems": [],
            } }],
        }))
    }
}

impl Example for PlacesListParams {
    fn example() -> Self {
        Self { caller: Some(caller()) }
    }
}

impl Example for PlacesSlice {
    fn example() -> Self {
        let Report { hosts, hops, places, .. } = Report::example();
        let mut places: Vec<Value> = places.iter().map(|p| json!(p)).collect();
        for place in places.iter_mut().filter_map(Value::as_object_mut) {
            place.retain(|field, _| field != "env" && field != "codex");
        }
        Self { schema: "envsplit.places/v1".into(), hosts, places, hops }
    }
}

impl Example for ExplainParams {
    fn example() -> Self {
        let text = "Missing environment variable: `AZURE_OPENAI_API_KEY`.";
        Self { code: None, text: Some(text.into()), caller: None }
    }
}

impl Example for Explained {
    fn example() -> Self {
        read(json!({
            "schema": "envsplit.explain/v1", "layer": "environment", "symptom": "missing-variable",
            "title": "Codex does not find the variable that `env_key` names.", "variable": NAME,
            "fine": ["surface", "provider"], "untested": ["network", "credential", "route", "deployment"],
            "codes": ["env/missing-everywhere", "env/not-exported"], "verdict": "consistent", "finding": null,
            "seen": [], "next": "Run `envsplit check` where it fails.",
        }))
    }
}

impl Example for ObservePush {
    fn example() -> Self {
        let value = |value, scope| SettingClaim { value, scope };
        let inherit = value(Some(SettingValue::Bool(true)), SettingScope::Default);
        Self {
            about_pid: 4121,
            names: vec!["HOME".into(), "PATH".into(), "VSCODE_PID".into()],
            editor: EditorClaim {
                app: "Visual Studio Code".into(),
                version: "1.139.1".into(),
                remote_name: None,
                extension_kind: Some("workspace".into()),
                shell: Some("/bin/bash".into()),
                folders: vec!["/home/u/project".into()],
                trusted: Some(true),
            },
            settings: [
                ("terminal.integrated.inheritEnv".to_owned(), inherit),
                ("terminal.integrated.env.linux".to_owned(), value(None, SettingScope::User)),
            ]
            .into(),
            extension: Some(ExtensionClaim {
                version: "0.5.80".into(),
                path: "/home/u/.vscode/extensions/openai.chatgpt-0.5.80".into(),
                codex: None,
            }),
        }
    }
}

impl Example for ObservePushed {
    fn example() -> Self {
        Self { accepted: true, reason: None }
    }
}

impl Example for ObserveWithdraw {
    fn example() -> Self {
        Self { about_pid: 4121 }
    }
}

impl Example for HistoryListParams {
    fn example() -> Self {
        Self { limit: Some(50), since: Some(at(0)), place: None }
    }
}

impl Example for History {
    fn example() -> Self {
        let mut seen = change();
        (seen.seq, seen.look) = (12, 5);
        Self { begun_at: Some(at(0)), seen_at: Some(at(60)), entries: vec![seen], ..Self::empty(None) }
    }
}

impl Example for ProbeRunParams {
    fn example() -> Self {
        Self { what: ProbeWhat::Shells, token: Some(Id::Text("shells-1".into())), caller: None }
    }
}

impl Example for Progress {
    fn example() -> Self {
        let value = ProgressValue { message: "Starting `bash -lic`".into(), done: Some(1), total: Some(3) };
        Self { token: Id::Text("shells-1".into()), value }
    }
}

impl Example for CancelParams {
    fn example() -> Self {
        Self { id: Id::Number(7) }
    }
}

impl Example for Status {
    fn example() -> Self {
        Self {
            pid: 3991,
            started_at: at(0),
            version: "0.1.0".into(),
            uptime_s: 60,
            clients: 2,
            subscribers: 1,
            files_watched: 41,
            watching: "inotify".into(),
            watch_trouble: None,
            processes_known: 312,
            probes: ProbesRun { shells_run: 3, traces_run: 0, last_ms: Some(212) },
            cost: Cost { cpu_ms: 180, rss_kb: 11_900 },
            journal: Some(JournalStatus {
                path: "/home/u/.local/share/envsplit/journal.db".into(),
                entries: 12,
                bytes: 40_960,
                trouble: None,
            }),
            socket: "/run/user/1000/envsplit/envsplit.sock".into(),
            requests_served: 5,
        }
    }
}
