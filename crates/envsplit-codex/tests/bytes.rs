//! Any bytes in any file and any flag end in an answer.
use envsplit_codex::{
    Flags, Surroundings, key_verdict, looks_like_secret, mask_argv, resolve, session_flags, taints,
};
use envsplit_model::paths::PathStyle;
use envsplit_model::{CodexCaller, EnvBlock, HostId, ScratchFiles};
use proptest::prelude::*;

/// Text that is near to a config or a `.env`, so that parsers get further than the first byte.
fn near() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("model_provider".to_owned()),
        Just("model_providers.a.env_key".to_owned()),
        Just("[projects.\"/w\"]\ntrust_level=\"trusted\"\n".to_owned()),
        Just("K".to_owned()),
        Just("export ".to_owned()),
        Just("$K".to_owned()),
        Just("${".to_owned()),
        "[\\[\\]{}=\"'.,#\\\\\n\r \t$a-c0-9é]{0,12}",
    ];
    let text = proptest::collection::vec(piece, 0..24).prop_map(|p| p.concat().into_bytes());
    prop_oneof![text, proptest::collection::vec(any::<u8>(), 0..256)]
}

proptest! {
    #[test]
    fn nothing_panics(user in near(), project in near(), dotenv in near(), home in near(), flags in proptest::collection::vec(near(), 0..3)) {
        let mut files = ScratchFiles::of([("/w/.git/HEAD", "")]);
        for (path, content) in [("/h/.codex/config.toml", user), ("/w/.codex/config.toml", project), ("/h/.codex/.env", dotenv)] {
            files.files.insert(path.to_owned(), Ok(content));
        }
        let mut env = EnvBlock::of([("K", "v")]);
        if home.len() % 4 == 0 {
            env.0.insert("CODEX_HOME".to_owned(), home);
        }
        let overrides: Vec<String> = flags.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect();
        for style in [PathStyle::Posix, PathStyle::Windows] {
            let surroundings = Surroundings {
                files: &files,
                env: &env,
                style,
                home_dir: Some("/h".to_owned()),
                process_cwd: Some("/w".to_owned()),
                system_dir: "/etc/codex".to_owned(),
                keep_names: vec!["K".to_owned()],
                host: HostId("linux".to_owned()),
            };
            let flags = Flags { caller: CodexCaller::Tui, cwd: Some("/w".to_owned()), profile: overrides.first().cloned(), overrides: overrides.clone(), version: None };
            let resolution = resolve(&surroundings, &flags);
            let view = resolution.view();
            let known: Vec<_> = view.problems.iter().filter(|p| p.line == Some(0) || p.column == Some(0)).collect();
            prop_assert!(known.is_empty(), "lines and columns begin at one");
        }
    }

    #[test]
    fn judges_take_anything(bytes in proptest::collection::vec(any::<u8>(), 0..200), words in proptest::collection::vec(".{0,40}", 0..8)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = (key_verdict(Some(&bytes)), taints(&bytes), looks_like_secret(&text));
        let (_, overrides) = session_flags(&words);
        prop_assert!(overrides.len() <= words.len());
        prop_assert!(mask_argv(&words).len() <= words.len());
    }
}
