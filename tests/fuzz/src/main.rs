//! Raw bytes as config layers, `.env`, `-c` flags and the key itself: no panic, no hang, no quadratic blow-up, and no line
//! or column that does not exist. The first byte of an input says how the rest is shared out.
#![no_main]
use envsplit_codex::{Flags, Surroundings, key_verdict, resolve, taints};
use envsplit_model::paths::PathStyle;
use envsplit_model::{CodexCaller, EnvBlock, HostId, ScratchFiles};
use libfuzzer_sys::fuzz_target;

/// Where the parts of an input go.
const FILES: &[&str] = &[
    "/h/.codex/config.toml",
    "/h/.codex/.env",
    "/w/.codex/config.toml",
    "/etc/codex/requirements.toml",
    "/etc/codex/managed_config.toml",
    "/h/.codex/p.config.toml",
];

fuzz_target!(|data: &[u8]| {
    let Some((how, rest)) = data.split_first() else { return };
    let mut files = ScratchFiles::of([("/w/.git/HEAD", "")]);
    let mut overrides = vec![];
    // The parts stand between form feeds; without one the whole is one file.
    for (at, part) in rest.split(|b| *b == 0x0c).enumerate() {
        let place = (usize::from(*how) + at) % (FILES.len() + 2);
        match FILES.get(place) {
            Some(path) => {
                files.files.insert((*path).to_owned(), Ok(part.to_vec()));
            }
            None => overrides.push(String::from_utf8_lossy(part).into_owned()),
        }
    }
    let mut env = EnvBlock::of([("HOME", "/h")]);
    env.0.insert("K".to_owned(), rest.to_vec());
    let _ = (key_verdict(Some(rest)), taints(rest));
    let style = if how & 0x80 == 0 { PathStyle::Posix } else { PathStyle::Windows };
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
    let flags = Flags {
        caller: CodexCaller::Tui,
        cwd: Some("/w".to_owned()),
        profile: Some("p".to_owned()),
        overrides,
        version: None,
    };
    let view = resolve(&surroundings, &flags).view();
    for problem in &view.problems {
        assert!(problem.line != Some(0) && problem.column != Some(0), "lines and columns begin at one");
        let Some(path) = &problem.path else { continue };
        if let (Some(line), Some(Ok(bytes))) = (problem.line, files.files.get(path)) {
            let lines = bytes.iter().filter(|b| **b == b'\n').count() + 1;
            assert!(line as usize <= lines, "a line behind the end of the file");
        }
    }
});
