//! From files, environment and flags to what a Codex would use.
use crate::dotenv::Dotenv;
use crate::layers::{self, LayerRead};
use crate::merge;
use crate::older::Dotenvs;
use crate::version::{Rule, Rules};
use crate::{check, home, key, older, overrides, project, provider, requirements, secret, wrong_file};
use envsplit_model::paths::PathStyle;
use envsplit_model::{
    Code, CodexCaller, CodexView, EnvLookup, Files, HostId, KeyVerdict, LayerSource, Problem, structural,
};
use std::collections::BTreeSet;
use std::fmt;

/// The world around a Codex, as far as its config depends on it.
pub struct Surroundings<'a> {
    /// The files of the host.
    pub files: &'a dyn Files,
    /// The environment with which the Codex starts, before `.env`.
    pub env: &'a dyn EnvLookup,
    /// How the host writes paths.
    pub style: PathStyle,
    /// The user's home: `HOME`, else the user database (on Windows the profile folder); `None` when unknown.
    pub home_dir: Option<String>,
    /// The directory in which the Codex starts, against which a relative `CODEX_HOME` resolves; `None` when unknown.
    pub process_cwd: Option<String>,
    /// `/etc/codex`, on Windows `%ProgramData%\OpenAI\Codex`.
    pub system_dir: String,
    /// Further variables whose lines in `.env` matter to the caller.
    pub keep_names: Vec<String>,
    /// The host.
    pub host: HostId,
}

/// What shapes the config beside files and environment.
#[derive(Clone)]
pub struct Flags {
    /// On whose behalf: an app-server takes no profile.
    pub caller: CodexCaller,
    /// The workspace, for project layers; `None` where it is not known.
    pub cwd: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `-c key=value`, as given; values can be secrets.
    pub overrides: Vec<String>,
    /// The version of the program, from package metadata, by whose rules is resolved; without one by those of 0.169.
    pub version: Option<String>,
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flags")
            .field("caller", &self.caller)
            .field("cwd", &self.cwd)
            .field("profile", &self.profile)
            .field("overrides", &self.overrides.len())
            .field("version", &self.version)
            .finish()
    }
}

/// Where Codex has a variable from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment with which it started.
    Process,
    /// `CODEX_HOME/.env`.
    Dotenv {
        /// The file.
        path: String,
        /// The line, from 1.
        line: u32,
    },
}

/// What a Codex would use. It lives inside the door: it can give out values.
pub struct Resolution<'a> {
    env: &'a dyn EnvLookup,
    view: CodexView,
    dotenvs: Dotenvs,
    env_key: Option<String>,
    reads: Vec<String>,
}

impl fmt::Debug for Resolution<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolution")
            .field("view", &self.view)
            .field("dotenv", &self.dotenvs.home)
            .finish_non_exhaustive()
    }
}

impl Resolution<'_> {
    /// Everything that may be shown, masked. `key` is left to the door, which makes fingerprints.
    pub fn view(&self) -> CodexView {
        self.view.clone()
    }

    /// `CODEX_HOME/.env`, without values.
    pub fn dotenv(&self) -> &Dotenv {
        &self.dotenvs.home
    }

    /// `.env` of the working directory or a parent, where this version of Codex reads that, too.
    pub fn dotenv_beside(&self) -> Option<&Dotenv> {
        self.dotenvs.beside.as_ref()
    }

    /// The `env_key` of the effective provider as it stands in the config: not to be shown when
    /// [`looks_like_secret`](crate::looks_like_secret) says so.
    pub fn env_key(&self) -> Option<&str> {
        self.env_key.as_deref()
    }

    /// A variable as this Codex sees it, `.env` laid over, with its origin. The value must not leave the door.
    pub fn effective(&self, name: &str) -> Option<(Origin, &[u8])> {
        let process = || self.env.get(name).map(|value| (Origin::Process, value));
        let written = || {
            self.dotenvs.in_order().find_map(|dotenv| {
                let (value, line) = dotenv.value(name)?;
                Some((Origin::Dotenv { path: dotenv.path.clone()?, line }, value))
            })
        };
        if self.dotenvs.first_stays { process().or_else(written) } else { written().or_else(process) }
    }

    /// Variables that the config reads beside the key: those in `env_http_headers` of the effective provider. Names
    /// that look like secrets are left out.
    pub fn reads(&self) -> Vec<String> {
        self.reads.iter().filter(|name| !secret::looks_like_secret(name)).cloned().collect()
    }
}

/// What a Codex would use in these surroundings.
pub fn resolve<'a>(s: &Surroundings<'a>, flags: &Flags) -> Resolution<'a> {
    let mut rules = Rules::of(flags.version.as_deref());
    let home = home::find(s);
    let mut view = CodexView::unknown("");
    view.unknown.clear();
    view.home_from = home.from;
    view.version.clone_from(&flags.version);
    view.unknown.extend(home.unknown);
    view.problems.extend(home.problem);
    view.home.clone_from(&home.path);
    let Some(home) = home.path else {
        rules.take_back(&mut view);
        rules.say(&mut view);
        return Resolution {
            env: s.env,
            view,
            dotenvs: Dotenvs { home: Dotenv::unknown(s.style), beside: None, first_stays: false },
            env_key: None,
            reads: vec![],
        };
    };
    let (mut layers, required) = read_layers(s, flags, &home, &mut view, &mut rules);
    merge::fold(&mut layers);
    let real = layers.len();
    layers.extend(older::profile(&layers, flags, &mut view, &rules));
    let demands = layers.len();
    layers.push(required);
    let lay = || {
        let order = (real..demands).chain((0..real).filter(|at| layers[*at].enabled()));
        let enabled: Vec<_> = order.map(|at| (at, &layers[at].table)).collect();
        let mut config = merge::merge(&enabled);
        requirements::providers(&mut config, demands, &layers[demands].table);
        config
    };
    let mut config = lay();
    let written = requirements::has_values(&layers[demands].table).then(lay);
    requirements::values(&mut config, demands, &layers[demands].table);
    let provider = provider::effective(&config, &mut rules);
    let stops = |p: &Problem| p.fatal && !check::is_early(p) && !requirements::is_late(p);
    let stopped = view.problems.iter().any(stops);
    let both = (written.as_ref().unwrap_or(&config), &config);
    let later = check::run(s, both, layers.split_at(real), &provider, stopped);
    let later: Vec<_> = later.into_iter().filter(|p| !view.problems.contains(p)).collect();
    view.problems.extend(later);
    view.layers = layers[..real].iter().map(LayerRead::view).collect();
    view.values = merge::values(&config, &layers);
    let has_provider =
        config.get(&["model_provider"]).is_some() || config.get(&["model_providers"]).is_some();
    view.problems.extend(wrong_file::problems(s, &home, view.config_exists, has_provider));
    view.provider.clone_from(&provider.id);
    if let Some(id) = view.provider.as_ref().filter(|id| secret::looks_like_secret(id)) {
        view.provider = Some(crate::mask::name(id));
    }

    let mut wanted: BTreeSet<String> = structural::CODEX_READS.iter().map(|n| (*n).to_owned()).collect();
    wanted.extend(s.keep_names.iter().chain(&provider.reads).chain(&provider.env_key).cloned());
    let mut dotenvs = Dotenvs::read(s, &home, &wanted, &mut rules);
    for dotenv in [Some(&mut dotenvs.home), dotenvs.beside.as_mut()].into_iter().flatten() {
        dotenv.keep(&wanted);
        view.problems.extend(dotenv.problems.iter().cloned());
    }
    let token_first = older::token_first(&config, &provider, &mut rules);
    let mut resolution = Resolution {
        env: s.env,
        view,
        dotenvs,
        env_key: provider.env_key.clone().filter(|_| !token_first),
        reads: provider.reads.clone(),
    };
    let missing = resolution.key() == KeyVerdict::Missing;
    older::login(s, &home, &provider, missing, &mut rules);
    rules.take_back(&mut resolution.view);
    let older = older::refusals(&config, &layers, &mut rules);
    resolution.view.problems.extend(older);
    rules.say(&mut resolution.view);
    resolution.judge_key();
    resolution
}

impl Resolution<'_> {
    /// What Codex makes of the key, if it makes anything of the config.
    fn key(&self) -> KeyVerdict {
        let unread = self.dotenvs.in_order().any(|d| d.unread);
        match &self.env_key {
            None => KeyVerdict::NotNeeded,
            Some(_) if unread => KeyVerdict::Unknown,
            Some(name) => key::key_verdict(self.effective(name).map(|(_, value)| value)),
        }
    }

    fn judge_key(&mut self) {
        let fatal = self.view.problems.iter().any(|p| p.fatal);
        let known = !fatal && self.view.provider.is_some() && !self.view.untested;
        self.view.key_verdict = if known { self.key() } else { KeyVerdict::Unknown };
        self.view.env_key = self.env_key.as_ref().map(|name| {
            if secret::looks_like_secret(name) { CodexView::SECRET_NAME.to_owned() } else { name.clone() }
        });
    }
}

/// Reads every layer, highest precedence first, and what an organisation demands.
fn read_layers(
    s: &Surroundings<'_>,
    flags: &Flags,
    home: &str,
    view: &mut CodexView,
    rules: &mut Rules,
) -> (Vec<LayerRead>, LayerRead) {
    let exists = |path: &str| s.files.kind(path).is_ok();
    let path = s.style.join(&s.system_dir, "requirements.toml");
    let mut required = LayerRead::absent(LayerSource::Requirements);
    if rules.hold(Rule::Requirements, exists(&path)) {
        let read = requirements::read(s, &path);
        if rules.are_older() && !read.layer.table.is_empty() {
            rules.doubt(format!("which settings Codex takes from {path} was seen on 0.169.0 alone"));
        }
        view.problems.extend(read.problems);
        view.unknown.extend(read.unknown);
        required = read.layer;
    }
    let file = |view: &mut CodexView, source: LayerSource, path: String| {
        let read = layers::read(s.files, &path);
        view.problems.extend(read.problem);
        view.unknown.extend(read.unknown);
        let base = s.style.parent(&path).unwrap_or_default().to_owned();
        LayerRead::new(s, source, (Some(path), Some(&base)), read.table, read.exists)
    };
    // Codex 0.169, `managed_config_default_path`: in the system's folder on Unix, in the home elsewhere.
    let managed_dir = if s.style == PathStyle::Posix { s.system_dir.as_str() } else { home };
    let managed = s.style.join(managed_dir, "managed_config.toml");
    let has_managed = rules.hold(Rule::ManagedLayer, exists(&managed));
    let system = s.style.join(&s.system_dir, "config.toml");
    let has_system = rules.hold(Rule::SystemLayer, exists(&system));
    let has_files = rules.hold(Rule::ProfileFiles, true);
    let managed = if has_managed {
        file(view, LayerSource::Managed, managed)
    } else {
        LayerRead::absent(LayerSource::Managed)
    };
    for problem in &mut view.problems {
        // Codex 0.169 does not name this file when it cannot read it.
        let prefix = format!("Failed to read config file {}: ", managed.path.as_deref().unwrap_or_default());
        if let Some(bare) = problem.message.strip_prefix(&prefix) {
            problem.message = bare.to_owned();
        }
    }
    let system = has_system.then(|| file(view, LayerSource::System, system));
    let user = file(view, LayerSource::User, s.style.join(home, "config.toml"));
    let takes_profile = matches!(flags.caller, CodexCaller::Exec | CodexCaller::Tui);
    let name = flags.profile.as_deref().filter(|_| takes_profile && has_files);
    let profile = name
        .filter(|n| is_plain_profile(n))
        .map(|name| file(view, LayerSource::Profile, s.style.join(home, &format!("{name}.config.toml"))));
    view.config_path.clone_from(&user.path);
    view.config_exists = user.exists;
    if let Some(name) = name {
        view.problems.extend(profile_problems(name, &user, profile.as_ref()));
    }
    let (session, problem) = overrides::parse(&flags.overrides);
    view.problems.extend(problem);
    let base = flags.cwd.as_deref().map_or_else(|| home.to_owned(), |cwd| project::workspace(s, cwd));
    let given = !flags.overrides.is_empty();
    let session = LayerRead::new(s, LayerSource::SessionFlags, (None, Some(&base)), session, given);

    let below = [Some(&managed), Some(&session), profile.as_ref(), Some(&user), system.as_ref()];
    let below: Vec<_> = below.into_iter().flatten().collect();
    let paths: Vec<_> = below.iter().map(|l| l.path.as_deref()).collect();
    let below: Vec<_> = (0..).zip(&below).map(|(i, l)| (i, &l.table)).collect();
    let project = if let Some(cwd) = &flags.cwd {
        let below = merge::merge(&below);
        view.problems.extend(check::early(&below, &paths));
        project::read(s, cwd, Some(home), &below, rules)
    } else {
        view.unknown.push("the workspace is not known, so its project layers are not".to_owned());
        project::Project::default()
    };
    view.problems.extend(project.problems);
    view.unknown.extend(project.unknown);
    let top = [managed, session].into_iter().filter(|l| l.exists);
    let layers = top.chain(project.layers).chain(profile).chain([user]).chain(system).collect();
    (layers, required)
}

/// Codex 0.169 takes a plain name only.
fn is_plain_profile(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn profile_problems(name: &str, user: &LayerRead, profile: Option<&LayerRead>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let shown = crate::mask::name(name);
    let Some(profile) = profile else {
        problems.push(Problem {
            code: Code::ConfigInvalid,
            path: None,
            line: None,
            column: None,
            message: format!("invalid --profile value `{shown}`; pass a plain name such as `work`"),
            key: None,
            nearest: None,
            fatal: true,
        });
        return problems;
    };
    let path = profile.path.clone().unwrap_or_default();
    if !profile.exists {
        let message = format!("`--profile {shown}` has no file: Codex goes on without it and says nothing");
        problems.push(layers::problem(Code::ConfigProfileFileMissing, &path, None, message, false));
    }
    let table = user.table.get("profiles").and_then(|p| p.node.as_table()).and_then(|t| t.get(name));
    let selector = user.table.get("profile").filter(|p| p.node.as_str() == Some(name));
    if let Some(legacy) = selector.or(table) {
        let file = user.path.as_deref().unwrap_or_default();
        let message = format!(
            "--profile `{shown}` cannot be used while {file} contains legacy `profile = \"{shown}\"` or \
             `[profiles.{shown}]` config; move those settings into {path} and remove the legacy profile \
             selector/table. See https://developers.openai.com/codex/config-advanced#profiles for more information."
        );
        let mut problem = layers::problem(Code::ConfigLegacyProfile, file, legacy.key_at, message, true);
        problem.key =
            Some(if selector.is_some() { "profile".to_owned() } else { format!("profiles.{shown}") });
        problems.push(problem);
    }
    problems
}
