//! `requirements.toml`, and the two settings that layers share in a form of their own; each row was seen on Codex 0.169.
mod scene;

use envsplit_model::{Code, CodexView, LayerSource};
use scene::Scene;

const REQUIREMENTS: &str = "/etc/codex/requirements.toml";
const USER: &str = "model_provider = 'azure'\n[model_providers.azure]\nname = 'A'\nbase_url = 'https://a/openai/v1'\nenv_key = 'K'\n";
const CORP: &str = "[model_providers.corp]\nname = 'C'\nbase_url = 'https://c/openai/v1'\nenv_key = 'K2'\n";

fn view(required: &str, user: &str) -> CodexView {
    Scene::of([(REQUIREMENTS, required), ("/h/.codex/config.toml", user)]).view()
}

fn fatal(view: &CodexView) -> Vec<&str> {
    view.problems.iter().filter(|p| p.fatal).map(|p| p.message.as_str()).collect()
}

#[test]
fn a_required_provider_wins_over_every_layer_and_flag() {
    let required = format!("model_provider = 'corp'\n{CORP}");
    for (flags, managed) in [
        (&[][..], ""),
        (&["model_provider=azure"], ""),
        (&[], "model_provider = 'azure'"),
        (&[], "model_provider = 'no'"),
    ] {
        let scene = Scene::of([
            (REQUIREMENTS, required.as_str()),
            ("/etc/codex/managed_config.toml", managed),
            ("/h/.codex/config.toml", USER),
        ]);
        let view = scene.with(flags).view();
        assert_eq!(view.provider.as_deref(), Some("corp"));
        assert_eq!(view.env_key.as_deref(), Some("K2"));
        assert_eq!(fatal(&view), Vec::<&str>::new());
        let chosen = &view.values["model_provider"];
        assert_eq!(
            (chosen.source, chosen.line, chosen.column),
            (LayerSource::Requirements, Some(1), Some(18))
        );
        assert_eq!(chosen.path.as_deref(), Some(REQUIREMENTS));
        let user = chosen.overrides.last().unwrap();
        assert_eq!((user.path.as_deref(), user.line), (Some("/h/.codex/config.toml"), Some(1)));
        assert!(view.layers.iter().all(|l| l.source != LayerSource::Requirements), "it is no layer");
    }
}

#[test]
fn a_required_provider_is_taken_as_a_whole() {
    let required = CORP.replace("corp", "azure").replace("env_key = 'K2'\n", "");
    // What the user wrote in its place is not even read.
    for more in ["http_headers = { X = 'y' }", "wire_api = 'chat'", "name = 3", "env_ky = 1"] {
        let user = USER.replace(
            "name = 'A'",
            &format!("{more}{}", if more.starts_with("name") { "" } else { "\nname = 'A'" }),
        );
        let view = view(&required, &user);
        assert!(view.problems.is_empty(), "{more}: {:?}", view.problems);
        let keys: Vec<_> = view.values.keys().filter(|k| k.starts_with("model_providers")).collect();
        assert_eq!(keys, ["model_providers.azure.base_url", "model_providers.azure.name"], "{more}");
        assert_eq!(view.env_key, None);
        assert_eq!(view.values["model_providers.azure.base_url"].overrides.len(), 1);
    }
    let both = view(CORP, USER);
    assert_eq!(both.provider.as_deref(), Some("azure"));
    assert!(both.values.contains_key("model_providers.corp.env_key"));
    let broken = view(CORP, &USER.replace("name = 'A'\n", ""));
    assert_eq!(fatal(&broken), ["model_providers.azure: provider name must not be empty"]);
}

#[test]
fn required_values_take_the_place_of_written_ones_whose_types_are_judged_first() {
    let required = "chatgpt_base_url = 'https://r/'\nlog_dir = 'logs'\nallow_login_shell = false\n[otel]\nenvironment = 'r'";
    let user = "chatgpt_base_url = 'https://u/'\nlog_dir = 'mine'\n[otel]\nenvironment = 'u'\nlog_user_prompt = true";
    let seen = view(required, user);
    let value = |key: &str| (seen.values[key].value.clone(), seen.values[key].source);
    assert_eq!(value("chatgpt_base_url"), ("https://r/".into(), LayerSource::Requirements));
    assert_eq!(value("log_dir"), ("/etc/codex/logs".into(), LayerSource::Requirements));
    assert_eq!(value("allow_login_shell"), (false.into(), LayerSource::Requirements));
    assert_eq!(value("otel.environment"), ("r".into(), LayerSource::Requirements));
    assert_eq!(value("otel.log_user_prompt"), (true.into(), LayerSource::User));
    assert_eq!(
        fatal(&view("log_dir = 'x'", "log_dir = 3")),
        ["invalid type: integer `3`, expected path string"]
    );
    assert_eq!(fatal(&view("", user)), Vec::<&str>::new());
}

#[test]
fn what_is_wrong_with_the_file_is_said_in_codexs_words_with_its_line() {
    let layer = |m: &str| format!("failed to parse requirements layer {REQUIREMENTS}: {m}");
    let merged = |m: &str| format!("failed to parse merged requirements: {m}");
    for (text, message, place) in [
        (
            "allowed_approval_policies = 'bad'",
            layer("invalid type: string \"<hidden>\", expected a sequence"),
            (1, 29),
        ),
        (
            "\nallowed_sandbox_modes = ['nope']",
            layer(
                "unknown variant `nope`, expected one of `read-only`, `workspace-write`, `danger-full-access`, `external-sandbox`",
            ),
            (2, 25),
        ),
        ("enforce_residency = 'eu'", layer("unknown variant `eu`, expected `us`"), (1, 21)),
        ("model_provider = azure", layer("string values must be quoted, expected literal string"), (1, 18)),
        ("model_provider = 3", layer("invalid type: integer `3`, expected a string"), (1, 18)),
        (
            "mcp_servers.a = 3",
            layer("invalid type: integer `3`, expected struct RawMcpServerRequirement"),
            (1, 17),
        ),
        ("model_providers.a.env_key = 3", merged("invalid type: integer `3`, expected a string"), (1, 29)),
        (
            "model_providers.a = 3",
            merged("invalid type: integer `3`, expected struct ModelProviderInfo"),
            (1, 21),
        ),
        ("otel.environment = 3", layer("invalid type: integer `3`, expected a string"), (1, 20)),
        (
            "[otel]\nnope = 1",
            layer(
                "unknown field `nope`, expected one of `tool_result`, `log_sse_deltas`, `log_user_prompt`, \
                 `log_agent_responses`, `log_guardian_assessments`, `environment`, `exporter`, `trace_exporter`, \
                 `metrics_exporter`, `span_attributes`, `tracestate`",
            ),
            (2, 1),
        ),
        (
            "allowed_approval_policies = ['granular']",
            layer("invalid type: unit variant, expected newtype variant"),
            (1, 29),
        ),
        ("rules = {}", layer("missing field `prefix_rules`"), (1, 9)),
        ("config_server = {}", layer("missing field `base_url`"), (1, 17)),
        ("mcp_servers.a = {}", layer("missing field `identity`"), (1, 17)),
        ("model_providers.a = { name = 'A', auth = {} }", merged("missing field `command`"), (1, 42)),
        (
            "allowed_sandbox_modes = ['workspace-write', 'danger-full-access']",
            format!(
                "invalid value for `allowed_sandbox_modes`: `[WorkspaceWrite, DangerFullAccess]` is not in the \
                 allowed set must include 'read-only' to allow any PermissionProfile (set by {REQUIREMENTS})"
            ),
            (1, 25),
        ),
        (
            "allowed_approval_policies = []",
            "field `allowed_approval_policies` cannot be empty".to_owned(),
            (1, 29),
        ),
        (
            "default_permissions = 'x'",
            "requirements.toml default_permissions requires allowed_permission_profiles".to_owned(),
            (1, 23),
        ),
    ] {
        let view = view(text, USER);
        let found = view.problems.iter().find(|p| p.fatal).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(found.message, message, "{text}");
        assert_eq!((found.line, found.column), (Some(place.0), Some(place.1)), "{text}");
        assert_eq!(found.path.as_deref(), Some(REQUIREMENTS));
    }
}

#[test]
fn what_codex_does_not_know_there_is_ignored_and_told_of() {
    let ignored =
        view("modle_provider = 'x'\nmodel = 'y'\n[model_providers.azure]\nname = 'A'\nenvkey = 'K'", USER);
    let said: Vec<_> = ignored
        .problems
        .iter()
        .map(|p| (p.code, p.fatal, p.line, p.message.as_str(), p.nearest.as_deref()))
        .collect();
    let unknown = Code::ConfigUnknownKey;
    assert_eq!(
        said,
        [
            (unknown, false, Some(2), "`model` is ignored.", Some("models")),
            (unknown, false, Some(1), "`modle_provider` is ignored.", Some("model_provider")),
            (
                unknown,
                false,
                Some(5),
                "`model_providers.azure.envkey` is ignored.",
                Some("model_providers.azure.env_key")
            ),
        ]
    );
    let below = view("feedback.nope = 1\nfeedback.enabled = true", USER);
    let said: Vec<_> = below.problems.iter().map(|p| (p.message.as_str(), p.fatal)).collect();
    assert_eq!(said, [("`feedback.nope` is ignored.", false)]);
    let kept: Vec<_> = below.values.keys().filter(|k| k.starts_with("feedback")).collect();
    assert_eq!(kept, ["feedback.enabled"], "what is ignored is no value");
    let nowhere = view("model_provider = 'nope'", USER);
    assert_eq!(fatal(&nowhere), ["Model provider `nope` not found"]);
    assert_eq!(nowhere.problems[0].path.as_deref(), Some(REQUIREMENTS));
}

#[test]
fn filters_of_variables_are_merged_in_one_way_alone() {
    let policy = |text: &str| format!("[shell_environment_policy]\n{text}\n");
    for (user, managed, keys) in [
        ("exclude = ['A', 'B*']", "filters = { A = 'include' }", &["filters.A"][..]),
        ("filters = { A = 'exclude' }", "exclude = ['C']", &["exclude"]),
        ("include_only = ['A']\ninherit = 'core'", "filters = { B = 'exclude' }", &["filters.B", "inherit"]),
        ("exclude = ['A']", "include_only = ['B']", &["exclude", "include_only"]),
        (
            "filters = { Abc = 'exclude', X = 'include' }",
            "filters = { aBC = 'include' }",
            &["filters.abc", "filters.x"],
        ),
        ("filters = { Abc = 'exclude' }", "", &["filters.Abc"]),
    ] {
        let (user, managed) = (policy(user), policy(managed));
        let files =
            [("/h/.codex/config.toml", user.as_str()), ("/etc/codex/managed_config.toml", managed.as_str())];
        let view = Scene::of(files).view();
        let found: Vec<_> =
            view.values.keys().filter_map(|k| k.strip_prefix("shell_environment_policy.")).collect();
        assert_eq!(found, keys, "{user} {managed}");
    }
}

#[test]
fn hosts_are_compared_without_case_where_two_layers_name_them() {
    let table = "[permissions.w.network.domains]\n";
    let user = format!("default_permissions = 'w'\n{table}'Ex.com.' = 'allow'\n' b.com' = 'deny'");
    let managed = format!("{table}'eX.com' = 'deny'");
    let files =
        [("/h/.codex/config.toml", user.as_str()), ("/etc/codex/managed_config.toml", managed.as_str())];
    let view = Scene::of(files).view();
    let found: Vec<_> = view.values.iter().filter(|(k, _)| k.contains("domains")).collect();
    let shown: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.value.as_str().unwrap())).collect();
    let key = |host: &str| format!("permissions.w.network.domains.\"{host}\"");
    assert_eq!(shown, [(key("b.com").as_str(), "deny"), (key("ex.com").as_str(), "deny")]);
    assert_eq!(found[1].1.overrides.len(), 1);
    for (lines, wins) in [
        ("' Ex.com' = 'allow'\n'ex.com' = 'deny'", "deny"),
        ("'ex.com' = 'deny'\n' Ex.com' = 'allow'", "allow"),
    ] {
        let user = format!("default_permissions = 'w'\n{table}{lines}");
        let managed = format!("{table}'o.com' = 'deny'");
        let files =
            [("/h/.codex/config.toml", user.as_str()), ("/etc/codex/managed_config.toml", managed.as_str())];
        assert_eq!(Scene::of(files).view().values[&key("ex.com")].value, wins, "the one further down");
    }
    let alone = Scene::user(&user).view();
    assert!(alone.values.contains_key(&key("Ex.com.")));
}

#[test]
fn a_file_with_another_name_is_found_where_the_config_says_nothing() {
    let wrong = |files: &[(&str, &str)]| -> Vec<(String, Option<u32>)> {
        let view = Scene::of(files.iter().copied()).view();
        let found = view.problems.iter().filter(|p| p.code == Code::ConfigWrongFile);
        found.map(|p| (p.path.clone().unwrap(), p.line)).collect()
    };
    let txt = "/h/.codex/config.toml.txt";
    assert_eq!(wrong(&[(txt, "# x\nmodel_provider = 'azure'")]), [(txt.to_owned(), Some(2))]);
    assert_eq!(wrong(&[(txt, USER), ("/h/.codex/config.toml", "model = 'm'")]), [(txt.to_owned(), Some(1))]);
    assert_eq!(wrong(&[(txt, USER), ("/h/.codex/config.toml", USER)]), []);
    assert_eq!(wrong(&[(txt, "notes"), ("/h/.codex/config.toml", "model = 'm'")]), []);
    assert_eq!(wrong(&[("/h/.codex/config.json", "{}")]), [("/h/.codex/config.json".to_owned(), None)]);
    assert_eq!(wrong(&[]), []);
}
