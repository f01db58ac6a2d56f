//! Codex's rules on a real Windows disk, where one file has many spellings.
#![cfg(windows)]
#![allow(clippy::unwrap_used)] // reason: a test
use envsplit_codex::{Flags, Surroundings, resolve};
use envsplit_model::paths::PathStyle;
use envsplit_model::{CodexCaller, CodexView, EnvBlock, HostId, LayerSource};
use envsplit_system::DiskFiles;
use std::path::Path;

/// What a Codex of this profile would use in `cwd`.
fn view(profile: &str, codex_home: Option<&str>, cwd: &str) -> CodexView {
    let files = DiskFiles::default();
    let env = EnvBlock::of(codex_home.map(|home| ("CODEX_HOME", home)));
    let surroundings = Surroundings {
        files: &files,
        env: &env,
        style: PathStyle::Windows,
        home_dir: Some(profile.to_owned()),
        process_cwd: Some(cwd.to_owned()),
        system_dir: format!(r"{profile}\none"),
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

fn projects(view: &CodexView) -> Vec<bool> {
    view.layers.iter().filter(|l| l.source == LayerSource::Project).map(|l| l.enabled).collect()
}

fn write(dir: &Path, file: &str, text: &str) {
    let path = dir.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn spellings_of_one_home_are_one_home() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dunce::canonicalize(dir.path()).unwrap().join("Jö Doe");
    write(&profile, r".codex\config.toml", "model = 'user'\r\n");
    let profile = profile.to_str().unwrap();
    let home = format!(r"{profile}\.codex");
    assert_eq!(view(profile, None, profile).home.as_ref(), Some(&home));
    let spellings =
        [home.to_lowercase(), home.replace('\\', "/"), format!(r"\\?\{home}"), ".CODEX".to_owned()];
    for spelling in spellings {
        let view = view(profile, Some(&spelling), profile);
        assert_eq!(view.home.as_ref(), Some(&home), "{spelling}");
        assert_eq!(view.values["model"].value, "user", "{spelling}");
    }
}

#[test]
fn case_decides_neither_about_trust_nor_what_a_project_is() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dunce::canonicalize(dir.path()).unwrap().join("Profile");
    let app = profile.join("App");
    let trusted = app.to_str().unwrap().to_uppercase();
    let user = format!("[projects.'{trusted}']\r\ntrust_level = 'trusted'\r\n");
    write(&profile, r".codex\config.toml", &user);
    write(&app, r".codex\config.toml", "model = 'project'\r\n");
    write(&app, r".git\HEAD", "");
    write(&profile, r".git\HEAD", "");
    write(&profile, r"src\keep", "");
    let profile = profile.to_str().unwrap();
    for cwd in [format!(r"{profile}\App"), format!(r"{profile}\app"), format!(r"\\?\{profile}\App")] {
        let view = view(profile, None, &cwd);
        assert_eq!(projects(&view), [true], "{cwd}");
        assert_eq!(view.values["model"].value, "project", "{cwd}");
    }
    let beside = format!(r"{}\src", profile.to_lowercase());
    assert_eq!(projects(&view(profile, None, &beside)), [] as [bool; 0], "its own home is no project");
}
