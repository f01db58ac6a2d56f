//! Project layers: which `.codex` folders count in a directory, and whether they are trusted.
use crate::Surroundings;
use crate::document::{Item, Node, Table};
use crate::layers::{self, LayerRead};
use crate::merge::Merged;
use crate::version::{Rule, Rules};
use envsplit_model::paths::PathStyle;
use envsplit_model::{Code, FileKind, Files, LayerSource, Problem};

/// The project layers, the nearest to the working directory first, with what is wrong with them.
#[derive(Default)]
pub(crate) struct Project {
    pub(crate) layers: Vec<LayerRead>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) unknown: Vec<String>,
}

/// Keys that a project's file may not set, trusted or not (Codex 0.169).
const DENIED: &[&[&str]] = &[
    &["openai_base_url"],
    &["chatgpt_base_url"],
    &["apps_mcp_product_sku"],
    &["responses_api_metadata"],
    &["model_provider"],
    &["model_providers"],
    &["notify"],
    &["profile"],
    &["profiles"],
    &["experimental_realtime_webrtc_call_base_url"],
    &["experimental_realtime_ws_base_url"],
    &["otel"],
    &["features", "respect_system_proxy"],
    &["features", "system_proxy_fallback"],
    &["features", "credential_masking"],
];

/// Directories that are looked at on the way up: more than any path has.
const MAX_DEPTH: usize = 256;

/// Reads the project layers of a directory; `below` is what all other layers say, those above
/// them included (Codex 0.169, managed ones too).
pub(crate) fn read(
    s: &Surroundings<'_>,
    cwd: &str,
    home: Option<&str>,
    below: &Merged<'_>,
    rules: &mut Rules,
) -> Project {
    let mut project = Project::default();
    if rules.has(Rule::ProjectLayers) == Some(false) {
        return project;
    }
    let cwd = workspace(s, cwd);
    let dirs = ancestors(s.style, &cwd);
    let root_at = root(s, &dirs, below);
    let trust = Trust::new(s, &cwd, &dirs[root_at], below);
    let home_real = home.and_then(|h| s.files.canonical(h).ok());
    for dir in &dirs[..=root_at] {
        let folder = s.style.join(dir, ".codex");
        if !matches!(s.files.kind(&folder), Ok(FileKind::Directory)) {
            continue;
        }
        let is_home = home == Some(folder.as_str())
            || home_real.as_deref().is_some_and(|real| s.files.canonical(&folder).is_ok_and(|f| f == real));
        if !is_home {
            let needs_trust = rules.hold(Rule::ProjectTrust, true);
            let disabled_reason = trust.decide(s, dir, home).filter(|_| needs_trust);
            let hooks = trust.hooks_folder(s.style, dir).map(|folder| {
                project.hooks(s, &s.style.join(&folder, "config.toml"), disabled_reason.is_none())
            });
            project.add(s, &folder, disabled_reason, hooks, rules);
        }
    }
    let counts = project.layers.iter().any(|l| l.enabled() && !l.table.is_empty());
    rules.hold(Rule::ProjectLayers, counts);
    project
}

/// A workspace as Codex names it: absolute, `.` and `..` resolved in the text.
pub(crate) fn workspace(s: &Surroundings<'_>, cwd: &str) -> String {
    let whole = match &s.process_cwd {
        Some(base) => s.style.join(base, cwd),
        None => cwd.to_owned(),
    };
    crate::paths::lexical(s.style, &whole)
}

impl Project {
    /// The hooks of the main repository's own folder, which stand in for those of a linked worktree (Codex 0.169).
    fn hooks(&mut self, s: &Surroundings<'_>, path: &str, trusted: bool) -> Option<Item> {
        let mut read = layers::read(s.files, path);
        if let Some(mut problem) = read.problem.take() {
            let unread = problem.message.strip_prefix("Failed to read config file ");
            if unread.is_some() || trusted {
                problem.message = match unread {
                    Some(why) => format!("Failed to read project hooks config file {why}"),
                    None => problem.message,
                };
                self.problems.push(problem);
            }
            return None;
        }
        read.table.remove("hooks")
    }

    #[allow(clippy::option_option)] // none: the file's own count; some: these count instead, if any
    fn add(
        &mut self,
        s: &Surroundings<'_>,
        folder: &str,
        disabled_reason: Option<String>,
        hooks: Option<Option<Item>>,
        rules: &mut Rules,
    ) {
        let path = s.style.join(folder, "config.toml");
        let mut read = layers::read(s.files, &path);
        if let Some(problem) = &mut read.problem
            && let Some(why) = problem.message.strip_prefix("Failed to read config file ")
        {
            problem.message = format!("Failed to read project config file {why}");
            // Codex 0.169 does not get past it, trusted or not.
            if disabled_reason.is_some() {
                self.problems.push(problem.clone());
            }
        }
        let mut table = read.table;
        if let Some(hooks) = hooks {
            table.remove("hooks");
            table.extend(hooks.map(|hooks| ("hooks".to_owned(), hooks)));
        }
        if let Some(reason) = disabled_reason {
            if read.exists && (!table.is_empty() || read.problem.is_some()) {
                let message = reason.clone();
                self.problems.push(layers::problem(
                    Code::ConfigProjectUntrusted,
                    &path,
                    None,
                    message,
                    false,
                ));
            }
            // Codex says nothing of a file that does not parse, and takes it for empty.
            if read.problem.is_some() {
                table = Table::new();
            }
            if rules.has(Rule::ProjectDenied) != Some(false) {
                sanitize(&mut table);
            }
            let mut layer =
                LayerRead::new(s, LayerSource::Project, (Some(path), Some(folder)), table, read.exists);
            layer.disabled_reason = Some(reason);
            self.layers.push(layer);
            return;
        }
        self.problems.extend(read.problem);
        self.unknown.extend(read.unknown);
        let mut denied = sanitize(&mut table.clone());
        if rules.hold(Rule::ProjectDenied, !denied.is_empty()) {
            sanitize(&mut table);
        } else {
            denied.clear();
        }
        let names: Vec<&str> = denied.iter().map(|(key, _)| key.as_str()).collect();
        let names = names.join(", ");
        for (key, place) in &denied {
            let message = format!(
                "Ignored unsupported project-local config keys in {path}: {names}. If you want these settings to \
                 apply, manually set them in your user-level config.toml."
            );
            let mut problem = layers::problem(Code::ConfigProjectKeyDenied, &path, *place, message, false);
            problem.key = Some(key.clone());
            self.problems.push(problem);
        }
        let at = (Some(path), Some(folder));
        self.layers.push(LayerRead::new(s, LayerSource::Project, at, table, read.exists));
    }
}

/// Takes the denied keys out of a project's table.
fn sanitize(table: &mut Table) -> Vec<(String, Option<crate::position::Pos>)> {
    let mut removed = Vec::new();
    for path in DENIED {
        let item = match path {
            [key] => table.remove(*key),
            [outer, key] => match table.get_mut(*outer).map(|i| &mut i.node) {
                Some(Node::Table(inner)) => inner.remove(*key),
                _ => None,
            },
            _ => None,
        };
        removed.extend(item.map(|item| (path.join("."), item.key_at)));
    }
    removed
}

fn ancestors(style: PathStyle, cwd: &str) -> Vec<String> {
    let mut dirs = vec![cwd.to_owned()];
    while dirs.len() < MAX_DEPTH {
        match style.parent(&dirs[dirs.len() - 1]) {
            Some(parent) => dirs.push(parent.to_owned()),
            None => break,
        }
    }
    dirs
}

/// The first directory upwards that holds a marker; the working directory itself where none does, or where
/// `project_root_markers` is empty (Codex 0.169; `.git` by default).
fn root(s: &Surroundings<'_>, dirs: &[String], below: &Merged<'_>) -> usize {
    let configured = below.get(&["project_root_markers"]).and_then(Merged::leaf).and_then(Node::as_array);
    let markers: Vec<&str> = configured
        .map_or_else(|| vec![".git"], |items| items.iter().filter_map(|i| i.node.as_str()).collect());
    let holds = |dir: &String| markers.iter().any(|m| is_marked(s.files, s.style, dir, m));
    dirs.iter().position(holds).unwrap_or(0)
}

/// Whether a marker stands in a directory. A directory `.git` counts with a `HEAD` in it alone (Codex 0.169).
fn is_marked(files: &dyn Files, style: PathStyle, dir: &str, marker: &str) -> bool {
    let path = style.join(dir, marker);
    match files.kind(&path) {
        Ok(FileKind::Directory) if marker == ".git" => files.kind(&style.join(&path, "HEAD")).is_ok(),
        kind => kind.is_ok(),
    }
}

/// What the user decided about directories.
struct Trust<'a> {
    /// `projects."PATH".trust_level`.
    levels: Vec<(String, &'a str)>,
    /// The project's root and the main repository of a linked worktree, real path first.
    shared: Vec<String>,
    /// The key under which Codex would save a decision.
    key: String,
    /// The linked worktree and its main repository.
    linked: Option<(String, String)>,
}

impl<'a> Trust<'a> {
    fn new(s: &Surroundings<'_>, cwd: &str, root: &str, below: &Merged<'a>) -> Self {
        let mut levels = Vec::new();
        for (path, entry) in below.get(&["projects"]).and_then(Merged::table).into_iter().flatten() {
            if let Some(level) = entry.text(&["trust_level"]) {
                levels.push((fold(s.style, path), level));
            }
        }
        let mut shared = keys_of(s, root);
        let checkout = ancestors(s.style, cwd).into_iter().find(|d| is_marked(s.files, s.style, d, ".git"));
        let found = checkout.as_deref().and_then(|dir| repository_root(s.files, s.style, dir));
        let linked = checkout
            .zip(found.clone())
            .filter(|(tree, main)| tree != main && s.files.canonical(tree).ok().as_ref() != Some(main));
        let repository = found.map(|r| keys_of(s, &r));
        let key = repository.as_ref().map_or(&shared[0], |r| &r[0]).clone();
        shared.extend(repository.into_iter().flatten());
        Self { levels, shared, key, linked }
    }

    /// For a directory of a linked worktree, the folder of the same name in the main repository.
    fn hooks_folder(&self, style: PathStyle, dir: &str) -> Option<String> {
        let (tree, main) = self.linked.as_ref()?;
        let inner = dir.strip_prefix(tree.as_str())?;
        let inner = inner.trim_start_matches(style.separator());
        let same = if inner.is_empty() { main.clone() } else { style.join(main, inner) };
        Some(style.join(&same, ".codex"))
    }

    /// Codex's reason why a directory's layer does not count; `None` where it does.
    fn decide(&self, s: &Surroundings<'_>, dir: &str, home: Option<&str>) -> Option<String> {
        let own = keys_of(s, dir);
        let found = own.iter().chain(&self.shared).find_map(|key| {
            let level = self.levels.iter().find(|(path, _)| path == key)?;
            Some((key, level.1))
        });
        match found {
            Some((_, "trusted")) => None,
            Some((key, "untrusted")) => Some(format!(
                "{key} is marked as untrusted in the effective configuration. To load project-local config, hooks, \
                 and exec policies, update its trust setting. If that setting is managed by your organization, \
                 contact your administrator."
            )),
            _ => {
                let key = &self.key;
                let file = home.map_or_else(|| "config.toml".to_owned(), |h| s.style.join(h, "config.toml"));
                Some(format!(
                    "To load project-local config, hooks, and exec policies, add {key} as a trusted project in {file}."
                ))
            }
        }
    }
}

/// The keys of a directory: the real path, then the path as given.
fn keys_of(s: &Surroundings<'_>, dir: &str) -> Vec<String> {
    let real = s.files.canonical(dir).unwrap_or_else(|_| dir.to_owned());
    let (real, given) = (fold(s.style, &real), fold(s.style, dir));
    if real == given { vec![real] } else { vec![real, given] }
}

/// Windows compares them in lower case, without the prefix of a verbatim path.
fn fold(style: PathStyle, path: &str) -> String {
    match style {
        PathStyle::Posix => path.to_owned(),
        PathStyle::Windows => {
            // Of a share the prefix stays: without it `\\?\UNC\server\share` names something else.
            let plain = path.strip_prefix(r"\\?\").filter(|p| style.is_absolute(p));
            plain.unwrap_or(path).to_ascii_lowercase()
        }
    }
}

/// The repository whose `.git` a directory has; for a linked worktree the main one, whose trust it inherits.
fn repository_root(files: &dyn Files, style: PathStyle, dir: &str) -> Option<String> {
    let dot_git = style.join(dir, ".git");
    let real = |path: String| files.canonical(&path).unwrap_or(path);
    if files.kind(&dot_git) == Ok(FileKind::Directory) {
        return Some(real(dir.to_owned()));
    }
    let content = files.read(&dot_git).ok()?;
    let target = std::str::from_utf8(&content).ok()?.trim().strip_prefix("gitdir:")?.trim();
    if target.is_empty() {
        return None;
    }
    let git_dir = real(crate::paths::lexical(style, &style.join(dir, target)));
    let worktrees = style.parent(&git_dir).filter(|w| style.file_name(w) == "worktrees")?;
    let common = style.parent(worktrees).filter(|c| style.file_name(c) == ".git")?;
    // Codex 0.169 believes a `.git` file only when the repository names the worktree in turn.
    let names = |file: &str, expected: &str| {
        let content = files.read(&style.join(&git_dir, file)).ok()?;
        let target = std::str::from_utf8(&content).ok()?.trim();
        let path = crate::paths::lexical(style, &style.join(&git_dir, target));
        (files.canonical(&path).ok()? == expected).then_some(())
    };
    names("commondir", common)?;
    names("gitdir", &real(dot_git))?;
    style.parent(common).map(str::to_owned)
}
