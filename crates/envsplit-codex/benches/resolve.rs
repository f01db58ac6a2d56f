//! How long it takes to resolve a config of fifty layers.
use criterion::{Criterion, criterion_group, criterion_main};
use envsplit_codex::{Flags, Surroundings, resolve};
use envsplit_model::paths::PathStyle;
use envsplit_model::{CodexCaller, EnvBlock, FileError, FileKind, FileTimes, Files, HostId};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::hint::black_box;

/// A disk that finds a path at once, as a real one does.
#[derive(Default)]
struct Disk {
    files: HashMap<String, String>,
    directories: HashSet<String>,
}

impl Disk {
    fn add(&mut self, path: &str, text: String) {
        let mut above = path;
        while let Some(parent) = PathStyle::Posix.parent(above) {
            self.directories.insert(parent.to_owned());
            above = parent;
        }
        self.files.insert(path.to_owned(), text);
    }
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.files.get(path).map(|text| text.clone().into_bytes()).ok_or(FileError::NotFound)
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        match () {
            () if self.files.contains_key(path) => Ok(FileKind::File),
            () if self.directories.contains(path) => Ok(FileKind::Directory),
            () => Err(FileError::NotFound),
        }
    }

    fn canonical(&self, path: &str) -> Result<String, FileError> {
        self.kind(path).map(|_| path.to_owned())
    }

    fn list(&self, _path: &str) -> Result<Vec<String>, FileError> {
        Ok(vec![])
    }

    fn times(&self, _path: &str) -> Result<FileTimes, FileError> {
        Err(FileError::NotFound)
    }
}

/// Directories from the project's root to the workspace, each with a layer; user, system and managed files make fifty.
const PROJECTS: usize = 47;

/// A file as people have it: a model, a feature, a server.
fn text(number: usize) -> String {
    format!(
        "model = \"m{number}\"\nlog_dir = \"log\"\nreview_model = \"r\"\n[features]\nunified_exec = true\n\
         [mcp_servers.s{number}]\ncommand = \"c\"\nargs = [\"a\", \"b\"]\n"
    )
}

fn fifty_layers(c: &mut Criterion) {
    let user = "model_provider = 'azure'\n[model_providers.azure]\nname = 'A'\nbase_url = 'https://h/openai/v1'\n\
                env_key = 'K'\n[projects.'/r']\ntrust_level = 'trusted'\n";
    let mut files = Disk::default();
    files.add("/h/.codex/config.toml", user.to_owned());
    files.add("/h/.codex/.env", "K=value\n".to_owned());
    files.add("/r/.git/HEAD", String::new());
    files.add("/etc/codex/config.toml", text(100));
    files.add("/etc/codex/managed_config.toml", text(101));
    let mut cwd = "/r".to_owned();
    for number in 0..PROJECTS {
        files.add(&format!("{cwd}/.codex/config.toml"), text(number));
        if number + 1 < PROJECTS {
            let _ = write!(cwd, "/d{number}");
        }
    }
    let env = EnvBlock::of([("HOME", "/h")]);
    let surroundings = Surroundings {
        files: &files,
        env: &env,
        style: PathStyle::Posix,
        home_dir: Some("/h".to_owned()),
        process_cwd: Some(cwd.clone()),
        system_dir: "/etc/codex".to_owned(),
        keep_names: vec![],
        host: HostId("linux".to_owned()),
    };
    let flags =
        Flags { caller: CodexCaller::Exec, cwd: Some(cwd), profile: None, overrides: vec![], version: None };
    let view = resolve(&surroundings, &flags).view();
    assert_eq!((view.layers.len(), view.problems.len()), (PROJECTS + 3, 0), "{:?}", view.problems);
    c.bench_function("fifty layers", |b| b.iter(|| black_box(resolve(&surroundings, black_box(&flags)))));
}

criterion_group!(benches, fifty_layers);
criterion_main!(benches);
