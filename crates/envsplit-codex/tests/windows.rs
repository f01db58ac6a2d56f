//! Codex's rules on paths as Windows writes them: drives, shares, verbatim paths, either separator, line ends.
#![allow(missing_docs)] // reason: a test
use envsplit_codex::{Flags, Surroundings, resolve};
use envsplit_model::paths::PathStyle;
use envsplit_model::{CodexCaller, CodexView, EnvBlock, HostId, LayerSource, ScratchFiles};

const PROFILE: &str = r"C:\Users\Jö Doe";

/// What a Codex that is started in `cwd` would use.
fn view(files: &[(&str, &str)], codex_home: Option<&str>, cwd: &str) -> CodexView {
    let files = ScratchFiles::of(files.iter().copied());
    let env = EnvBlock::of(codex_home.map(|home| ("CODEX_HOME", home)));
    let surroundings = Surroundings {
        files: &files,
        env: &env,
        style: PathStyle::Windows,
        home_dir: Some(PROFILE.to_owned()),
        process_cwd: Some(cwd.to_owned()),
        system_dir: r"C:\ProgramData\OpenAI\Codex".to_owned(),
        keep_names: vec![],
        host: HostId("windows".to_owned()),
    };
    let flags = Flags {
        caller: CodexCaller::Exec,
        cwd: Some(cwd.to_owned()),
        profile: None,
        overrides: vec![],
        version: None,
    };
    resolve(&surroundings, &flags).view()
}

fn layer(view: &CodexView, source: LayerSource) -> Vec<(Option<&str>, bool)> {
    let own = view.layers.iter().filter(|l| l.source == source);
    own.map(|l| (l.path.as_deref(), l.enabled)).collect()
}

fn value<'v>(view: &'v CodexView, key: &str) -> Option<(&'v str, Option<u32>)> {
    let found = view.values.get(key)?;
    Some((found.value.as_str()?, found.line))
}

const USER: &str = r"C:\Users\Jö Doe\.codex\config.toml";

#[test]
fn a_home_with_spaces_and_letters_of_any_language_and_windows_line_ends() {
    let text = "# of notepad\r\nmodel = 'user'\r\nlog_dir = '..\\logs'\r\nsqlite_home = '/data'\r\n";
    let view = view(&[(USER, text)], None, r"C:\");
    assert_eq!(view.config_path.as_deref(), Some(USER));
    assert_eq!(view.problems, []);
    assert_eq!(value(&view, "model"), Some(("user", Some(2))));
    assert_eq!(value(&view, "log_dir"), Some((r"C:\Users\Jö Doe\logs", Some(3))));
    assert_eq!(value(&view, "sqlite_home"), Some((r"C:\data", Some(4))), "a root without a drive");
}

#[test]
fn codex_home_may_be_written_in_either_way_and_lie_on_a_share() {
    for (set, home) in [
        (r"D:\cx", r"D:\cx"),
        ("D:/cx", r"D:/cx"),
        (r"\\server\share\cx", r"\\server\share\cx"),
        (r"..\cx", r"C:\work\..\cx"),
    ] {
        let file = format!(r"{home}\config.toml");
        let view = view(&[(file.as_str(), "model = 'there'\r\n")], Some(set), r"C:\work");
        assert_eq!(view.home.as_deref(), Some(home));
        assert_eq!(value(&view, "model"), Some(("there", Some(1))), "{set}");
    }
}

#[test]
fn a_project_is_trusted_whatever_the_case_of_its_path() {
    let project = r"C:\Work\App\.codex\config.toml";
    for (trusted, enabled) in [
        (r"c:\work\app", true),
        (r"C:\WORK\APP", true),
        (r"\\?\C:\Work\App", true),
        (r"C:\Work", false),
        (r"D:\Work\App", false),
    ] {
        let user = format!("[projects.'{trusted}']\r\ntrust_level = 'trusted'\r\n");
        let files =
            [(USER, user.as_str()), (project, "model = 'project'\r\n"), (r"C:\Work\App\.git\HEAD", "")];
        let view = view(&files, None, r"C:\Work\App\src");
        let layers = layer(&view, LayerSource::Project);
        assert!(layers.contains(&(Some(project), enabled)), "{trusted}: {layers:?}");
        assert_eq!(value(&view, "model").is_some(), enabled, "{trusted}");
    }
}

#[test]
fn the_way_up_from_a_share_ends_at_the_share() {
    let project = r"\\server\share\.codex\config.toml";
    let user = "[projects.'\\\\SERVER\\share\\']\r\ntrust_level = 'trusted'\r\n";
    let files = [(USER, user), (project, "model = 'project'\r\n"), (r"\\server\share\.git\HEAD", "")];
    let view = view(&files, None, r"\\server\share\app");
    assert_eq!(layer(&view, LayerSource::Project), [(Some(project), true)]);
    assert_eq!(value(&view, "model"), Some(("project", Some(1))));
}
