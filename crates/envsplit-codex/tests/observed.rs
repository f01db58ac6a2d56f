//! What comparing generated situations with Codex 0.169 showed; each row was seen on the released program.
mod scene;

use envsplit_model::{CodexView, LayerSource};
use scene::Scene;

fn projects(view: &CodexView) -> Vec<(&str, bool)> {
    let layers = view.layers.iter().filter(|l| l.source == LayerSource::Project);
    layers.map(|l| (l.path.as_deref().unwrap_or(""), l.enabled)).collect()
}

fn refusals(text: &str) -> Vec<String> {
    let view = Scene::user(text).view();
    view.problems.into_iter().filter(|p| p.fatal).map(|p| p.message).collect()
}

#[test]
fn a_git_directory_without_head_is_no_root() {
    let layers = [("/r/.codex/config.toml", ""), ("/r/a/.codex/config.toml", "")];
    for (git, count) in
        [("/r/.git/HEAD", 2), ("/r/.git/config", 1), ("/r/.git", 2), ("/r/.git/HEAD/x", 2), ("/r/.hg/x", 1)]
    {
        let mut scene = Scene::of(layers.into_iter().chain([(git, "")]));
        scene.flags.cwd = Some("/r/a".to_owned());
        assert_eq!(projects(&scene.view()).len(), count, "{git}");
    }
}

#[test]
fn the_workspace_may_be_a_file_or_not_exist() {
    let files = [("/r/.git/HEAD", ""), ("/r/.codex/config.toml", ""), ("/r/file", "")];
    for cwd in ["/r", "/r/", "/r/./x/..", "/r/file", "/r/gone/deep"] {
        let mut scene = Scene::of(files);
        scene.flags.cwd = Some(cwd.to_owned());
        assert_eq!(projects(&scene.view()), [("/r/.codex/config.toml", false)], "{cwd}");
    }
}

#[test]
fn trust_is_asked_of_the_workspaces_repository() {
    let mut scene = Scene::of([
        ("/h/.codex/config.toml", "project_root_markers = ['.hg']"),
        ("/r/.hg", ""),
        ("/r/.codex/config.toml", ""),
        ("/r/a/.git/HEAD", ""),
    ]);
    scene.flags.cwd = Some("/r/a".to_owned());
    let reason = scene.view().layers[0].disabled_reason.clone().unwrap();
    assert!(reason.contains("add /r/a as a trusted project"), "{reason}");
}

#[test]
fn a_managed_file_speaks_of_trust_and_markers() {
    let managed = "project_root_markers = ['.hg']\n[projects.'/r']\ntrust_level = 'trusted'";
    let mut scene = Scene::of([
        ("/etc/codex/managed_config.toml", managed),
        ("/r/.hg", ""),
        ("/r/.codex/config.toml", ""),
        ("/r/a/.codex/config.toml", ""),
    ]);
    scene.flags.cwd = Some("/r/a".to_owned());
    assert_eq!(projects(&scene.view()), [("/r/a/.codex/config.toml", true), ("/r/.codex/config.toml", true)]);
}

#[test]
fn trust_that_a_project_would_repair_is_refused_all_the_same() {
    let user = "[projects.'/w']\ntrust_level = 'trusted'\n[projects.'/x']\ntrust_level = 'maybe'";
    let scene = Scene::of([
        ("/h/.codex/config.toml", user),
        ("/w/.git/HEAD", ""),
        ("/w/.codex/config.toml", "[projects.'/x']\ntrust_level = 'trusted'"),
    ]);
    let view = scene.view();
    let places: Vec<_> = view.problems.iter().map(|p| (p.line, p.column, p.fatal)).collect();
    assert_eq!(places, [(Some(4), Some(15), true)]);
    let flags = Scene::user("").with(&["project_root_markers=.hg"]).view();
    assert_eq!(flags.problems[0].message, "project_root_markers must be an array of strings");
}

#[test]
fn more_keys_are_denied_to_projects() {
    for (text, key) in [
        ("responses_api_metadata = {a = 'b'}", "responses_api_metadata"),
        ("features.system_proxy_fallback = true", "features.system_proxy_fallback"),
        ("features.credential_masking = false", "features.credential_masking"),
    ] {
        let user = ("/h/.codex/config.toml", "[projects.'/w']\ntrust_level='trusted'");
        let view = Scene::of([user, ("/w/.git/HEAD", ""), ("/w/.codex/config.toml", text)]).view();
        let keys: Vec<_> = view.problems.iter().filter_map(|p| p.key.as_deref()).collect();
        assert_eq!(keys, [key]);
        assert!(!view.values.keys().any(|k| k.starts_with(key)), "{key}");
    }
}

#[test]
fn a_worktrees_hooks_are_those_of_the_main_repository() {
    let files = [
        ("/h/.codex/config.toml", "[projects.'/main']\ntrust_level='trusted'"),
        ("/main/.git/worktrees/t/commondir", "../.."),
        ("/main/.git/worktrees/t/gitdir", "/tree/.git"),
        ("/tree/.git", "gitdir: /main/.git/worktrees/t"),
        ("/tree/.codex/config.toml", "model = 'tree'\nhooks = {a = 1}"),
    ];
    let mut scene = Scene::of(files);
    scene.flags.cwd = Some("/tree".to_owned());
    assert!(!scene.view().values.contains_key("hooks.a"), "its own do not count");
    let broken = ("/main/.codex/config.toml".to_owned(), Ok(b"\xe9".to_vec()));
    scene.files.files.extend([broken]);
    let problem = scene.view().problems.remove(0);
    assert!(problem.message.starts_with("Failed to read project hooks config file /main/.codex/config.toml"));
}

#[test]
fn a_layer_has_the_form_that_its_types_give_it() {
    for (text, version) in [
        ("tui.mouse_scroll_speed = 2", "aec4fe02d87c6c34e99cb33f55f6fa5e191e52ed03a2e3a8d698887561261681"),
        (
            "approval_policy = 'on-failure'",
            "f5c707679937ee47390fae6fefabf20a8afba56dcdb10455e0c18815614bbad3",
        ),
        (
            "model = 'a\"b'\nmodel_provider = 'ollama'\ndesktop.date = 5e-324",
            "fd671f931bf085ce91aaf851182cf28395dc037aae478410eda7c60726819b88",
        ),
    ] {
        let view = Scene::user(text).view();
        assert_eq!(view.layers[0].version, format!("sha256:{version}"), "{text}");
    }
    let view =
        Scene::user("features.code_mode = true\nfeatures.token_budget = true\nmodel = 1979-05-27").view();
    let keys: Vec<_> = view.values.keys().map(String::as_str).collect();
    assert_eq!(keys, ["features.code_mode.enabled", "features.token_budget", "model"]);
}

#[test]
fn paths_of_a_layer_with_a_wrong_type_stay_relative_and_are_refused() {
    let path = "AbsolutePathBuf deserialized without a base path";
    for (text, first) in [
        ("log_dir = 'x'\nmodel = 3", path),
        ("log_dir = '~/x'\nmodel_providers.a.name = ''", path),
        ("agents.r.config_file = 'x'\nmodel = 3", path),
        ("skills.config = [{path = 'x', enabled = true}]\nmodel = 3", path),
        (
            "log_dir = 'x'\nmemories.no_memories_if_mcp_or_web_search = true\nmemories.disable_on_external_context = true",
            path,
        ),
        ("log_dir = '/x'\nmodel = 3", "invalid type: integer `3`, expected a string"),
    ] {
        assert_eq!(refusals(text).first().map(String::as_str), Some(first), "{text}");
    }
    let repaired = Scene::user("log_dir = 'x'\nmodel = 3").with(&["model=m"]).view();
    assert_eq!(repaired.problems.len(), 1, "a flag repairs the model, and the path is still relative");
}

#[test]
fn refusals_that_are_not_of_a_type_alone() {
    for (text, message) in [
        (
            "approval_policy = 'untrusted'",
            "approval_policy = \"untrusted\" is no longer supported; remove this setting",
        ),
        ("approval_policy = 'granular'", "invalid type: unit variant, expected newtype variant"),
        ("sandbox_mode = {}", "wanted exactly 1 element, found 0 elements"),
        ("sandbox_mode = {read-only = 1}", "expected table, found integer"),
        ("projects.'/p'.trust_level = 3", "wanted string or table"),
        ("features.nope.nope = 3", "invalid type: map, expected a boolean"),
        ("features.code_mode = 3", "data did not match any variant of untagged enum FeatureToml"),
        ("notify = ['a', 3]", "invalid type: integer `3`, expected a string"),
        ("model_reasoning_effort = ''", "reasoning_effort must not be empty"),
        ("tui.mouse_scroll_speed = 0", "tui.mouse_scroll_speed must be a finite positive number"),
        ("mcp_servers.x = {command = 'c', url = 'u'}", "url is not supported for stdio"),
        ("mcp_servers.x = {url = 'u', env = {}}", "env is not supported for streamable_http"),
        (
            "mcp_servers.x = {command = 'c', startup_timeout_sec = -1}",
            "cannot convert float seconds to Duration: value is negative",
        ),
        ("model_providers.a = {name = 'a', auth = {}}", "missing field `command`"),
        ("model_providers.a = {name = 'a', wire_api = 3}", "invalid type: integer `3`, expected a string"),
        (
            "model_providers.amazon-bedrock.auth.command = ' '",
            "model_providers.amazon-bedrock: provider auth.command must not be empty",
        ),
        (
            "model_instructions_file = 'gone.md'",
            "failed to read model instructions file /h/.codex/gone.md: No such file or directory (os error 2)",
        ),
        (
            "permissions.p = {}",
            "config defines `[permissions]` profiles but does not set `default_permissions`",
        ),
        (
            "default_permissions = 'q'\npermissions.p = {}",
            "default_permissions refers to undefined profile `q`",
        ),
        ("default_permissions = 'p'", "default_permissions requires a `[permissions]` table"),
        ("agents.max_threads = 0", "agents.max_concurrent_threads_per_session must be at least 1"),
        (
            "shell_environment_policy = {exclude = [], filters = {}}",
            "cannot mix `filters` with legacy `exclude` or `include_only`",
        ),
        (
            "shell_environment_policy.filters = {A = 'include', a = 'exclude'}",
            "duplicate shell environment filter `a` ignoring case",
        ),
        ("shell_environment_policy.exclude = ['a', []]", "invalid type: sequence, expected a string"),
        (
            "shell_environment_policy.filters = {a = 'x'}",
            "unknown variant `x`, expected `include` or `exclude`",
        ),
        ("otel.tracestate.a.b = 1", "invalid type: integer `1`, expected a string"),
        (
            "model_instructions_file = '/w'",
            "failed to read model instructions file /w: path `/w` is not a file",
        ),
        ("model_catalog_json = '/w'", "Is a directory (os error 21)"),
        ("desktop.x = nan", "Failed to serialize resolved config: unsupported unit type"),
        ("x = 1e999", "floating-point number overflowed"),
        ("x = 0x", "integer number overflowed"),
    ] {
        assert_eq!(refusals(text), [message], "{text}");
    }
    let both = refusals("model_providers.openai.name = 'a'\nmodel_providers.ollama.name = 'b'");
    assert!(both.len() == 1 && both[0].contains("IDs: `ollama`, `openai`. "), "{both:?}");
    assert_eq!(
        refusals("model_providers.openai.requires_openai_auth = false"),
        [""; 0],
        "it says nothing new"
    );
    assert_eq!(refusals("permissions.p = {}\nsandbox_mode = 'read-only'"), [""; 0]);
}

#[test]
fn servers_name_their_variables() {
    let none = "data did not match any variant of untagged enum McpServerEnvVar";
    for (list, message) in [
        ("['A', {name = 'B'}, {name = 'C', source = 'remote'}]", None),
        ("[1]", Some(none)),
        ("[{}]", Some(none)),
        ("[{name = 'A', other = 1}]", Some(none)),
        ("[{name = 'A', source = 1}]", Some(none)),
        ("'A'", Some("invalid type: string \"<hidden>\", expected a sequence")),
        (
            "[{name = 'A', source = 'x'}]",
            Some("unsupported env_vars source `x`; expected `local` or `remote`"),
        ),
    ] {
        let text = format!("mcp_servers.x = {{command = 'c', env_vars = {list}}}");
        assert_eq!(refusals(&text), Vec::from_iter(message), "{list}");
    }
    let omitted =
        |list: &str| refusals(&format!("mcp_servers.x = {{command = 'c', omit_tools_from = {list}}}"));
    assert_eq!(omitted("['direct', 'deferred']"), [""; 0]);
    assert_eq!(omitted("['a']"), ["unknown variant `a`, expected one of `code_mode`, `deferred`, `direct`"]);
    assert_eq!(omitted("[1]"), ["invalid type: unit variant, expected string only"]);
}

#[test]
fn a_list_may_stand_for_some_tables() {
    assert_eq!(refusals("history = []\ntools.update_plan = []\nplugins.x = []"), [""; 0]);
    assert_eq!(refusals("tui = []"), ["invalid type: sequence, expected struct Tui"]);
}

#[test]
fn files_that_cannot_be_read_are_named_as_codex_names_them() {
    let managed = |text: &'static str| {
        let view = Scene::of([("/etc/codex/managed_config.toml", text)]).view();
        view.problems.into_iter().map(|p| p.message).next().unwrap_or_default()
    };
    assert!(
        managed("sandbox_mode = 3").starts_with("Failed to parse config requirements as TOML: invalid type")
    );
    let mut scene = Scene::of([("/w/.git/HEAD", "")]);
    scene.files.files.insert("/w/.codex/config.toml".to_owned(), Ok(vec![0xff]));
    let view = scene.view();
    let problem = view.problems.iter().find(|p| p.fatal).unwrap();
    assert!(
        problem
            .message
            .starts_with("Failed to read project config file /w/.codex/config.toml: invalid utf-8")
    );
    scene.files.files.insert("/etc/codex/managed_config.toml".to_owned(), Ok(vec![0xff]));
    assert!(scene.view().problems.iter().any(|p| p.message.starts_with("invalid utf-8 sequence")));
}

#[test]
fn an_error_at_the_end_stands_behind_the_last_character() {
    let view = Scene::user("x = '''a\n").view();
    assert_eq!((view.problems[0].line, view.problems[0].column), (Some(1), Some(10)));
}

#[test]
fn an_error_at_a_wide_character_is_placed_in_bytes() {
    for (text, column) in
        [("\u{feff}é = 1", 4), ("\u{feff}x = y", 6), ("x = \"é\" y", 9), ("é = 1", 1), ("\u{feff}[a", 4)]
    {
        assert_eq!(Scene::user(text).view().problems[0].column, Some(column), "{text}");
    }
}

#[test]
fn numbers_of_the_desktop_do_not_go_below_tables() {
    for (user, flags, length) in [
        ("desktop.z = 1", &["desktop.z.a=1"][..], Some(2)),
        ("desktop.z = 1.5", &["desktop.z={a=1, b=2}"], Some(3)),
        ("desktop.z.a = 1", &["desktop.z.a={b=2}"], Some(2)),
        ("desktop.z = 1", &["desktop.z={}"], None),
        ("desktop.z = {}", &["desktop.z=1"], None),
        ("desktop.z.a = 1", &["desktop.z=1"], None),
        ("desktop.z = true", &["desktop.z.a=1"], None),
        ("desktop.z = 1\nmodel = 3", &["desktop.z.a=1", "model=x"], None),
    ] {
        let view = Scene::user(user).with(flags).view();
        let found: Vec<_> = view.problems.into_iter().map(|p| p.message).collect();
        let expected = length.map(|n| format!("invalid length {n}, expected fewer elements in map"));
        assert_eq!(found, Vec::from_iter(expected), "{user} {flags:?}");
    }
}

#[test]
fn unknown_keys_right_below_tui_are_passed_over() {
    let view = Scene::user("tui.nope = 1\ntui.effects.nope = 1\naudio.nope = 1").view();
    let keys: Vec<_> = view.problems.iter().filter_map(|p| p.key.as_deref()).collect();
    assert_eq!(keys, ["audio.nope", "tui.effects.nope"]);
}

#[test]
fn values_of_flags_lose_their_quotation_marks_when_they_are_no_toml() {
    for (flag, model) in
        [("model=\"a\"b", "a\"b"), ("model='open", "open"), ("model='a'\nreview_model='b'", "a")]
    {
        let view = Scene::user("").with(&[flag]).view();
        assert_eq!(view.values["model"].value, model, "{flag}");
    }
    let view = Scene::user("").with(&["desktop.x=99999999999999999999"]).view();
    assert_eq!(view.problems, [], "a number that is too large is text");
}

#[test]
fn flags_of_an_unknown_workspace_begin_at_the_home() {
    let mut scene = Scene::of([]).with(&["model_instructions_file=\"i.md\""]);
    scene.flags.cwd = None;
    let expected =
        "failed to read model instructions file /h/.codex/i.md: No such file or directory (os error 2)";
    let messages: Vec<_> = scene.view().problems.into_iter().map(|p| p.message).collect();
    assert_eq!(messages, [expected]);
}
