//! Home, layers, trust, checks and masking, as Codex 0.169 was seen to do it.
use envsplit_codex::{Flags, Surroundings, resolve};
use envsplit_model::paths::PathStyle;
use envsplit_model::{
    Code, CodexCaller, CodexView, EnvBlock, FileError, HomeFrom, HostId, KeyVerdict, LayerSource,
    ScratchFiles,
};

struct Scene {
    files: ScratchFiles,
    env: EnvBlock,
    flags: Flags,
}

impl Scene {
    fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files = ScratchFiles::of(files);
        files.files.entry("/w/keep".to_owned()).or_insert_with(|| Ok(vec![]));
        Self {
            files,
            env: EnvBlock::of([("HOME", "/h")]),
            flags: Flags {
                caller: CodexCaller::Exec,
                cwd: Some("/w".to_owned()),
                profile: None,
                overrides: vec![],
                version: None,
            },
        }
    }

    fn user(text: &str) -> Self {
        Self::of([("/h/.codex/config.toml", text)])
    }

    fn with(mut self, overrides: &[&str]) -> Self {
        self.flags.overrides = overrides.iter().map(|o| (*o).to_owned()).collect();
        self
    }

    fn view(&self) -> CodexView {
        let surroundings = Surroundings {
            files: &self.files,
            env: &self.env,
            style: PathStyle::Posix,
            home_dir: Some("/h".to_owned()),
            process_cwd: Some("/w".to_owned()),
            system_dir: "/etc/codex".to_owned(),
            keep_names: vec![],
            host: HostId("linux".to_owned()),
        };
        resolve(&surroundings, &self.flags).view()
    }
}

fn value(view: &CodexView, key: &str) -> Option<(String, LayerSource, Option<u32>, Option<u32>)> {
    let found = view.values.get(key)?;
    Some((found.value.as_str()?.to_owned(), found.source, found.line, found.column))
}

fn problems(view: &CodexView) -> Vec<(&'static str, Option<u32>, Option<u32>)> {
    view.problems.iter().map(|p| (p.code.slug(), p.line, p.column)).collect()
}

#[test]
fn the_home_follows_codexs_rules() {
    let files =
        || Scene::of([("/real/config.toml", ""), ("/w/ch/config.toml", ""), ("/h/.codex/config.toml", "")]);
    for (set, home, from) in [
        (None, Some("/h/.codex"), HomeFrom::Default),
        (Some(""), Some("/h/.codex"), HomeFrom::Default),
        (Some("/real"), Some("/real"), HomeFrom::Env),
        (Some("/link"), Some("/real"), HomeFrom::Env),
        (Some("ch"), Some("/w/ch"), HomeFrom::Env),
        (Some("/nope"), None, HomeFrom::Env),
        (Some("~/.codex"), None, HomeFrom::Env),
        (Some("  "), None, HomeFrom::Env),
        (Some("/real/config.toml"), None, HomeFrom::Env),
    ] {
        let mut scene = files();
        scene.files.links.insert("/link".to_owned(), "/real".to_owned());
        if let Some(set) = set {
            scene.env.0.insert("CODEX_HOME".to_owned(), set.into());
        }
        let view = scene.view();
        assert_eq!((view.home.as_deref(), view.home_from), (home, from), "{set:?}");
        let invalid = view.problem(Code::ConfigHomeInvalid);
        assert_eq!(invalid.is_some_and(|p| p.fatal), home.is_none(), "{set:?}");
    }
    let mut scene = files();
    scene.env.0.insert("CODEX_HOME".to_owned(), b"/nope".to_vec());
    let message = &scene.view().problems[0].message;
    assert_eq!(message, "CODEX_HOME points to \"/nope\", but that path does not exist");
    let mut scene = files();
    scene.env.0.insert("CODEX_HOME".to_owned(), b"/\xff".to_vec());
    assert_eq!(scene.view().home.as_deref(), Some("/h/.codex"), "not UTF-8 is not set");
}

#[test]
fn layers_win_in_codexs_order_and_losers_stay() {
    use LayerSource::{Managed, Profile, Project, SessionFlags, System, User};
    let trusted = "model = 'user'\n[projects.'/w']\ntrust_level = 'trusted'\n";
    let mut scene = Scene::of([
        ("/etc/codex/managed_config.toml", "model = 'managed'"),
        ("/w/.git/HEAD", ""),
        ("/w/.codex/config.toml", "model = 'project'"),
        ("/h/.codex/work.config.toml", "model = 'profile'"),
        ("/h/.codex/config.toml", trusted),
        ("/etc/codex/config.toml", "model = 'system'"),
    ])
    .with(&["model=flag"]);
    scene.flags.profile = Some("work".to_owned());
    let view = scene.view();
    let sources: Vec<_> = view.layers.iter().map(|l| l.source).collect();
    assert_eq!(sources, [Managed, SessionFlags, Project, Profile, User, System]);
    let model = &view.values["model"];
    assert_eq!((model.value.as_str(), model.line, model.column), (Some("managed"), Some(1), Some(9)));
    let losers: Vec<_> = model.overrides.iter().map(|o| (o.source, o.value.as_str().unwrap_or(""))).collect();
    let expected = [
        (SessionFlags, "flag"),
        (Project, "project"),
        (Profile, "profile"),
        (User, "user"),
        (System, "system"),
    ];
    assert_eq!(losers, expected);

    scene.flags.caller = CodexCaller::AppServer;
    let view = scene.view();
    assert!(!view.layers.iter().any(|l| l.source == Profile), "an app-server takes no profile");
}

#[test]
fn missing_files_are_empty_layers() {
    let view = Scene::of([]).view();
    let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let layers: Vec<_> = view.layers.iter().map(|l| (l.source, l.version.as_str())).collect();
    assert_eq!(layers, [(LayerSource::User, empty), (LayerSource::System, empty)]);
    assert_eq!((view.provider.as_deref(), view.key_verdict), (Some("openai"), KeyVerdict::NotNeeded));
    assert_eq!((view.config_exists, view.problems, view.unknown), (false, vec![], vec![]));
}

#[test]
fn a_provider_is_composed_of_several_layers() {
    let scene = Scene::of([
        ("/etc/codex/config.toml", "[model_providers.azure.http_headers]\nX-Sys = 'CANARY'"),
        (
            "/h/.codex/config.toml",
            "model_provider = 'azure'\n[model_providers.azure]\nname = 'A'\nbase_url = 'https://h/v1'",
        ),
        ("/etc/codex/managed_config.toml", "model_providers.azure.env_key = 'K'"),
    ]);
    let view = scene.view();
    assert_eq!((view.env_key.as_deref(), view.key_verdict), (Some("K"), KeyVerdict::Missing));
    let key = view.provider_key("env_key").and_then(|k| value(&view, &k));
    assert_eq!(key, Some(("K".to_owned(), LayerSource::Managed, Some(1), Some(33))));
    assert!(!serde_json::to_string(&view).unwrap().contains("CANARY"));
}

#[test]
fn trust_is_decided_for_each_folder() {
    let project = [
        ("/r/.git/HEAD", ""),
        ("/r/.codex/config.toml", "model='r'"),
        ("/r/a/.codex/config.toml", "model='a'"),
    ];
    for (trust, model, enabled) in [
        ("[projects.'/r']\ntrust_level='trusted'", Some("a"), [true, true]),
        (
            "[projects.'/r']\ntrust_level='trusted'\n[projects.'/r/a']\ntrust_level='untrusted'",
            Some("r"),
            [false, true],
        ),
        ("[projects.'/r/a']\ntrust_level='trusted'", Some("a"), [true, false]),
        ("[projects.'/r/']\ntrust_level='trusted'", None, [false, false]),
        ("[projects.'/R']\ntrust_level='trusted'", None, [false, false]),
        ("", None, [false, false]),
    ] {
        let mut scene = Scene::of(project.into_iter().chain([("/h/.codex/config.toml", trust)]));
        scene.flags.cwd = Some("/r/a".to_owned());
        let view = scene.view();
        let seen: Vec<_> =
            view.layers.iter().filter(|l| l.source == LayerSource::Project).map(|l| l.enabled).collect();
        assert_eq!(seen, enabled, "{trust}");
        assert_eq!(value(&view, "model").map(|v| v.0).as_deref(), model, "{trust}");
        let untrusted = view.problems.iter().filter(|p| p.code == Code::ConfigProjectUntrusted).count();
        assert_eq!(untrusted, enabled.iter().filter(|e| !**e).count(), "{trust}");
    }
}

#[test]
fn trust_reaches_worktrees_and_real_paths() {
    let trust = "[projects.'/main']\ntrust_level='trusted'";
    let mut scene = Scene::of([
        ("/h/.codex/config.toml", trust),
        ("/main/.git/worktrees/t/HEAD", ""),
        ("/tree/.git", "gitdir: /main/.git/worktrees/t\n"),
        ("/tree/.codex/config.toml", "model = 'tree'"),
    ]);
    scene.flags.cwd = Some("/tree".to_owned());
    assert_eq!(value(&scene.view(), "model").map(|v| v.0).as_deref(), Some("tree"));

    let mut scene = Scene::of([
        ("/h/.codex/config.toml", trust),
        ("/main/.git/HEAD", ""),
        ("/main/.codex/config.toml", "model = 'main'"),
    ]);
    scene.files.links.insert("/link".to_owned(), "/main".to_owned());
    scene.flags.cwd = Some("/link".to_owned());
    let view = scene.view();
    assert_eq!(view.layers[0].path.as_deref(), Some("/link/.codex/config.toml"));
    assert!(view.layers[0].enabled);
}

#[test]
fn flags_give_trust_only_as_a_table() {
    let files = [("/w/.git/HEAD", ""), ("/w/.codex/config.toml", "model='p'")];
    let naive = Scene::of(files).with(&[r#"projects."/w".trust_level="trusted""#]);
    assert!(!naive.view().layers[1].enabled);
    let table = Scene::of(files).with(&[r#"projects={"/w"={trust_level="trusted"}}"#]);
    assert!(table.view().layers[1].enabled);
}

#[test]
fn markers_bound_the_project() {
    let files = [("/p/.codex/config.toml", "model='p'"), ("/p/c/.codex/config.toml", ""), ("/p/.hg", "")];
    for (config, count) in [("", 1), ("project_root_markers = ['.hg']", 2), ("project_root_markers = []", 1)]
    {
        let mut scene = Scene::of(files.into_iter().chain([("/h/.codex/config.toml", config)]));
        scene.flags.cwd = Some("/p/c".to_owned());
        let layers = scene.view().layers;
        assert_eq!(layers.iter().filter(|l| l.source == LayerSource::Project).count(), count, "{config}");
    }
    let mut scene = Scene::user("model = 'x'");
    scene.flags.cwd = Some("/h".to_owned());
    assert_eq!(scene.view().layers.len(), 2, "the home of Codex is no project");
    scene.flags.cwd = None;
    assert_eq!(scene.view().unknown.len(), 1);
}

#[test]
fn denied_keys_of_a_project_never_win() {
    let scene = Scene::of([
        ("/h/.codex/config.toml", "[projects.'/w']\ntrust_level='trusted'"),
        ("/w/.git/HEAD", ""),
        (
            "/w/.codex/config.toml",
            "model = 'p'\nmodel_provider = 'evil'\n[features]\nrespect_system_proxy = true\n[model_providers.evil]\nname='e'\n",
        ),
    ]);
    let view = scene.view();
    assert_eq!(
        (view.provider.as_deref(), value(&view, "model").map(|v| v.0).as_deref()),
        (Some("openai"), Some("p"))
    );
    let denied: Vec<_> =
        view.problems.iter().map(|p| (p.key.as_deref().unwrap_or(""), p.line, p.column)).collect();
    let expected = [
        ("model_provider", Some(2), Some(1)),
        ("model_providers", Some(5), Some(18)),
        ("features.respect_system_proxy", Some(4), Some(1)),
    ];
    let keys = |rows: &[(&str, Option<u32>, Option<u32>)]| {
        rows.iter().map(|r| (r.0.to_owned(), r.1)).collect::<Vec<_>>()
    };
    assert_eq!(keys(&denied), keys(&expected));
    assert!(
        view.problems[0]
            .message
            .contains(": model_provider, model_providers, features.respect_system_proxy. If")
    );
}

#[test]
fn refusals_use_codexs_words_and_places() {
    let rows: &[(&str, &str, u32, u32, &str)] = &[
        (
            "model = 'm'\nmodel_provider = azure\n",
            "config/invalid",
            2,
            18,
            "string values must be quoted, expected literal string",
        ),
        ("a = 1\na = 2\n", "config/invalid", 2, 1, "duplicate key"),
        ("model = 3\n", "config/invalid", 1, 9, "invalid type: integer `3`, expected a string"),
        (
            "[features]\nmemories = 'x'\n",
            "config/invalid",
            2,
            12,
            "invalid type: string \"<hidden>\", expected a boolean",
        ),
        (
            "mcp_oauth_callback_port = 70000\n",
            "config/invalid",
            1,
            27,
            "invalid value: integer `70000`, expected u16",
        ),
        (
            "approval_policy = 'x'\n",
            "config/invalid",
            1,
            19,
            "unknown variant `x`, expected one of `untrusted`, `on-failure`, `on-request`, `granular`, `never`",
        ),
        (
            "[projects.'/p']\ntrust_level='maybe'\n",
            "config/invalid",
            2,
            13,
            "unknown variant `maybe`, expected `trusted` or `untrusted`",
        ),
        ("[mcp_servers.x]\nenabled = false\n", "config/invalid", 1, 1, "invalid transport"),
        (
            "model_provider = 'Azure'\n[model_providers.azure]\nname='a'\n",
            "config/provider-not-found",
            1,
            18,
            "Model provider `Azure` not found",
        ),
        (
            "[model_providers.a]\nname='a'\nwire_api='Responses'\n",
            "route/wire-api",
            3,
            10,
            "unknown variant `Responses`, expected `responses`",
        ),
        (
            "[model_providers.a]\nbase_url='x'\n",
            "config/invalid",
            1,
            1,
            "model_providers.a: provider name must not be empty",
        ),
        (
            "[model_providers.a]\nname='a'\nenv_key='K'\n[model_providers.a.auth]\ncommand='x'\n",
            "config/invalid",
            4,
            1,
            "model_providers.a: provider auth cannot be combined with env_key",
        ),
        (
            "profile = 'w'\n",
            "config/legacy-profile",
            1,
            11,
            "legacy `profile = \"w\"` config is no longer supported; use `--profile w` with `w.config.toml` instead",
        ),
    ];
    for (text, code, line, column, message) in rows {
        let view = Scene::user(text).view();
        let problem = view.problems.first().unwrap_or_else(|| panic!("no problem: {text}"));
        assert_eq!(
            (problem.code.slug(), problem.line, problem.column),
            (*code, Some(*line), Some(*column)),
            "{text}"
        );
        assert_eq!((problem.message.as_str(), problem.fatal), (*message, true), "{text}");
        assert_eq!((view.problems.len(), view.key_verdict), (1, KeyVerdict::Unknown), "{text}");
    }
    let reserved = Scene::user("[model_providers.openai]\nname='x'").view();
    assert_eq!(reserved.problems[0].code, Code::ConfigReservedProvider);
    let chat = Scene::user("[model_providers.a]\nname='a'\nwire_api='chat'").view();
    assert_eq!(problems(&chat), [("route/wire-api", Some(3), Some(10))]);
    assert!(
        Scene::user("\u{feff}model = 'x'\r\n[tui]\r\n").view().problems.is_empty(),
        "BOM and CRLF are accepted"
    );
}

#[test]
fn profiles_are_files() {
    let with = |files: &[(&'static str, &'static str)], name: &str| {
        let mut scene = Scene::of(files.iter().copied());
        scene.flags.profile = Some(name.to_owned());
        scene.view()
    };
    let missing = with(&[], "work");
    assert_eq!(
        (missing.problems[0].code, missing.problems[0].fatal),
        (Code::ConfigProfileFileMissing, false)
    );
    let bad = with(&[], "../x");
    assert_eq!(bad.problems[0].message, "invalid --profile value `../x`; pass a plain name such as `work`");
    let legacy = with(
        &[("/h/.codex/config.toml", "[profiles.work]\nmodel='x'"), ("/h/.codex/work.config.toml", "")],
        "work",
    );
    assert_eq!(problems(&legacy)[0].0, "config/legacy-profile");
    assert_eq!(Scene::user("[profiles.work]\nmodel='x'").view().problems, []);
}

#[test]
fn unknown_keys_are_named_with_the_nearest() {
    let text = "foo = 1\nbar.baz = 2\nmodel_provider = 'a'\n[model_providers.a]\nname = 'A'\nenvkey = 'K'\n\
                [mcp_servers.m]\ncommand = 'c'\ncomand = 'd'\n[agents.mine]\nanything = 1\n[desktop]\nx = 1\n";
    let view = Scene::user(text).view();
    let found: Vec<_> = view
        .problems
        .iter()
        .map(|p| (p.key.as_deref().unwrap_or(""), p.line, p.column, p.nearest.as_deref()))
        .collect();
    let expected = [
        ("bar", Some(2), Some(1), None),
        ("foo", Some(1), Some(1), None),
        ("mcp_servers.m.comand", Some(9), Some(1), Some("mcp_servers.m.command")),
        ("model_providers.a.envkey", Some(6), Some(1), Some("model_providers.a.env_key")),
    ];
    assert_eq!(found, expected);
    assert!(view.problems.iter().all(|p| !p.fatal && p.code == Code::ConfigUnknownKey));
    assert_eq!(view.key_verdict, KeyVerdict::NotNeeded);
}

#[test]
fn a_pasted_key_is_never_shown() {
    let text = "model_provider='a'\n[model_providers.a]\nname='A'\nenv_key='sk-proj-CANARYcanary1234'\n\
                experimental_bearer_token='CANARY'\n[model_providers.a.http_headers]\nx='CANARY'\n[model_providers.sk-proj-CANARYcanary1234]\nname='B'\n";
    let scene = Scene::user(text).with(&["model_providers.a.wire_api=sk-proj-CANARYcanary1234"]);
    let view = scene.view();
    let pasted = view.problem(Code::AuthEnvKeyHoldsSecret).map(|p| (p.line, p.column));
    assert_eq!(pasted, Some((Some(4), Some(9))));
    assert_eq!(view.env_key.as_deref(), Some(CodexView::SECRET_NAME));
    assert!(!serde_json::to_string(&view).unwrap().contains("CANARY"));
    assert!(!format!("{view:?} {:?}", scene.flags).contains("CANARY"));
}

#[test]
fn hostile_files_are_problems_and_nothing_more() {
    let deep = format!("a = {}", "[".repeat(100_000));
    let dotted = format!("{}b = 1", "a.".repeat(100_000));
    let tables = "[a.b]\n".repeat(20_000);
    let wide = format!("model = 'é'\nx = [{}]", "'é', ".repeat(200_000));
    let utf16: Vec<u8> = "model = 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = [vec![0xFF, 0xFE], utf16].concat();
    let rows: Vec<(Result<Vec<u8>, FileError>, bool)> = vec![
        (Ok(deep.into_bytes()), true),
        (Ok(dotted.into_bytes()), true),
        (Ok(tables.into_bytes()), true),
        (Ok(wide.into_bytes()), false),
        (Ok(utf16), true),
        (Ok(vec![0; 1_000_000]), true),
        (Ok(vec![b'='; 1_000_000]), true),
        (Ok(b"model = 'a'\nx = '\xe9'".to_vec()), true),
        (Err(FileError::IsDirectory), true),
        (Err(FileError::NotRegular), true),
        (Err(FileError::Denied), true),
        (Err(FileError::LinkLoop), true),
        (Err(FileError::TooLarge { limit: 10 }), false),
    ];
    for (number, (content, fatal)) in rows.into_iter().enumerate() {
        let mut scene = Scene::of([("/etc/codex/config.toml", "review_model = 'r'")]);
        scene.files.files.insert("/h/.codex/config.toml".to_owned(), content);
        let view = scene.view();
        let problem = view.problems.first().unwrap_or_else(|| panic!("no problem in row {number}"));
        assert_eq!(
            (problem.fatal, problem.path.as_deref()),
            (fatal, Some("/h/.codex/config.toml")),
            "row {number}"
        );
        assert!(value(&view, "review_model").is_some(), "row {number}: the other layers stand");
    }
    let mut scene = Scene::of([]);
    scene.files.files.insert("/h/.codex/config.toml".to_owned(), Ok(b"a = 1\nb = '\xe9'".to_vec()));
    let problem = scene.view().problems.remove(0);
    assert_eq!((problem.line, problem.column), (Some(2), Some(6)));
    let expected =
        "Failed to read config file /h/.codex/config.toml: invalid utf-8 sequence of 1 bytes from index 11";
    assert_eq!(problem.message, expected);
}
