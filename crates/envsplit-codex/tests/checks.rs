//! What Codex 0.169 refuses or ignores, hostile files, and masking.
mod scene;

use envsplit_model::{Code, CodexView, FileError, KeyVerdict};
use scene::Scene;

fn problems(view: &CodexView) -> Vec<(&'static str, Option<u32>, Option<u32>)> {
    view.problems.iter().map(|p| (p.code.slug(), p.line, p.column)).collect()
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
        assert!(view.values.contains_key("review_model"), "row {number}: the other layers stand");
    }
    let mut scene = Scene::of([]);
    scene.files.files.insert("/h/.codex/config.toml".to_owned(), Ok(b"a = 1\nb = '\xe9'".to_vec()));
    let problem = scene.view().problems.remove(0);
    assert_eq!((problem.line, problem.column), (Some(2), Some(6)));
    let expected =
        "Failed to read config file /h/.codex/config.toml: invalid utf-8 sequence of 1 bytes from index 11";
    assert_eq!(problem.message, expected);
}
