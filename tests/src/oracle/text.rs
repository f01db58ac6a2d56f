//! Texts of config files: keys that Codex knows and does not know, values of the right and of the wrong type, in
//! every way that TOML lets one write a table, and broken lines.
mod required;
mod values;

use envsplit_model::text::toml_key;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use values::{fitting, values};

pub use required::required;

/// A key with its value as TOML writes it.
pub type Setting = (Vec<String>, String);

/// The list of keys that the rules know.
const KNOWN: &str = include_str!("../../../crates/envsplit-codex/src/known_keys.txt");

/// Ids of providers that worlds play with.
pub const PROVIDERS: &[&str] = &["azure", "other", "Azure", "p.q", "my azure"];

/// How a document is written, and what is broken in it.
#[derive(Clone, Debug)]
pub struct Writing {
    /// 0: dotted keys, 1: tables, 2: inline tables, 3: what comes first decides.
    style: u8,
    /// A line that is put in, and how far down in percent.
    broken: Option<(&'static str, u8)>,
    /// A byte-order mark, CRLF, bytes that are no UTF-8, no line end.
    quirk: u8,
}

/// A way of writing, one in `errors` of them broken.
pub fn writing(errors: u32) -> impl Strategy<Value = Writing> {
    let broken = prop_oneof![errors => Just(None), 1 => (select(BROKEN), 0u8..=100).prop_map(Some)];
    (0u8..4, broken, prop_oneof![30 => Just(0u8), 3 => 1u8..4, 1 => Just(4u8)])
        .prop_map(|(style, broken, quirk)| Writing { style, broken, quirk })
}

const BROKEN: &[&str] = &[
    "model_provider = azure",
    "model = \"a\"\nmodel = \"b\"",
    "x =",
    "= 3",
    "[a",
    "[a]]",
    "x = \"unterminated",
    "x = 'unterminated",
    "x = [1, 2",
    "x = {a = 1",
    "x = {a = 1, a = 2}",
    "x = 99999999999999999999",
    "x = -99999999999999999999",
    "x = 1e999",
    "x = 1979-13-27",
    "x = \"\\q\"",
    "x = \"\\ud800\"",
    "é = 1",
    "x = \"é\" y",
    "x = [\"ü\", 'ö', tru]",
    "key with space = 1",
    "x = 1 2",
    "x = tru",
    "[model_providers]\n[model_providers]",
    "x = '''a\nb",
    "x = 0x",
    "x = 1_",
    "x = 01",
    "# \u{1}",
    "x = \"tab\there\"",
    "x.y = 1\nx = 2",
    "[[x]]\n[x]",
];

/// The bytes of a document.
pub fn write(settings: &[Setting], how: &Writing) -> Vec<u8> {
    let mut text = match how.style {
        0 => settings.iter().map(|(path, value)| format!("{} = {value}\n", dotted(path))).collect(),
        1 => tables(settings),
        2 => inline(settings),
        _ => {
            let (top, deep): (Vec<_>, Vec<_>) =
                settings.iter().cloned().partition(|(path, _)| path.len() == 1 || path[0] == "features");
            write_plain(&top) + &tables(&deep)
        }
    };
    if let Some((line, percent)) = how.broken {
        let count = text.lines().count() * usize::from(percent) / 100;
        let at: usize = text.split_inclusive('\n').take(count).map(str::len).sum();
        text.insert_str(at, &format!("{line}\n"));
    }
    match how.quirk {
        1 => text.insert(0, '\u{feff}'),
        2 => text = text.replace('\n', "\r\n"),
        3 => text.truncate(text.trim_end().len()),
        _ => {}
    }
    let mut bytes = text.into_bytes();
    if how.quirk == 4 {
        bytes.extend(b"# latin \xe9\n");
    }
    bytes
}

fn write_plain(settings: &[Setting]) -> String {
    settings.iter().map(|(path, value)| format!("{} = {value}\n", dotted(path))).collect()
}

fn dotted(path: &[String]) -> String {
    path.iter().map(|part| toml_key(part)).collect::<Vec<_>>().join(".")
}

fn tables(settings: &[Setting]) -> String {
    let mut by_table: BTreeMap<&[String], Vec<(&String, &String)>> = BTreeMap::new();
    for (path, value) in settings {
        if let Some((last, table)) = path.split_last() {
            by_table.entry(table).or_default().push((last, value));
        }
    }
    let mut text = String::new();
    for (table, entries) in by_table {
        if !table.is_empty() {
            text += &format!("[{}]\n", dotted(table));
        }
        for (key, value) in entries {
            text += &format!("{} = {value}\n", toml_key(key));
        }
    }
    text
}

fn inline(settings: &[Setting]) -> String {
    let mut by_first: BTreeMap<&String, Vec<(&[String], &String)>> = BTreeMap::new();
    for (path, value) in settings {
        by_first.entry(&path[0]).or_default().push((&path[1..], value));
    }
    let mut text = String::new();
    for (first, entries) in by_first {
        let first = toml_key(first);
        if let [(rest, value)] = entries[..]
            && rest.is_empty()
        {
            text += &format!("{first} = {value}\n");
            continue;
        }
        let inner: Vec<String> =
            entries.iter().map(|(rest, value)| format!("{} = {value}", dotted(rest))).collect();
        text += &format!("{first} = {{ {} }}\n", inner.join(", "));
    }
    text
}

/// Keys that are given no values of any type, each with the reason; by the beginnings of their lines.
const UNJUDGED: &[(&str, &str)] = &[
    ("projects", "`trust` writes them, with levels of every kind"),
    ("model_provider =", "`plain` chooses providers; any text would end most worlds alike"),
    ("experimental_thread_store =", "a word of which Codex alone knows the settings"),
    (
        "experimental_thread_store_endpoint",
        "it ends every world, whatever it says: a rule, with a test of its own",
    ),
    ("mcp_enterprise_managed_auth", "its fields are not known"),
    ("model_providers.*.gateway_oauth", "its fields are not known"),
    ("model_providers.*.capabilities", "its fields are not known, and unknown ones are told of"),
    ("model_catalog_json", "the file is read as a catalogue, whose form is not known"),
    ("permissions", "Codex compiles profiles: what one may say is beyond types; `plain` has domains"),
    ("features.rollout_budget", "a table with fields of its own, of which some are needed"),
    ("marketplaces", "its fields are not known, and unknown ones are told of"),
    ("skills", "its fields are not known, and unknown ones are told of; `plain` has paths"),
    ("orchestrator", "its fields are not known, and unknown ones are told of"),
    ("tui.keymap", "Codex fills it with its own keys, which a layer's version covers"),
    ("tui.presets", "its fields are not known, and some are needed"),
    ("tui.notifications", "a flag or a list of events that are not known"),
];

fn known() -> &'static [(&'static str, &'static str)] {
    static PARSED: OnceLock<Vec<(&'static str, &'static str)>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let lines = KNOWN.lines().filter(|l| !l.starts_with('#') && !l.starts_with("closed "));
        let entries = lines.filter_map(|l| l.split_once(" = "));
        entries
            .filter(|(path, _)| !UNJUDGED.iter().any(|(p, _)| format!("{path} =").starts_with(p)))
            .collect()
    })
}

/// Keys whose wrong values are refused for their type alone. Codex takes the fields of a `listed struct` by position and
/// fills in the others, so a layer's version covers its defaults.
fn simple() -> &'static [(&'static str, &'static str)] {
    static SIMPLE: OnceLock<Vec<(&'static str, &'static str)>> = OnceLock::new();
    let of = |(_, expected): &(&str, &str)| {
        !["untagged ", "listed ", "any"].iter().any(|p| expected.starts_with(p))
    };
    SIMPLE.get_or_init(|| known().iter().copied().filter(of).collect())
}

fn setting(path: &str, value: impl Into<String>) -> Setting {
    (path.split('.').map(str::to_owned).collect(), value.into())
}

/// Settings of a document. `wild` in a hundred are of a wrong type or of an unknown key.
///
/// `project` for what a project says, denied keys among them.
pub fn settings(wild: u32, project: bool) -> impl Strategy<Value = Vec<Setting>> {
    let one = prop_oneof![
        12 => plain(),
        6 => provider_field(),
        8 => any_known(wild),
        if project { 6 } else { 1 } => denied(project),
        2 => unknown(),
    ];
    // One in twelve lacks what its tables need.
    (provider_block(), prop::collection::vec(one, 0..8), 0u8..12).prop_map(|(block, mut rest, whole)| {
        if whole > 0 {
            for (path, needed, value) in NEEDED {
                let path: Vec<String> = path.split('/').map(str::to_owned).collect();
                if rest.iter().any(|(p, _)| p.starts_with(&path)) {
                    let mut key = path.clone();
                    key.push((*needed).to_owned());
                    rest.insert(0, (key, (*value).to_owned()));
                }
            }
            if rest.iter().any(|(p, _)| p[0] == "permissions") {
                rest.insert(0, (vec!["default_permissions".to_owned()], "\"dev\"".to_owned()));
            }
        }
        let mut seen: Vec<Setting> = Vec::new();
        for (path, value) in block.into_iter().chain(rest) {
            // The same key twice is an error; there are enough of them in the broken lines.
            let clash = |other: &Setting| other.0.starts_with(&path) || path.starts_with(&other.0);
            if !seen.iter().any(clash) {
                seen.push((path, value));
            }
        }
        seen
    })
}

/// What a table must have, by the table's path.
const NEEDED: &[(&str, &str, &str)] = &[
    ("model_providers/azure", "name", "\"A\""),
    ("model_providers/other", "name", "\"O\""),
    ("model_providers/Azure", "name", "\"Z\""),
    ("model_providers/p.q", "name", "\"P\""),
    ("model_providers/my azure", "name", "\"M\""),
    ("model_providers/evil", "name", "\"E\""),
    ("mcp_servers/x", "command", "\"c\""),
    ("mcp_servers/y", "url", "\"https://h\""),
];

/// A provider that is whole, or nothing.
fn provider_block() -> impl Strategy<Value = Vec<Setting>> {
    let whole = (select(PROVIDERS), any::<bool>(), any::<bool>()).prop_map(|(id, chosen, key)| {
        let at = |field: &str| vec!["model_providers".to_owned(), id.to_owned(), field.to_owned()];
        let mut block = vec![(at("name"), "\"A\"".to_owned())];
        if key {
            block.push((at("env_key"), "\"K\"".to_owned()));
        }
        if chosen {
            block.push((vec!["model_provider".to_owned()], format!("\"{id}\"")));
        }
        block
    });
    prop_oneof![2 => Just(vec![]), 3 => whole]
}

fn plain() -> impl Strategy<Value = Setting> {
    let choices: &[(&str, &[&str])] = &[
        ("model", &["\"m1\"", "'m2'", "\"\"", "\"\"\"a\nb\"\"\""]),
        ("review_model", &["\"r1\"", "\"r2\""]),
        ("model_provider", &["\"openai\"", "\"ollama\"", "\"lmstudio\"", "\"amazon-bedrock\"", "\"nope\""]),
        ("approval_policy", &["\"never\"", "\"on-request\"", "\"on-failure\""]),
        ("sandbox_mode", &["\"read-only\"", "\"workspace-write\""]),
        ("project_root_markers", &["[\".git\"]", "[\".hg\"]", "[]", "[\"a\", \"b\"]", "[\".hg\", \".git\"]"]),
        ("features.web_search_request", &["true", "false"]),
        ("features.unified_exec", &["true", "false"]),
        ("features.no_such_feature", &["true", "false"]),
        ("use_legacy_landlock", &["true"]),
        ("openai_base_url", &["\"https://h/v1\""]),
        ("mcp_servers.x.command", &["\"c\""]),
        ("mcp_servers.y.url", &["\"https://u:p@h/?k=v\""]),
        ("mcp_servers.x.args", &["[]", "[\"1\"]", "[\"1\", \"2\", \"3\"]"]),
        ("shell_environment_policy.inherit", &["\"core\"", "\"all\""]),
        ("shell_environment_policy.exclude", &["[\"A*\"]", "[]"]),
        ("shell_environment_policy.include_only", &["[\"B*\"]"]),
        ("shell_environment_policy.filters.\"A*\"", &["\"include\"", "\"exclude\""]),
        ("shell_environment_policy.filters.\"a*\"", &["\"include\"", "\"exclude\""]),
        ("agents.max_threads", &["3", "7"]),
        ("agents.max_concurrent_threads_per_session", &["4"]),
        ("memories.no_memories_if_mcp_or_web_search", &["true", "false"]),
        ("memories.disable_on_external_context", &["true", "false"]),
        ("model_context_window", &["1", "0x10", "1_000", "-5"]),
        ("tui.mouse_scroll_speed", &["1.5", "1e3", "2", "inf"]),
        ("desktop.some.thing", &["1979-05-27T07:32:00Z", "[{a = 1}, {b = [1, [2]]}]", "{}"]),
        ("hooks", &["{}"]),
        ("desktop.z", &["1", "[1]", "2", "3"]),
        ("desktop.z.a", &["1", "2", "3", "4"]),
        ("desktop.z.b", &["1", "2", "3", "4"]),
        ("desktop.number", &["nan", "inf"]),
        ("desktop.date", &["1979-05-27", "07:32:00.5", "-0.0", "5e-324", "1.0e+10"]),
        (
            "log_dir",
            &["\"x\"", "\"../x/./y\"", "\"~/x\"", "\"~\"", "\"@ROOT@/a//b/\"", "\"\"", "\"~user/x\""],
        ),
        ("model_instructions_file", &["\"i.md\"", "\"@ROOT@/i.md\""]),
        ("sandbox_workspace_write.writable_roots", &["[\"w\", \"/v\"]", "[]"]),
        ("permissions.dev.network.domains.\"EXAMPLE.com\"", &["\"allow\"", "\"deny\""]),
        ("permissions.dev.network.domains.\"example.com\"", &["\"allow\"", "\"deny\""]),
        ("permissions.dev.network.domains.\" Example.com.\"", &["\"allow\"", "\"deny\""]),
        ("chatgpt_base_url", &["\"https://u/\""]),
        ("allow_login_shell", &["true", "3"]),
        ("otel.environment", &["\"u\""]),
        ("otel.log_user_prompt", &["true"]),
        ("agents.mine.description", &["\"d\""]),
        ("agents.mine.config_file", &["\"f.toml\""]),
        ("profiles.work.model", &["\"pm\""]),
        ("skills.config", &["[{path = \"s\", enabled = true}]", "[]"]),
        ("model_providers.azure.query_params.api-version", &["\"preview\""]),
        ("model_providers.azure.http_headers.X-A", &["\"1\""]),
        ("model_providers.azure.env_http_headers.api-key", &["\"K2\""]),
    ];
    let all: Vec<(&str, &str)> =
        choices.iter().flat_map(|(key, values)| values.iter().map(move |value| (*key, *value))).collect();
    select(all).prop_map(|(key, value)| {
        // A quoted part holds a dot.
        match key.split_once('"') {
            Some((before, quoted)) => {
                let mut path: Vec<String> =
                    before.trim_end_matches('.').split('.').map(str::to_owned).collect();
                path.push(quoted.trim_end_matches('"').to_owned());
                (path, value.to_owned())
            }
            None => setting(key, value),
        }
    })
}

fn provider_field() -> impl Strategy<Value = Setting> {
    let fields: &[(&str, &str)] = &[
        ("name", "\"B\""),
        ("name", "\"C\""),
        ("env_key", "\"K3\""),
        ("env_key", "\"K4\""),
        ("base_url", "\"http://h/openai\""),
        ("base_url", "\"https://other/v1\""),
        ("request_max_retries", "0"),
        ("env_key_instructions", "\"set it\""),
        ("stream_idle_timeout_ms", "1000"),
        ("query_params", "{}"),
        ("http_headers", "{ X-A = \"1\", X-B = \"2\" }"),
        ("env_http_headers", "{ api-key = \"K5\" }"),
        ("name", "\"\""),
        ("name", "\" \""),
        ("base_url", "\"https://h/v1\""),
        ("env_key", "\"K2\""),
        ("wire_api", "\"responses\""),
        ("wire_api", "\"chat\""),
        ("wire_api", "\"Responses\""),
        ("requires_openai_auth", "true"),
        ("requires_openai_auth", "false"),
        ("experimental_bearer_token", "\"tok\""),
        ("auth", "{command = \"/bin/echo\"}"),
        ("auth", "{command = \" \"}"),
        ("auth", "{args = []}"),
        ("aws", "{profile = \"p\"}"),
        ("aws", "{}"),
        ("request_max_retries", "3"),
        ("env_ky", "\"x\""),
        ("supports_websockets", "false"),
    ];
    let ids: Vec<&str> = PROVIDERS
        .iter()
        .copied()
        .chain(["openai", "ollama", "amazon-bedrock", "amazon-bedrock-runtime"])
        .collect();
    let weighted: Vec<&str> =
        ids.iter().flat_map(|id| vec![*id; if PROVIDERS.contains(id) { 20 } else { 1 }]).collect();
    (select(weighted), select(fields)).prop_map(|(id, (field, value))| {
        (vec!["model_providers".to_owned(), id.to_owned(), field.to_owned()], value.to_owned())
    })
}

fn denied(project: bool) -> impl Strategy<Value = Setting> {
    let keys: &[(&str, &str)] = &[
        ("openai_base_url", "\"https://h\""),
        ("chatgpt_base_url", "\"https://h\""),
        ("apps_mcp_product_sku", "\"s\""),
        ("model_provider", "\"ollama\""),
        ("model_providers.evil.name", "\"E\""),
        ("notify", "[\"n\"]"),
        ("profile", "\"work\""),
        ("profiles.work.model", "\"m\""),
        ("experimental_realtime_webrtc_call_base_url", "\"https://h\""),
        ("experimental_realtime_ws_base_url", "\"https://h\""),
        ("otel.environment", "\"e\""),
        ("responses_api_metadata.x", "\"1\""),
        ("features.system_proxy_fallback", "true"),
        ("features.credential_masking", "false"),
        ("features.respect_system_proxy", "true"),
        ("features.respect_system_proxy", "false"),
    ];
    // `profile` ends everything outside of a project: it comes seldom.
    let weighted: Vec<(&str, &str)> =
        keys.iter().flat_map(|k| vec![*k; if k.0 == "profile" && !project { 1 } else { 6 }]).collect();
    select(weighted).prop_map(|(key, value)| setting(key, value))
}

fn unknown() -> impl Strategy<Value = Setting> {
    let keys: &[&str] = &[
        "foo",
        "modle",
        "bar.baz",
        "model_providers.azure.envkey",
        "mcp_servers.x.comand",
        "tui.nope",
        "history.nope",
        "tools.nope",
        "shell_environment_policy.nope",
        "sandbox_workspace_write.nope",
        "otel.nope",
        "memories.nope",
        "agents.mine.nope",
        "audio.nope",
        "windows.nope",
        "realtime.nope",
        "cloud.nope",
        "analytics.nope",
        "feedback.nope",
        "desktop.nope",
        "profiles.work.nope",
        "tui.effects.nope",
    ];
    (select(keys), values()).prop_map(|(key, value)| setting(key, value))
}

/// Any key of the list, with a fitting value unless it is one of `wild` in a hundred.
fn any_known(wild: u32) -> impl Strategy<Value = Setting> {
    let fitting = select(known()).prop_flat_map(|(path, expected)| {
        let value: BoxedStrategy<String> = fitting(expected);
        (Just(path), value)
    });
    let odd = (select(simple()), values()).prop_map(|((path, _), value)| (path, value));
    prop_oneof![100 - wild => fitting, wild => odd].prop_map(|(path, value)| {
        let name = if path.starts_with("model_providers") { "azure" } else { "x" };
        (path.split('.').map(|p| if p == "*" { name.to_owned() } else { p.to_owned() }).collect(), value)
    })
}
