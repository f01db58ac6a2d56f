//! `CODEX_HOME/.env`, line by line, as Codex 0.169 was seen to take it.
use envsplit_codex::{Flags, Origin, Surroundings, resolve};
use envsplit_model::paths::PathStyle;
use envsplit_model::{CodexCaller, EnvBlock, FileError, HostId, KeyVerdict, ScratchFiles};

const CONFIG: &str = "model_provider = 'a'\n[model_providers.a]\nname = 'A'\nenv_key = 'K'\n";

/// What Codex sees of `K`, and the verdict.
fn seen(dotenv: Result<&[u8], FileError>, env: &[(&str, &str)]) -> (Option<String>, KeyVerdict) {
    let mut files = ScratchFiles::of([("/h/.codex/config.toml", CONFIG)]);
    files.files.insert("/h/.codex/.env".to_owned(), dotenv.map(<[u8]>::to_vec));
    let mut block = EnvBlock::of(env.iter().copied());
    block.0.entry("HOME".to_owned()).or_insert_with(|| b"/h".to_vec());
    let surroundings = surroundings(&files, &block, PathStyle::Posix);
    let resolution = resolve(&surroundings, &flags());
    let value = resolution.effective("K").map(|(_, v)| String::from_utf8_lossy(v).into_owned());
    (value, resolution.view().key_verdict)
}

fn surroundings<'a>(files: &'a ScratchFiles, env: &'a EnvBlock, style: PathStyle) -> Surroundings<'a> {
    Surroundings {
        files,
        env,
        style,
        home_dir: Some("/h".to_owned()),
        process_cwd: Some("/w".to_owned()),
        system_dir: "/etc/codex".to_owned(),
        keep_names: vec![],
        host: HostId("linux".to_owned()),
    }
}

fn flags() -> Flags {
    Flags {
        caller: CodexCaller::Exec,
        cwd: Some("/w".to_owned()),
        profile: None,
        overrides: vec![],
        version: None,
    }
}

#[test]
fn every_observed_line_reads_as_codex_reads_it() {
    let rows: &[(&[u8], Option<&str>)] = &[
        (b"K=fromdotenv\n", Some("fromdotenv")),
        (b"K=\n", Some("")),
        (b"export K=\"quoted val\"\n", Some("quoted val")),
        (b"K=crlf\r\n", Some("crlf")),
        (b"K = spaced \n", Some("spaced")),
        (b"K=abc#def\n", Some("abc#def")),
        (b"K=abc #c\n", Some("abc")),
        (b"K=#c\n", Some("")),
        (b"K=ab$HOME.x\n", Some("ab/h.x")),
        (b"K=\"ab$HOME.x\"\n", Some("ab/h.x")),
        (b"K=a'$HOME'b\n", Some("a$HOMEb")),
        (b"\xef\xbb\xbfK=bom\n", Some("process")),
        (b"K=it's\n", Some("process")),
        (b"K=two words\n", Some("process")),
        (b"k=lower\n", Some("process")),
        (b"K=last line \n", Some("process")),
        (b"K=x ", Some("process")),
        (b"K=x \n", Some("x")),
        (b"A_B=1\nK=q$A_B.z\n", Some("q_B.z")),
        (b"A_B=1\nK=q${A_B}.z\n", Some("q1.z")),
        (b"K=\"ab$HOME\"\n", Some("process")),
        (b"K=\"l1\nl2\"\n", Some("l1\nl2")),
        (b"K=\"l1\n#l2\"\n", Some("l1\n#l2")),
        (b"K=\"a\nb\" # note\n", Some("a\nb")),
        (b"K=a\\\nb\n", Some("a")),
        (b"K=a\\tb\n", Some("process")),
        (b"K=\"a\\nb\"\n", Some("a\nb")),
        (b"K=a\\ b\n", Some("a b")),
        (b"K=\xff\nJ=1\n", Some("process")),
        (b"J=\xff\nK=n\n", Some("n")),
        (b"CODEX_X=1\nK=z${CODEX_X}\n", Some("z")),
        (b"X=1\nX=2\nK=v$X\n", Some("v2")),
        (b"export K\n", Some("process")),
        (b"export=1\nK=ok\n", Some("ok")),
        (b"K=\"v\"x\n", Some("vx")),
        (b"K=v'w'\"z\"\n", Some("vwz")),
        (b"K=\"unclosed\nJ=1\n", Some("process")),
        (b"K=ok\nL=\"unclosed\n", Some("ok")),
        (b"K:v\n", Some("process")),
        (b"K=$$\n", Some("")),
        (b"K=a$-b\n", Some("a-b")),
        (b"K=1\nK=2\n", Some("2")),
        (b"# K=1\n", Some("process")),
        (b"K=a\0b\n", Some("process")),
    ];
    for (text, expected) in rows {
        let (value, _) = seen(Ok(text), &[("K", "process")]);
        // `${CODEX_X}` is expanded from the file, though the variable itself is dropped.
        let expected = if text.starts_with(b"CODEX_X") { Some("z1") } else { *expected };
        assert_eq!(value.as_deref(), expected, "{:?}", String::from_utf8_lossy(text));
    }
}

#[test]
fn a_blank_line_blanks_a_good_key() {
    assert_eq!(seen(Ok(b"K=\n"), &[("K", "good")]).1, KeyVerdict::Missing);
    assert_eq!(seen(Ok(b"J=1\n"), &[("K", "good")]).1, KeyVerdict::Ok);
    assert_eq!(seen(Ok(b"K=\"a\nb\"\n"), &[]).1, KeyVerdict::HeaderDropped);
    assert_eq!(seen(Ok(b"K=\" a\"\n"), &[]).1, KeyVerdict::Padded);
}

#[test]
fn a_file_that_codex_cannot_read_leaves_the_environment() {
    let process = [("K", "good")];
    for (error, verdict) in [
        (FileError::IsDirectory, KeyVerdict::Ok),
        (FileError::NotRegular, KeyVerdict::Ok),
        (FileError::Denied, KeyVerdict::Unknown),
        (FileError::TooLarge { limit: 1 }, KeyVerdict::Unknown),
    ] {
        let (value, seen) = seen(Err(error.clone()), &process);
        assert_eq!((value.as_deref(), seen), (Some("good"), verdict), "{error:?}");
    }
}

#[test]
fn windows_does_not_tell_upper_from_lower_case() {
    let files =
        ScratchFiles::of([("C:\\h\\.codex\\config.toml", CONFIG), ("C:\\h\\.codex\\.env", "k=lower\n")]);
    let block = EnvBlock::default();
    let mut surroundings = surroundings(&files, &block, PathStyle::Windows);
    surroundings.home_dir = Some("C:\\h".to_owned());
    let resolution = resolve(&surroundings, &flags());
    assert_eq!(resolution.effective("K").map(|(_, v)| v), Some(&b"lower"[..]));
}

#[test]
fn lines_and_problems_are_named_without_values() {
    let text = "OTHER=CANARY\n\nexport K=CANARY\nK=CANARY two\nCODEX_API_KEY=CANARY\nNUL=CANARY\0\n";
    let files = ScratchFiles::of([("/h/.codex/config.toml", CONFIG), ("/h/.codex/.env", text)]);
    let block = EnvBlock::default();
    let surroundings = surroundings(&files, &block, PathStyle::Posix);
    let resolution = resolve(&surroundings, &flags());
    let dotenv = resolution.dotenv();
    let entries: Vec<_> = dotenv.entries.iter().map(|e| (e.name.as_str(), e.line, e.dropped)).collect();
    assert_eq!(entries, [("OTHER", 1, false), ("K", 3, false), ("CODEX_API_KEY", 5, true)]);
    let problems: Vec<_> = dotenv.problems.iter().map(|p| (p.line, p.column, p.fatal)).collect();
    assert_eq!(problems, [(Some(4), Some(10), false), (Some(6), Some(5), true)]);
    let origin = resolution.effective("K").map(|(origin, _)| origin);
    assert_eq!(origin, Some(Origin::Dotenv { path: "/h/.codex/.env".to_owned(), line: 3 }));
    assert_eq!(resolution.effective("CODEX_API_KEY"), None);
    assert!(!format!("{resolution:?} {dotenv:?}").contains("CANARY"));
}

#[test]
fn lines_that_double_each_other_end() {
    let mut text = "A=0123456789\n".to_owned();
    for _ in 0..60 {
        text.push_str("A=$A$A$A$A\n");
    }
    text.push_str("K=end\n");
    assert_eq!(seen(Ok(text.as_bytes()), &[]).0.as_deref(), Some("end"));
}
