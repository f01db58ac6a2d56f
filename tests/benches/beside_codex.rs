//! The same fifty layers on disk, resolved by the rules and by the real Codex: its start, and one `config/read` of a
//! server that runs.
#![allow(clippy::disallowed_methods, reason = "the benchmark starts the real Codex itself")]
use criterion::{Criterion, criterion_group, criterion_main};
use envsplit_tests::oracle::server::Server;
use envsplit_tests::oracle::world::{Machine, Node, Start, World, fill};
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

/// Project layers; with those of user and system they make fifty.
const PROJECTS: usize = 48;

fn world() -> World {
    let user = "model_provider = 'azure'\n[model_providers.azure]\nname = 'A'\nbase_url = 'https://h/openai/v1'\n\
                env_key = 'K'\n[projects.'@ROOT@/repo']\ntrust_level = 'trusted'\n";
    let mut world = World::default();
    let mut file = |path: &str, text: String| world.files.insert(path.to_owned(), Node::Text(text));
    file("home/.codex/config.toml", user.to_owned());
    file("home/.codex/.env", "K=value\n".to_owned());
    file("repo/.git/HEAD", "ref: refs/heads/main\n".to_owned());
    let mut dir = "repo".to_owned();
    for number in 0..PROJECTS {
        let text = format!(
            "model = \"m{number}\"\nlog_dir = \"log\"\nreview_model = \"r\"\n[features]\nunified_exec = true\n\
             [mcp_servers.s{number}]\ncommand = \"c\"\nargs = [\"a\", \"b\"]\n"
        );
        file(&format!("{dir}/.codex/config.toml"), text);
        if number + 1 < PROJECTS {
            let _ = write!(dir, "/d{number}");
        }
    }
    world.cwd = Some(format!("@ROOT@/{dir}"));
    world
}

fn beside_codex(c: &mut Criterion) {
    let scratch =
        tempfile::Builder::new().prefix("envsplit-bench-").tempdir_in("/var/tmp").expect("a directory");
    let machine = Machine { root: scratch.path().to_owned(), private_etc: false };
    let world = world();
    machine.lay_out(&world).expect("the files");
    let start = Start { process_cwd: "@ROOT@/home".to_owned(), ..Start::default() };
    let cwd = world.cwd.as_deref();
    let layers = machine.resolved(cwd, &start, |r| r.view().layers.len());
    assert_eq!(layers, PROJECTS + 2);
    c.bench_function("envsplit: fifty layers on disk", |b| {
        b.iter(|| machine.resolved(black_box(cwd), &start, |r| r.view().values.len()));
    });
    let Some(codex) = std::env::var_os("ENVSPLIT_CODEX").map(PathBuf::from) else {
        eprintln!("ENVSPLIT_CODEX names no Codex: it is not measured");
        return;
    };
    let Ok(mut server) = Server::start(&codex, &machine, &start) else { panic!("Codex does not start") };
    let asked = cwd.map(|c| fill(c, &machine.root));
    let answer = server.config(asked.as_deref()).expect("an answer").expect("a config");
    assert_eq!(answer["layers"].as_array().map(Vec::len), Some(layers));
    c.bench_function("Codex: config/read of a running server", |b| {
        b.iter(|| server.config(asked.as_deref()).is_ok());
    });
    let mut slow = c.benchmark_group("Codex");
    slow.sample_size(10).measurement_time(Duration::from_secs(8));
    slow.bench_function("start of an app-server", |b| {
        b.iter(|| Server::start(&codex, &machine, &start).is_ok());
    });
}

criterion_group!(benches, beside_codex);
criterion_main!(benches);
