//! What `codex exec` sends to a provider, beside what the rules say of the key.
mod samples;

use super::compare::{self, Difference};
use super::mock::{self, Mock, Request};
use super::server::command;
use super::warnings;
use super::world::{Look, Machine, Node, Start, World};
use crate::exec;
use envsplit_codex::Resolution;
use envsplit_model::{KeyVerdict, Problem};
use proptest::prelude::*;
use proptest::sample::select;
use samples::{NAMES, PROBES, VALUES};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// What `http_headers` has for `Authorization`, where it has it.
const OTHER: &[u8] = b"other";

/// A run takes a second on an idle machine.
const LIMIT: Duration = Duration::from_secs(40);

fn text(lines: &[String]) -> Node {
    Node::Text(lines.iter().map(|l| format!("{l}\n")).collect())
}

/// The first choice mostly: what surrounds the key is varied in a quarter of the cases, so that most come to a request.
fn seldom<T: Clone + std::fmt::Debug + 'static>(choices: Vec<T>) -> impl Strategy<Value = T> {
    let usual = choices[0].clone();
    prop_oneof![3 => Just(usual), 1 => select(choices)]
}

/// What an organisation demands: `ID` is the user's provider, `WHOLE` what a provider needs.
const REQUIRED: &[&str] = &[
    "model_provider = \"corp\"\n[model_providers.corp]\nWHOLE\nenv_key = \"P1\"\n",
    "model_provider = \"corp\"\n[model_providers.corp]\nWHOLE\nenvkey = \"P1\"\n",
    "[model_providers.ID]\nWHOLE\nenv_key = \"P2\"\n",
    "[model_providers.ID]\nWHOLE\n",
    "[model_providers.corp]\nWHOLE\nenv_key = \"P1\"\n",
    "model_provider = \"corp\"\n",
    "model_provider = ID\nmodel = \"required\"\nfoo = 1\n",
    "model_provider = 3\n",
    "model_provider = \n",
    "[model_providers.ID]\nWHOLE\nenv_key = 3\n",
    "[model_providers.ID]\nenv_key = \"P2\"\n",
    "modle_provider = \"corp\"\n",
    "allowed_login_methods = []\n",
];

/// A start of `codex exec` and its world, with a provider on the loopback.
pub fn case(port: u16, etc: bool) -> impl Strategy<Value = (Start, World)> {
    let dotenv = prop_oneof![
        1 => Just(None),
        8 => samples::dotenv().prop_map(|bytes| Some(Node::Bytes(bytes))),
        1 => select(vec![Node::Directory, Node::Link("gone".to_owned()), Node::Link("@ROOT@/dot".to_owned())])
            .prop_map(Some),
    ];
    let name = select(NAMES);
    let env = (
        prop::option::weighted(0.7, select(VALUES)),
        prop::collection::vec(prop::option::weighted(0.4, select(VALUES)), PROBES.len()),
    );
    let provider = select(vec!["azure", "azure", "azure", "my azure", "p.q"]);
    let extra = select(vec![
        vec![],
        vec![],
        vec![],
        vec!["experimental_bearer_token = \"tok\""],
        vec!["http_headers = { Authorization = \"other\" }"],
        vec!["requires_openai_auth = true"],
        vec!["env_ky = \"x\"", "query_params = { api-version = \"preview\" }"],
        vec!["NO KEY"],
        vec!["NO KEY"],
        vec!["NO KEY"],
        vec!["NO KEY"],
    ]);
    let overrides = seldom(vec![
        vec![],
        vec![],
        vec!["model=flag"],
        vec!["model=3"],
        vec!["model_providers.azure.env_key=K"],
        vec!["model_provider=nope"],
        vec!["model"],
        vec!["foo=1", "tui.nope=2"],
    ]);
    let profile = seldom(vec![
        None,
        None,
        None,
        Some(("work", Some("model = \"profile\"\nfoo = 1\n"))),
        Some(("work", Some("model = \"profile\"\nmodel_providers.azure.env_key = \"K\"\n"))),
        Some(("work", Some("[projects.\"@ROOT@/repo\"]\ntrust_level = \"untrusted\"\n"))),
        Some(("work", Some("model = 3\n"))),
        Some(("work", Some("model = \n"))),
        Some(("work", Some("profile = \"work\"\n"))),
        Some(("work", Some("profiles.work.model = \"x\"\n"))),
        Some(("work", None)),
        Some(("legacy", Some("model = \"profile\"\n"))),
        Some(("legacy", None)),
        Some(("../x", None)),
        Some(("a.b", None)),
        Some(("Work-1_2", Some("model = \"other\"\n"))),
        Some(("", None)),
    ]);
    let project = seldom(vec![
        None,
        None,
        Some("model = \"project\"\n"),
        Some("model = \"project\"\nmodel_provider = \"nope\"\nopenai_base_url = \"https://h\"\n"),
        Some("bar = 1\n[features]\nrespect_system_proxy = true\n"),
        Some("model = \n"),
    ]);
    let user =
        (seldom(vec!["", "", "profiles.legacy.model = \"x\"", "modle = 1", "profile = \"legacy\""]), 0u8..12);
    let system =
        select(vec![None, None, None, Some("model = \"system\"\nnope = 1\n"), Some("env_key = 1\n")]);
    let home = seldom(vec![
        None,
        None,
        None,
        Some("@ROOT@/codexlink"),
        Some("@ROOT@/nowhere"),
        Some("@ROOT@/repo/file"),
        Some(""),
        Some("../home/.codex"),
    ]);
    // What seldom comes together by itself.
    let together = select(vec![
        ("", Some(("work", Some("model = \"profile\"\n"))), Some("model = \"project\"\n")),
        ("", Some(("a.b", Some("model = \"profile\"\n"))), None),
        ("profiles.legacy.model = \"x\"", Some(("legacy", Some("model = \"profile\"\n"))), None),
        ("profile = \"legacy\"", Some(("legacy", None)), None),
        ("profiles.legacy.model = \"x\"", Some(("work", None)), Some("model = \"project\"\n")),
    ]);
    let layers = prop_oneof![
        2 => (user, profile, project).prop_map(|((line, trust), profile, project)| (line, trust, profile, project)),
        1 => together.prop_map(|(line, profile, project)| (line, 1, profile, project)),
    ];
    // A `corp` of the organisation, whose key is another one; a provider that it has in the place of the user's.
    let required = prop_oneof![5 => Just(None), 2 => select(REQUIRED).prop_map(Some)];
    ((dotenv, name, env, provider, extra), (overrides, layers, (system, required), home)).prop_map(
        move |((dotenv, name, env, provider, extra), (overrides, layers, (system, required), home))| {
            let (line, trust, profile, project) = layers;
            let mut lines = vec![
                "model = \"user\"".to_owned(),
                format!("model_provider = \"{provider}\""),
                line.to_owned(),
                format!("[model_providers.\"{provider}\"]"),
                "name = \"A\"".to_owned(),
                format!("base_url = \"http://127.0.0.1:{port}/v1\""),
                "request_max_retries = 0".to_owned(),
                "stream_max_retries = 0".to_owned(),
            ];
            if extra.first() != Some(&"NO KEY") {
                lines.push(format!("env_key = \"{name}\""));
                lines.extend(extra.iter().map(|e| (*e).to_owned()));
            }
            let headers: Vec<String> =
                PROBES.iter().map(|(header, name)| format!("{header} = \"{name}\"")).collect();
            lines.push(format!("env_http_headers = {{ {} }}", headers.join(", ")));
            let level = if trust == 0 { "untrusted" } else { "trusted" };
            lines.push(format!("[projects.\"@ROOT@/repo\"]\ntrust_level = \"{level}\""));
            let mut files: BTreeMap<String, Node> = BTreeMap::new();
            files.insert("home/.codex/config.toml".to_owned(), text(&lines));
            files.insert("repo/.git/HEAD".to_owned(), Node::Text("ref: refs/heads/main\n".to_owned()));
            files.insert("repo/file".to_owned(), Node::Text(String::new()));
            files.insert("dot".to_owned(), Node::Text("K=linked\n".to_owned()));
            files.insert("repo/.env".to_owned(), Node::Text("K=wrong\n".to_owned()));
            files.insert("home/.env".to_owned(), Node::Text("K=wrong\n".to_owned()));
            // A line for `K` is one for the name that the provider asks for.
            let dotenv = dotenv.map(|node| match node {
                Node::Bytes(bytes)
                    if name != "HOME" && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') =>
                {
                    Node::Bytes(samples::renamed(&bytes, name))
                }
                node => node,
            });
            files.extend(dotenv.map(|node| ("home/.codex/.env".to_owned(), node)));
            if let Some(text) = project {
                files.insert("repo/.codex/config.toml".to_owned(), Node::Text(text.to_owned()));
            }
            if let (Some(text), true) = (system, etc) {
                files.insert("/etc/codex/config.toml".to_owned(), Node::Text(text.to_owned()));
            }
            if let (Some(text), true) = (required, etc) {
                let headers = headers.join(", ");
                let text = text
                    .replace("ID", &format!("\"{provider}\""))
                    .replace("WHOLE", &format!("name = \"R\"\nbase_url = \"http://127.0.0.1:{port}/v1\"\nrequest_max_retries = 0\nstream_max_retries = 0\nenv_http_headers = {{ {headers} }}"));
                files.insert("/etc/codex/requirements.toml".to_owned(), Node::Text(text));
            }
            if let Some((name, Some(text))) = profile {
                files.insert(format!("home/.codex/{name}.config.toml"), Node::Text(text.to_owned()));
            }
            let proxy = format!("http://127.0.0.1:{port}");
            let mut variables: BTreeMap<String, Vec<u8>> = BTreeMap::new();
            for (variable, value) in
                [("HTTPS_PROXY", proxy.as_str()), ("HTTP_PROXY", proxy.as_str()), ("NO_PROXY", "127.0.0.1")]
            {
                variables.insert(variable.to_owned(), value.as_bytes().to_vec());
            }
            let usable = !name.is_empty() && name != "HOME";
            variables.extend(env.0.filter(|_| usable).map(|v| (name.to_owned(), v.to_vec())));
            for ((_, variable), value) in PROBES.iter().zip(env.1) {
                variables.extend(value.map(|v| ((*variable).to_owned(), v.to_vec())));
            }
            let invalid_home = home.is_some_and(|h| h.ends_with("nowhere") || h.ends_with("file"));
            let start = Start {
                overrides: overrides.into_iter().map(str::to_owned).collect(),
                home: home.map(str::to_owned),
                process_cwd: "@ROOT@/repo".to_owned(),
                // With both wrong, the command line is refused before the home is looked at.
                profile: profile.filter(|_| !invalid_home).map(|p| p.0.to_owned()),
                env: variables,
                exec: true,
            };
            (start, World { files, cwd: Some("@ROOT@/repo".to_owned()) })
        },
    )
}

/// Any world as `codex exec` finds it is for `config/read` to show; here a run is compared. Says whether Codex
/// refused.
pub fn ask(
    codex: &Path,
    machine: &Machine,
    mock: &Mock,
    start: &Start,
    world: &World,
) -> Result<(Vec<Difference>, bool), String> {
    machine.lay_out(world)?;
    mock.take();
    let mut run = command(codex, machine, start);
    run.arg("exec").arg("--skip-git-repo-check");
    if let Some(profile) = &start.profile {
        run.arg("--profile").arg(profile);
    }
    let out = exec::run(run.arg("hi").stdin(Stdio::null()), LIMIT)?;
    let requests = mock.take();
    let seen = Seen { code: out.code, stderr: String::from_utf8_lossy(&out.stderr).into_owned(), requests };
    Ok(machine.resolved(world.cwd.as_deref(), start, |r| {
        (differs(r, &seen, &|look| machine.refused(start, look)), out.code != 0)
    }))
}

struct Seen {
    code: i32,
    stderr: String,
    requests: Vec<Request>,
}

fn differs(rules: &Resolution<'_>, seen: &Seen, look: &dyn Fn(Look<'_>) -> Vec<Problem>) -> Vec<Difference> {
    let view = rules.view();
    let post = seen.requests.iter().find(|r| r.line.starts_with("POST"));
    let elsewhere = seen.requests.iter().find(|r| r.line.starts_with("CONNECT"));
    let missing = missing_variable(&seen.stderr);
    let fatal: Vec<_> = view.problems.iter().filter(|p| p.fatal).collect();
    let summary = format!(
        "exit {} {:?}\nstderr {:?}\nrules {:?} {:?}",
        seen.code, seen.requests, seen.stderr, view.key_verdict, fatal
    );
    if post.is_none() && missing.is_none() && elsewhere.is_none() {
        return refused(&fatal, seen, &summary, look);
    }
    if !fatal.is_empty() {
        let kind = format!("accepted: {}", compare::plain(&fatal[0].message));
        return vec![Difference::new(kind, summary)];
    }
    let mut found = warnings::compare(&view, std::slice::from_ref(&seen.stderr));
    let env_key = rules.env_key();
    let verdict = match (missing, post) {
        (Some(name), _) => {
            if Some(name) != env_key {
                found.push(Difference::new("missing: name", summary.clone()));
            }
            vec![KeyVerdict::Missing]
        }
        (None, Some(post)) => match (env_key, post.authorization) {
            (None, _) => vec![KeyVerdict::NotNeeded],
            (Some(_), None) => vec![KeyVerdict::HeaderDropped],
            // The header that the key does not make is the one of `http_headers`.
            (Some(_), Some(sent)) if sent == mock::hash(OTHER) => vec![KeyVerdict::HeaderDropped],
            (Some(name), Some(sent)) => {
                let value = rules.effective(name).map(|(_, v)| v.to_vec()).unwrap_or_default();
                if sent != mock::hash(&[b"Bearer ", &value[..]].concat()) {
                    found.push(Difference::new("wire: another value", summary.clone()));
                }
                vec![KeyVerdict::Ok, KeyVerdict::Padded]
            }
        },
        (None, None) => vec![],
    };
    if !verdict.contains(&view.key_verdict) {
        found.push(Difference::new(format!("key: {verdict:?} {:?}", view.key_verdict), summary.clone()));
    }
    if let Some(post) = post {
        found.extend(PROBES.iter().filter_map(|(header, name)| probe(rules, post, header, name)));
    }
    let model = view.values.get("model").and_then(|m| m.value.as_str());
    if let Some(post) = post
        && post.model.as_deref() != model
    {
        found.push(Difference::new("wire: model", summary));
    }
    found
}

/// A header with a variable's value: Codex 0.169 leaves it out where a key would be missing or make no header.
fn probe(rules: &Resolution<'_>, post: &Request, header: &str, name: &str) -> Option<Difference> {
    let value = rules.effective(name).map(|(_, value)| value);
    let expected = match envsplit_codex::key_verdict(value) {
        KeyVerdict::Ok | KeyVerdict::Padded => value.map(mock::hash),
        _ => None,
    };
    let sent = post.probes.get(header).copied();
    (sent != expected).then(|| {
        let (sent, shown) = (sent.is_some(), value.map(String::from_utf8_lossy));
        Difference::new(format!("variable: {sent}"), format!("{name}: sent: {sent}, the rules say {shown:?}"))
    })
}

/// The run ended before any request: for a reason that the rules call fatal.
fn refused(
    fatal: &[&Problem],
    seen: &Seen,
    summary: &str,
    look: &dyn Fn(Look<'_>) -> Vec<Problem>,
) -> Vec<Difference> {
    if seen.code == 0 {
        return vec![Difference::new("wire: silent", summary)];
    }
    let said: Vec<&str> = seen.stderr.split_inclusive('\n').collect();
    // The error is what follows `Error` or stands behind the heading of a file's error.
    let whole = |at: usize| said[at..].concat();
    let error = said.iter().enumerate().find_map(|(at, line)| {
        line.starts_with("Error loading config.toml:\n")
            .then(|| whole(at + 1))
            .or_else(|| {
                line.starts_with("Error loading config.toml: ")
                    .then(|| whole(at)["Error loading config.toml: ".len()..].to_owned())
            })
            .or_else(|| line.starts_with("Error: ").then(|| whole(at)["Error: ".len()..].to_owned()))
            .or_else(|| {
                line.starts_with("Error finding codex home: ")
                    .then(|| whole(at)["Error finding codex home: ".len()..].to_owned())
            })
            .or_else(|| line.contains("panicked at").then(|| "panicked".to_owned()))
            .or_else(|| line.starts_with("error: invalid value").then(|| (*line).to_owned()))
    });
    let error = error.unwrap_or_else(|| seen.stderr.clone());
    if error == "panicked" && fatal.iter().any(|p| p.message.contains("ends at its start")) {
        return vec![];
    }
    // A file's error is followed by the lines of the file.
    let short = error.split("\n  |").next().unwrap_or_default();
    match compare::refusal(fatal, short, look) {
        Some(_) if fatal.iter().any(|p| error.contains(&p.message) || compare::says(p, error.trim_end())) => {
            vec![]
        }
        other => {
            other.map(|d| Difference::new(d.kind, format!("{}\n{summary}", d.detail))).into_iter().collect()
        }
    }
}

/// ``Missing environment variable: `NAME`.``
fn missing_variable(stderr: &str) -> Option<&str> {
    let (_, rest) = stderr.split_once("Missing environment variable: `")?;
    rest.split_once("`.").map(|(name, _)| name)
}
