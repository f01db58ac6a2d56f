//! Home, layers and trust, as Codex 0.169 was seen to do it.
mod scene;

use envsplit_model::{Code, CodexCaller, CodexView, HomeFrom, KeyVerdict, LayerSource};
use scene::Scene;

fn value(view: &CodexView, key: &str) -> Option<(String, LayerSource, Option<u32>, Option<u32>)> {
    let found = view.values.get(key)?;
    Some((found.value.as_str()?.to_owned(), found.source, found.line, found.column))
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
        ("/main/.git/worktrees/t/commondir", "../..\n"),
        ("/main/.git/worktrees/t/gitdir", "/tree/.git\n"),
        ("/tree/.git", "gitdir: /main/.git/worktrees/t\n"),
        ("/tree/.codex/config.toml", "model = 'tree'"),
    ]);
    scene.flags.cwd = Some("/tree".to_owned());
    assert_eq!(value(&scene.view(), "model").map(|v| v.0).as_deref(), Some("tree"));
    let back = "/main/.git/worktrees/t/gitdir".to_owned();
    scene.files.files.insert(back, Ok(b"/elsewhere/.git\n".to_vec()));
    assert!(!scene.view().layers[0].enabled, "a folder cannot claim another's trust by itself");

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
        ("model_providers", Some(5), Some(2)),
        ("features.respect_system_proxy", Some(4), Some(1)),
    ];
    assert_eq!(denied, expected);
    assert!(
        view.problems[0]
            .message
            .contains(": model_provider, model_providers, features.respect_system_proxy. If")
    );
}
