//! The same files under other versions of Codex; each row was seen on the released programs that it names.
mod scene;

use envsplit_codex::Origin;
use envsplit_model::{Code, CodexView, KeyVerdict, LayerSource};
use scene::Scene;

const PROVIDER: &str = "[model_providers.m]\nname = 'M'\nbase_url = 'http://h/v1'\nenv_key = 'K'\n";

fn at(version: &str, mut scene: Scene) -> CodexView {
    scene.flags.version = Some(version.to_owned());
    scene.view()
}

fn user(text: &str) -> Scene {
    Scene::user(&format!("{text}\n{PROVIDER}"))
}

fn value(view: &CodexView, key: &str) -> Option<String> {
    view.values.get(key)?.value.as_str().map(str::to_owned)
}

fn refusals(view: &CodexView) -> Vec<(&'static str, Option<u32>)> {
    view.problems.iter().filter(|p| p.fatal).map(|p| (p.code.slug(), p.line)).collect()
}

/// The key as a version has it, with the file that it comes from.
fn key(version: &str, env: &[(&str, &str)], files: &[(&str, &str)]) -> (Option<String>, Option<String>) {
    let config = format!("model_provider = 'm'\n{PROVIDER}");
    let mut scene =
        Scene::of([("/h/.codex/config.toml", config.as_str())].into_iter().chain(files.iter().copied()));
    scene.env.0.extend(env.iter().map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec())));
    scene.flags.version = Some(version.to_owned());
    let found = scene.resolved(|r| r.effective("K").map(|(origin, value)| (origin, value.to_vec())));
    let path = found.as_ref().and_then(|(origin, _)| match origin {
        Origin::Dotenv { path, .. } => Some(path.clone()),
        Origin::Process => None,
    });
    (found.map(|(_, value)| String::from_utf8_lossy(&value).into_owned()), path)
}

#[test]
fn the_newest_version_and_none_are_the_same() {
    for text in ["profile = 'x'", "model = 3", "[model_providers.openai]\nname = 'x'", "model_provider = 'm'"]
    {
        let mut none = user(text).view();
        none.version = Some("0.169.0".to_owned());
        assert_eq!(at("0.169.0", user(text)), none, "{text}");
    }
}

#[test]
fn beyond_what_was_run_nothing_is_claimed() {
    let refused = "model_provider = 'm'\nprofile = 'x'\n[model_providers.openai]\nname = 'x'\nbase_url = 'y'";
    for (version, says) in [
        ("0.200.0", "newer than 0.169.0"),
        ("1.0.0", "newer than 0.169.0"),
        ("0.169.1", "newer than 0.169.0"),
        ("0.8.0", "older than 0.20.0"),
        ("0.170.0-alpha.1", "no release"),
        ("nightly", "no release"),
    ] {
        let view = at(version, user(refused));
        assert_eq!((view.key_verdict, view.untested), (KeyVerdict::Unknown, true), "{version}");
        assert_eq!(refusals(&view), [], "{version}");
        assert!(view.unknown[0].contains(says) && view.unknown[0].contains(version), "{:?}", view.unknown);
        assert_eq!(view.env_key.as_deref(), Some("K"), "{version}");
        // What no version can read is no version either.
        let broken = at(version, Scene::user("model_provider = m\n"));
        assert_eq!(refusals(&broken), [("config/invalid", Some(1))], "{version}");
    }
}

#[test]
fn profiles_were_tables_up_to_0_133() {
    let text =
        "profile = 'x'\nmodel = 'user'\n[profiles.x]\nmodel = 'table'\nmodel_provider = 'm'\nno_such = 'y'";
    let view = at("0.133.0", user(text).with(&["model=flag"]));
    assert_eq!(value(&view, "model").as_deref(), Some("table"), "it is laid over -c, too");
    assert_eq!((refusals(&view), view.provider.as_deref()), (vec![], Some("m")));
    let model = &view.values["model"];
    assert_eq!((model.source, model.line), (LayerSource::Profile, Some(4)));
    assert_eq!(
        model.overrides.iter().map(|o| o.source).collect::<Vec<_>>(),
        [LayerSource::SessionFlags, LayerSource::User]
    );
    assert!(view.layers.iter().all(|l| l.source != LayerSource::Profile), "Codex lists no layer for it");

    let newer = at("0.134.0", user(text));
    assert_eq!(refusals(&newer), [("config/legacy-profile", Some(1))]);

    let flag = |version, name: &str| {
        let mut scene = user("model = 'user'\n[profiles.x]\nmodel = 'table'");
        scene.flags.profile = Some(name.to_owned());
        at(version, scene)
    };
    assert_eq!(value(&flag("0.133.0", "x"), "model").as_deref(), Some("table"));
    assert_eq!(refusals(&flag("0.134.0", "x")), [("config/legacy-profile", Some(2))]);
    let lost = flag("0.133.0", "y");
    assert_eq!(lost.problems[0].message, "config profile `y` not found");
    assert!(lost.problems[0].fatal);
    assert_eq!(refusals(&at("0.133.0", user("profile = 'y'"))), [("config/invalid", Some(1))]);
}

#[test]
fn dotenv_came_from_the_working_directory_too() {
    let home: (&str, &str) = ("/h/.codex/.env", "K=home\nK=again\n");
    let here: (&str, &str) = ("/.env", "K=here\n");
    let some = |value: &str, path: Option<&str>| (Some(value.to_owned()), path.map(str::to_owned));
    for (version, env, files, expected) in [
        ("0.21.0", &[][..], &[home, here][..], some("home", Some("/h/.codex/.env"))),
        ("0.21.0", &[("K", "env")], &[home, here], some("env", None)),
        ("0.21.0", &[], &[here], some("here", Some("/.env"))),
        ("0.27.0", &[("K", "env")], &[home, here], some("here", Some("/.env"))),
        ("0.27.0", &[("K", "env")], &[home], some("again", Some("/h/.codex/.env"))),
        ("0.36.0", &[("K", "env")], &[here], some("env", None)),
        ("0.36.0", &[], &[home, here], some("again", Some("/h/.codex/.env"))),
    ] {
        assert_eq!(key(version, env, files), expected, "{version} {env:?} {files:?}");
    }
    let names = ("/h/.codex/.env", "J=two words\nK=x\n");
    assert_eq!(key("0.21.0", &[], &[names]).0, None, "a bad line ended the file");
    assert_eq!(key("0.22.0", &[], &[names]).0.as_deref(), Some("x"));
}

#[test]
fn layers_came_one_after_the_other() {
    let sources = |version| {
        let trust = format!("[projects.'/w']\ntrust_level = 'trusted'\n{PROVIDER}");
        let scene = Scene::of([
            ("/h/.codex/config.toml", trust.as_str()),
            ("/etc/codex/config.toml", "model = 'system'"),
            ("/etc/codex/managed_config.toml", "model_verbosity = 'low'"),
            ("/etc/codex/requirements.toml", "x = "),
            ("/w/.git/HEAD", ""),
            ("/w/.codex/config.toml", "model_provider = 'm'"),
        ]);
        let view = at(version, scene);
        let requirements = view.problems.iter().any(|p| p.message.contains("requirements"));
        let names: Vec<&str> = view
            .layers
            .iter()
            .map(|l| match l.source {
                LayerSource::Managed => "managed",
                LayerSource::Project => "project",
                LayerSource::System => "system",
                LayerSource::User => "user",
                _ => "other",
            })
            .collect();
        (names.join(" "), requirements, view.provider)
    };
    let some = |provider: &str| Some(provider.to_owned());
    assert_eq!(sources("0.44.0"), ("user".to_owned(), false, some("openai")));
    assert_eq!(sources("0.50.0"), ("managed user".to_owned(), false, some("openai")));
    assert_eq!(sources("0.77.0"), ("managed user".to_owned(), true, some("openai")));
    assert_eq!(sources("0.79.0"), ("managed project user system".to_owned(), true, some("m")));
    // A project could choose the provider.
    assert_eq!(sources("0.128.0"), ("managed project user system".to_owned(), true, some("m")));
    assert_eq!(sources("0.129.0"), ("managed project user system".to_owned(), true, some("openai")));
}

#[test]
fn projects_counted_without_trust_at_first() {
    for (version, counts) in
        [("0.77.0", None), ("0.79.0", Some(true)), ("0.87.0", Some(true)), ("0.89.0", Some(false))]
    {
        let view = at(version, Scene::of([("/w/.git/HEAD", ""), ("/w/.codex/config.toml", "model = 'p'")]));
        let layer = view.layers.iter().find(|l| l.source == LayerSource::Project);
        assert_eq!(layer.map(|l| l.enabled), counts, "{version}");
    }
}

#[test]
fn refusals_came_and_went() {
    for (text, before, after, code) in [
        ("[model_providers.a]\nname = 'a'\nwire_api = 'chat'", "0.94.0", "0.95.0", "route/wire-api"),
        (
            "[model_providers.openai]\nname = 'a'\nbase_url = 'x'",
            "0.114.0",
            "0.115.0",
            "config/reserved-provider",
        ),
        ("[model_providers.a]\nname = ''", "0.122.0", "0.123.0", "config/invalid"),
        (
            "[model_providers.a]\nname = 'a'\nenv_key = 'K'\n[model_providers.a.auth]\ncommand = 'x'",
            "0.117.0",
            "0.118.0",
            "config/invalid",
        ),
        ("approval_policy = 'untrusted'", "0.148.0", "0.149.0", "config/invalid"),
        ("personality = 'x'", "0.77.0", "0.98.0", "config/invalid"),
        ("agents = 3", "0.77.0", "0.98.0", "config/invalid"),
    ] {
        assert_eq!(refusals(&at(before, Scene::user(text))), [], "{before}: {text}");
        let slugs: Vec<_> = refusals(&at(after, Scene::user(text))).iter().map(|r| r.0).collect();
        assert_eq!(slugs, [code], "{after}: {text}");
    }
    for (text, before, after, message) in [
        (
            "model_reasoning_effort = 'xhigh'",
            "0.50.0",
            "0.98.0",
            "unknown variant `xhigh`, expected one of `minimal`, `low`, `medium`, `high`",
        ),
        (
            "model_reasoning_effort = 'max'",
            "0.133.0",
            "0.169.0",
            "unknown variant `max`, expected one of `none`, `minimal`, `low`, `medium`, `high`, `xhigh`",
        ),
        (
            "profile = 'x'\n[profiles.x]\nmodel_reasoning_effort = 'max'",
            "0.133.0",
            "",
            "unknown variant `max`, expected one of `none`, `minimal`, `low`, `medium`, `high`, `xhigh`",
        ),
        ("[mcp_servers.a]\nurl = 'http://h'", "0.42.0", "0.44.0", "missing field `command`"),
        ("[model_providers.a]\nbase_url = 'x'", "0.122.0", "", "missing field `name`"),
        ("model_provider = 'ollama'", "0.58.0", "0.59.0", "Model provider `ollama` not found"),
    ] {
        let view = at(before, Scene::user(text));
        let fatal: Vec<_> = view.problems.iter().filter(|p| p.fatal).map(|p| p.message.as_str()).collect();
        assert_eq!(fatal, [message], "{before}: {text}");
        assert!(view.problems[0].line.is_some(), "{text}");
        if !after.is_empty() {
            assert_eq!(refusals(&at(after, Scene::user(text))), [], "{after}: {text}");
        }
    }
}

#[test]
fn between_two_versions_that_were_run_it_is_not_known() {
    // 0.20.0 and 0.50.0 were asked for this type, and no version between them.
    let view = at("0.30.0", Scene::user("disable_paste_burst = 'x'"));
    assert_eq!((refusals(&view), view.untested), (vec![], true));
    assert!(view.unknown.iter().any(|u| u.contains("0.30.0") && u.contains(":1: ")), "{:?}", view.unknown);
    assert!(!at("0.30.0", Scene::user("model = 'x'")).untested, "it does not matter for another config");
    // A refusal that nobody asked older versions about.
    let view = at(
        "0.160.0",
        Scene::user("[tui]\nstatus_line = 3\n[agents]\nmax_concurrent_threads_per_session = 0"),
    );
    assert!(view.untested && view.key_verdict == KeyVerdict::Unknown, "{:?}", view.problems);
}

#[test]
fn other_credentials_took_the_keys_place() {
    let verdict = |version, more: &str, login: bool| {
        let config = format!("model_provider = 'm'\n{PROVIDER}{more}");
        let mut files = vec![("/h/.codex/config.toml", config.as_str())];
        if login {
            files.push(("/h/.codex/auth.json", "{}"));
        }
        let view = at(version, Scene::of(files));
        (view.key_verdict, view.untested)
    };
    let token = "experimental_bearer_token = 't'";
    assert_eq!(verdict("0.63.0", token, false), (KeyVerdict::NotNeeded, false));
    assert_eq!(verdict("0.64.0", token, false), (KeyVerdict::Missing, false));
    assert_eq!(verdict("0.47.0", token, false), (KeyVerdict::Missing, false));
    assert_eq!(verdict("0.63.0", "", true), (KeyVerdict::Unknown, true));
    assert_eq!(verdict("0.64.0", "", true), (KeyVerdict::Missing, false));
    assert_eq!(verdict("0.63.0", "", false), (KeyVerdict::Missing, false));
}

#[test]
fn a_problem_keeps_its_code() {
    let view = at("0.98.0", Scene::user("[model_providers.a]\nname = 'a'\nwire_api = 'Chat'"));
    assert_eq!((view.problems[0].code, view.problems[0].line), (Code::RouteWireApi, Some(3)));
}
