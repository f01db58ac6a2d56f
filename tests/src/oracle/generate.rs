//! Generated worlds, and ways to start a Codex in them.
mod flags;

use super::text::{self, Setting, Writing};
use super::world::{Node, Start, World};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// Directories that may have a project layer.
const PROJECTS: &[&str] = &[
    "repo",
    "repo/a",
    "repo/a",
    "repo/a/b",
    "tree",
    "repo",
    "repo/a",
    "repo/a/b",
    "plain",
    "plain/sub",
    "tree",
    "tree/x",
    "home/proj",
    ".",
];

/// Workspaces, as an editor or a terminal names them.
const WORKSPACES: &[&str] = &[
    "@ROOT@/repo",
    "@ROOT@/repo/a",
    "@ROOT@/repo/a/b",
    "@ROOT@/repo/a/b",
    "@ROOT@/repo/a/b",
    "@ROOT@/repo/a",
    "@ROOT@/link/a",
    "@ROOT@/plain",
    "@ROOT@/plain/sub",
    "@ROOT@/tree",
    "@ROOT@/tree",
    "@ROOT@/tree",
    "@ROOT@/tree",
    "@ROOT@/tree/x",
    "@ROOT@/home",
    "@ROOT@/home/proj",
    "@ROOT@/home/.codex",
    "@ROOT@/link",
    "@ROOT@/link/a",
    "@ROOT@/linka",
    "@ROOT@/linka/b",
    "@ROOT@/repo/a/",
    "@ROOT@/repo//a",
    "@ROOT@/repo/./a",
    "@ROOT@/repo/a/../a/b",
    "@ROOT@/linka/..",
    "@ROOT@/nowhere",
    "@ROOT@/repo/nowhere/x",
    "@ROOT@/repo/file",
    "a/b",
    "..",
    ".",
    "./a",
    "",
    "/",
];

/// Keys under which trust may be written.
const TRUST_KEYS: &[&str] = &[
    "@ROOT@/repo",
    "@ROOT@/repo",
    "@ROOT@/repo",
    "@ROOT@/repo",
    "@ROOT@/repo/a",
    "@ROOT@/repo/a",
    "@ROOT@/repo/a",
    "@ROOT@/repo/a/b",
    "@ROOT@/repo/a/b",
    "@ROOT@/plain",
    "@ROOT@/plain/sub",
    "@ROOT@/tree",
    "@ROOT@/tree/x",
    "@ROOT@/home",
    "@ROOT@/home/proj",
    "@ROOT@/link",
    "@ROOT@/linka",
    "@ROOT@/link/a",
    "@ROOT@/repo/",
    "@ROOT@/Repo",
    "@ROOT@/repo/a/../a",
    "@ROOT@",
    "/",
    "repo",
    "~/proj",
];

/// One trust entry.
fn trust() -> impl Strategy<Value = Setting> {
    let level = prop_oneof![
        200 => Just("\"trusted\""),
        100 => Just("\"untrusted\""),
        1 => select(&["\"maybe\"", "3", "\"Trusted\"", "\"\"", "{}", "[]"][..]),
    ];
    (select(TRUST_KEYS), level).prop_map(|(key, level)| {
        (vec!["projects".to_owned(), key.to_owned(), "trust_level".to_owned()], level.to_owned())
    })
}

/// The text of a file with trust entries.
fn document(most_trust: usize, wild: u32, errors: u32, project: bool) -> impl Strategy<Value = Node> {
    let parts = (
        text::settings(wild, project),
        prop::collection::vec(trust(), most_trust / 3..=most_trust),
        text::writing(errors),
    );
    parts.prop_map(|(mut settings, trust, how): (Vec<Setting>, Vec<Setting>, Writing)| {
        for (path, value) in trust {
            if !settings.iter().any(|(other, _)| *other == path) {
                settings.push((path, value));
            }
        }
        match String::from_utf8(text::write(&settings, &how)) {
            Ok(text) => Node::Text(text),
            Err(error) => Node::Bytes(error.into_bytes()),
        }
    })
}

/// A project's folder: without a file, with one, or with something odd.
fn project() -> impl Strategy<Value = Vec<(&'static str, Node)>> {
    let file = document(1, 2, 50, true).prop_map(|node| vec![(".codex/config.toml", node)]);
    let link = document(0, 1, 60, true).prop_map(|node| {
        vec![("other.toml", node), (".codex/config.toml", Node::Link("../other.toml".to_owned()))]
    });
    let moved = document(0, 1, 60, true).prop_map(|node| {
        vec![("elsewhere/config.toml", node), (".codex", Node::Link("elsewhere".to_owned()))]
    });
    prop_oneof![
        8 => file,
        1 => link,
        1 => moved,
        2 => Just(vec![(".codex", Node::Directory)]),
        1 => select(vec![
            vec![(".codex/config.toml", Node::Directory)],
            vec![(".codex/config.toml", Node::Link("nowhere".to_owned()))],
            vec![(".codex/config.toml", Node::Link("config.toml".to_owned()))],
            vec![(".codex", Node::Text("a file".to_owned()))],
            vec![(".codex", Node::Link("nowhere".to_owned()))],
            vec![(".codex", Node::Link("@ROOT@/home/.codex".to_owned()))],
            vec![(".codex/config.override.toml", Node::Text("model = \"override\"".to_owned()))],
            vec![(".codex/config.toml", Node::Bytes(vec![0xff, 0xfe, b'a', 0]))],
            vec![(".codex/config.toml", Node::Text(String::new()))],
        ]),
    ]
}

/// Git repositories, linked worktrees and what only looks like one, other markers.
fn repositories() -> impl Strategy<Value = Vec<(&'static str, Node)>> {
    let text = |t: &str| Node::Text(t.to_owned());
    let link = |t: &str| Node::Link(t.to_owned());
    let main = select(vec![
        vec![("repo/.git/HEAD", text("ref: refs/heads/main\n"))],
        vec![("repo/.git/HEAD", text("ref: refs/heads/main\n"))],
        vec![("repo/.git", Node::Directory)],
        vec![("repo/.git/HEAD", Node::Directory)],
        vec![],
        vec![("repo/.git", text("gitdir: nowhere\n"))],
        vec![("repo/.git", text("nonsense"))],
        vec![("gitdir/HEAD", text("")), ("repo/.git", link("../gitdir"))],
        vec![("repo/.git", link("nowhere"))],
    ]);
    let inner = select(vec![
        vec![],
        vec![],
        vec![],
        vec![("repo/a/.git", Node::Directory)],
        vec![("repo/a/.hg", Node::Directory)],
        vec![("repo/.hg", text("")), ("repo/a/.git/HEAD", text("ref: refs/heads/main\n"))],
        vec![("repo/.hg", text(""))],
        vec![("plain/.hg", text("")), ("plain/sub/a", text(""))],
        vec![(".git", Node::Directory)],
        vec![("home/.git", Node::Directory)],
        vec![("repo/a/.git", text("gitdir: ../.git/modules/a\n")), ("repo/.git/modules/a/HEAD", text(""))],
    ]);
    let git_file = select(vec![
        "gitdir: @ROOT@/repo/.git/worktrees/t\n",
        "gitdir: ../repo/.git/worktrees/t\n",
        "gitdir: @ROOT@/repo/.git/worktrees/t",
        "gitdir:@ROOT@/repo/.git/worktrees/t\r\n",
        "  gitdir: @ROOT@/repo/.git/worktrees/t  \n\n",
        "gitdir: @ROOT@/link/.git/worktrees/t\n",
        "gitdir: @ROOT@/repo/.git/worktrees/../worktrees/t\n",
        "gitdir: @ROOT@/repo/.git/worktrees/t/\n",
        "gitdir: @ROOT@/repo/.git/trees/t\n",
        "gitdir: @ROOT@/repo/.git/worktrees/gone\n",
        "gitdir: \n",
        "gitdir: @ROOT@/repo/.git/worktrees/t\nmore\n",
        "GITDIR: @ROOT@/repo/.git/worktrees/t\n",
    ]);
    let weighted = (0..3u8, git_file).prop_map(|(pick, odd)| match pick {
        0 => odd,
        _ => "gitdir: @ROOT@/repo/.git/worktrees/t\n",
    });
    let commondir = prop_oneof![
        3 => Just(Some("../..\n")),
        1 => select(vec![None, Some("../.."), Some("@ROOT@/repo/.git\n"), Some(".."), Some(""), Some("  ../..  ")]),
    ];
    let gitdir = prop_oneof![
        2 => Just(Some("@ROOT@/tree/.git\n")),
        1 => select(vec![
            None,
            Some("@ROOT@/tree/.git"),
            Some("@ROOT@/tree\n"),
            Some("@ROOT@/elsewhere/.git\n"),
            Some("../../../../tree/.git\n"),
            Some(""),
        ]),
    ];
    let tree = (weighted, commondir, gitdir, any::<bool>()).prop_map(move |(file, common, back, hooks)| {
        let mut nodes = vec![("tree/.git", text(file)), ("repo/.git/worktrees/t/HEAD", text("ref: x\n"))];
        nodes.extend(common.map(|t| ("repo/.git/worktrees/t/commondir", text(t))));
        nodes.extend(back.map(|t| ("repo/.git/worktrees/t/gitdir", text(t))));
        if hooks {
            nodes.push(("repo/.codex/config.toml", text("hooks = {}\nmodel = \"main\"\n")));
            nodes.push(("tree/.codex/config.toml", text("model = \"tree\"\n")));
        }
        nodes
    });
    (main, inner, prop_oneof![1 => Just(vec![]), 1 => tree]).prop_map(|(main, inner, tree)| {
        let mut all: Vec<(&'static str, Node)> = Vec::new();
        for (path, node) in tree.into_iter().chain(main).chain(inner) {
            // A file cannot stand where another needs a directory.
            let clash = |other: &&'static str| {
                *other == path
                    || other.strip_prefix(path).is_some_and(|r| r.starts_with('/') && node != Node::Directory)
                    || path.strip_prefix(*other).is_some_and(|r| r.starts_with('/'))
            };
            if !all.iter().any(|(other, _)| clash(other)) {
                all.push((path, node));
            }
        }
        all
    })
}

/// The user's file, or something odd in its place.
fn user() -> impl Strategy<Value = Vec<(&'static str, Node)>> {
    let file = document(4, 2, 40, false);
    prop_oneof![
        16 => file.prop_map(|node| vec![("home/.codex/config.toml", node)]),
        1 => select(vec![
            vec![],
            vec![("home/.codex/config.toml", Node::Directory)],
            vec![("home/.codex/config.toml", Node::Link("gone.toml".to_owned()))],
            vec![
                ("dotfiles/codex.toml", Node::Text("model = \"dotfiles\"\nlog_dir = \"l\"\n".to_owned())),
                ("home/.codex/config.toml", Node::Link("@ROOT@/dotfiles/codex.toml".to_owned())),
            ],
        ]),
    ]
}

/// What an organisation demands, one in thirty broken.
fn requirements() -> impl Strategy<Value = Node> {
    (text::required(), text::writing(30)).prop_map(|(settings, how)| {
        match String::from_utf8(text::write(&settings, &how)) {
            Ok(text) => Node::Text(text),
            Err(error) => Node::Bytes(error.into_bytes()),
        }
    })
}

/// Three files, the lowest first: a value between two tables, an empty list over a full one, filters and hosts in
/// several ways of writing, a wrong type below what is required, and a requirement
/// that needs another one. It seldom comes by itself.
const BETWEEN: &[[(&str, &str); 3]] = &[
    [
        ("/etc/codex/config.toml", "desktop.z.b = 1\n"),
        ("home/.codex/config.toml", "desktop.z = \"s\"\n"),
        ("/etc/codex/managed_config.toml", "desktop.z.a = 1\n"),
    ],
    [
        ("/etc/codex/config.toml", "desktop.list = [1, 2, 3]\n"),
        ("home/.codex/config.toml", "desktop.list = [1, 2]\ndesktop.other = [1]\n"),
        ("/etc/codex/managed_config.toml", "desktop.list = []\ndesktop.other = [3]\n"),
    ],
    [
        (
            "/etc/codex/config.toml",
            "shell_environment_policy.filters = { Ab = \"exclude\", X = \"include\" }\n",
        ),
        ("home/.codex/config.toml", "shell_environment_policy.filters = { aB = \"include\" }\n"),
        ("/etc/codex/managed_config.toml", "shell_environment_policy.inherit = \"core\"\n"),
    ],
    [
        ("/etc/codex/config.toml", "shell_environment_policy.filters = { Ab = \"exclude\" }\n"),
        ("home/.codex/config.toml", "shell_environment_policy.exclude = [\"A\", \"B\"]\n"),
        ("/etc/codex/managed_config.toml", "shell_environment_policy.filters = { C = \"include\" }\n"),
    ],
    [
        (
            "/etc/codex/config.toml",
            "permissions.w.network.domains = { \"Ex.com.\" = \"deny\", \" B.com\" = \"deny\" }\n",
        ),
        (
            "home/.codex/config.toml",
            "default_permissions = \"w\"\npermissions.w.network.domains = { \"eX.com\" = \"allow\" }\n",
        ),
        ("/etc/codex/managed_config.toml", "model = \"m\"\n"),
    ],
    [
        ("/etc/codex/config.toml", "allow_login_shell = 3\n"),
        ("home/.codex/config.toml", "model = \"m\"\n"),
        ("/etc/codex/requirements.toml", "allow_login_shell = true\n"),
    ],
    [
        ("/etc/codex/config.toml", "model = \"s\"\n"),
        ("home/.codex/config.toml", "model = \"m\"\n"),
        ("/etc/codex/requirements.toml", "default_permissions = \"x\"\n"),
    ],
];

/// A world. `etc` where `/etc/codex` can be private.
pub fn world(etc: bool) -> impl Strategy<Value = World> {
    let project = (select(PROJECTS), project());
    let projects = prop::collection::vec(project, 0..4);
    let system = prop_oneof![
        5 => Just(vec![]),
        2 => document(2, 2, 60, false).prop_map(|n| vec![("/etc/codex/config.toml", n)]),
        1 => document(0, 2, 60, false).prop_map(|n| vec![("/etc/codex/managed_config.toml", n)]),
        1 => (document(2, 1, 60, false), document(1, 1, 60, false)).prop_map(|(a, b)| {
            vec![("/etc/codex/config.toml", a), ("/etc/codex/managed_config.toml", b)]
        }),
    ];
    let required = prop::option::weighted(0.2, requirements());
    let workspace = prop_oneof![20 => select(WORKSPACES).prop_map(Some), 1 => Just(None)];
    let between = prop_oneof![19 => Just(None), 1 => select(BETWEEN).prop_map(Some)];
    (user(), (system, required), projects, repositories(), workspace, between).prop_map(
        move |(user, (system, required), projects, repositories, cwd, between)| {
            let mut files: BTreeMap<String, Node> = BTreeMap::new();
            files.insert("link".to_owned(), Node::Link("repo".to_owned()));
            files.insert("linka".to_owned(), Node::Link("repo/a".to_owned()));
            files.insert("repo/file".to_owned(), Node::Text(String::new()));
            files.extend(repositories.into_iter().map(|(path, node)| (path.to_owned(), node)));
            for (dir, nodes) in projects {
                let taken = files.keys().any(|f| {
                    nodes.iter().any(|(path, _)| {
                        let new = join(dir, path);
                        f.starts_with(&new) || new.starts_with(&format!("{f}/"))
                    })
                });
                if !taken {
                    files.extend(nodes.into_iter().map(|(path, node)| (join(dir, path), node)));
                }
            }
            files.extend(user.into_iter().map(|(path, node)| (path.to_owned(), node)));
            match between {
                Some(between) if etc => {
                    for (path, text) in between {
                        files.insert(path.to_owned(), Node::Text(text.to_owned()));
                    }
                }
                _ if etc => {
                    files.extend(system.into_iter().map(|(path, node)| (path.to_owned(), node)));
                    files.extend(required.map(|node| ("/etc/codex/requirements.toml".to_owned(), node)));
                }
                _ => {}
            }
            if cwd.is_none() {
                // Asked about no workspace, an app-server does not read the requirements again.
                files.remove("/etc/codex/requirements.toml");
            }
            World { files, cwd: cwd.map(str::to_owned) }
        },
    )
}

fn join(dir: &str, path: &str) -> String {
    if dir == "." { path.to_owned() } else { format!("{dir}/{path}") }
}

/// A way to start an app-server.
pub fn start() -> impl Strategy<Value = Start> {
    let overrides = prop_oneof![2 => Just(vec![]), 3 => prop::collection::vec(flags::flag(), 1..6)];
    let home = prop_oneof![
        6 => Just(None),
        4 => select(vec!["@ROOT@/home/.codex", "@ROOT@/codexlink", "../home/.codex", "", "@ROOT@/home/.codex/"])
            .prop_map(|h| Some(h.to_owned())),
    ];
    let cwd = select(vec!["@ROOT@/repo", "@ROOT@/plain", "@ROOT@/link", "@ROOT@/home"]);
    (overrides, home, cwd).prop_map(|(overrides, home, cwd)| Start {
        overrides,
        home,
        process_cwd: cwd.to_owned(),
        ..Start::default()
    })
}
