//! What older versions of Codex do that 0.169 does not.
use crate::document::{Node, Table};
use crate::dotenv::Dotenv;
use crate::layers::LayerRead;
use crate::mask;
use crate::merge::{self, Merged};
use crate::provider::Provider;
use crate::version::{Rule, Rules, Words};
use crate::{Flags, Surroundings};
use envsplit_model::{Code, CodexCaller, CodexView, LayerSource, Problem};
use std::collections::BTreeSet;

/// The settings of the chosen `[profiles.NAME]`, one layer for each file that has the table. They are laid over every
/// other layer, `-c` and a managed file included (seen on 0.133.0).
pub(crate) fn profile(
    layers: &[LayerRead],
    flags: &Flags,
    view: &mut CodexView,
    rules: &Rules,
) -> Vec<LayerRead> {
    if rules.has(Rule::ProfileFiles) != Some(false) {
        return vec![];
    }
    let enabled: Vec<_> =
        (0..).zip(layers).filter(|(_, l)| l.enabled()).map(|(at, l)| (at, &l.table)).collect();
    let config = merge::merge(&enabled);
    let takes_flag = matches!(flags.caller, CodexCaller::Exec | CodexCaller::Tui);
    let flag = flags.profile.as_deref().filter(|_| takes_flag);
    let selector = config.get(&["profile"]).filter(|_| flag.is_none());
    let Some(name) = flag.or_else(|| selector?.leaf()?.as_str()) else { return vec![] };
    if config.get(&["profiles", name]).and_then(Merged::table).is_none() {
        let message = format!("config profile `{}` not found", mask::name(name));
        view.problems.push(refused(Code::ConfigInvalid, selector, layers, &["profile"], message));
        return vec![];
    }
    let settings = |layer: &LayerRead| {
        let profiles = layer.table.get("profiles")?.node.as_table()?;
        let known = crate::known::Known::config().get("profiles")?.get(name)?;
        let counts = |key: &str, node: &Node| node.as_table().is_none() && known.get(key).is_some();
        let table = profiles.get(name)?.node.as_table()?;
        let table: Table = table
            .iter()
            .filter(|(key, item)| counts(key, &item.node))
            .map(|(key, item)| (key.clone(), item.clone()))
            .collect();
        let path = layer.path.clone();
        Some(LayerRead { path, table, exists: true, ..LayerRead::absent(LayerSource::Profile) })
    };
    layers.iter().filter(|l| l.enabled()).filter_map(settings).collect()
}

/// Which files of variables count beside the environment, and in which order.
pub(crate) struct Dotenvs {
    /// `.env` of the home.
    pub(crate) home: Dotenv,
    /// That of the working directory or the nearest parent that has one, where the version reads it.
    pub(crate) beside: Option<Dotenv>,
    /// Whether what is set already stays: the environment, then the home's file, then the other. Else the order is
    /// turned round.
    pub(crate) first_stays: bool,
}

impl Dotenvs {
    pub(crate) fn read(
        s: &Surroundings<'_>,
        home: &str,
        wanted: &BTreeSet<String>,
        rules: &mut Rules,
    ) -> Self {
        let now = Self {
            home: Dotenv::read(home, s.files, s.env, s.style, false),
            beside: None,
            first_stays: false,
        };
        if !rules.are_older() {
            return now;
        }
        let sets = |dotenv: &Dotenv| wanted.iter().any(|name| dotenv.sets(name));
        let first_stays = !rules.hold(Rule::DotenvOverrides, sets(&now.home));
        let above =
            s.process_cwd.as_deref().and_then(|cwd| Dotenv::above(cwd, s.files, s.env, s.style, first_stays));
        let beside = above.filter(|d| d.path != now.home.path);
        let counts = !rules.hold(Rule::DotenvOfHome, beside.as_ref().is_some_and(sets));
        let beside = beside.filter(|_| counts);
        if !first_stays {
            return Self { beside, ..now };
        }
        // It came before the home was looked for (seen on 0.20.0 and 0.21.0).
        if beside.as_ref().is_some_and(|d| d.sets("CODEX_HOME")) && s.env.get("CODEX_HOME").is_none() {
            rules.doubt(
                "`.env` of the working directory sets `CODEX_HOME`, and this version of Codex follows it"
                    .to_owned(),
            );
        }
        Self { home: Dotenv::read(home, s.files, s.env, s.style, true), beside, first_stays }
    }

    /// They, first the one that wins over the other.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &Dotenv> {
        let (first, second) = match &self.beside {
            Some(beside) if self.first_stays => (&self.home, Some(beside)),
            Some(beside) => (beside, Some(&self.home)),
            None => (&self.home, None),
        };
        [Some(first), second].into_iter().flatten()
    }
}

/// Whether the provider has a token that the version takes before `env_key`.
pub(crate) fn token_first(config: &Merged<'_>, provider: &Provider, rules: &mut Rules) -> bool {
    let id = provider.id.as_deref().unwrap_or_default();
    let token = config.text(&["model_providers", id, "experimental_bearer_token"]).is_some();
    let read = rules.hold(Rule::BearerToken, token && provider.env_key.is_some());
    !rules.hold(Rule::EnvKeyBeforeToken, token && read && provider.env_key.is_some()) && token && read
}

/// The login and `CODEX_API_KEY`, which older versions send where 0.169 sends nothing: what they hold is not looked
/// at, so the outcome is in doubt.
pub(crate) fn login(s: &Surroundings<'_>, home: &str, provider: &Provider, missing: bool, rules: &mut Rules) {
    let login = s.files.kind(&s.style.join(home, "auth.json")).is_ok();
    let key = s.env.text("CODEX_API_KEY").is_some_and(|k| !k.trim().is_empty());
    match &provider.env_key {
        Some(name) if missing && login && !rules.hold(Rule::EnvKeyOrNothing, true) => {
            let name = if crate::looks_like_secret(name) { mask::HIDDEN } else { name.as_str() };
            rules.doubt(format!(
                "where `{}` is missing this version of Codex sends the login in auth.json, which was not looked at",
                mask::name(name)
            ));
        }
        None if provider.is_own && (login || key) && !rules.hold(Rule::NoLoginElsewhere, true) => rules
            .doubt(
                "without `env_key` this version of Codex sends the login or `CODEX_API_KEY` to any provider"
                    .to_owned(),
            ),
        _ => {}
    }
}

/// What the version refuses and 0.169 takes, or refuses in other words.
pub(crate) fn refusals(config: &Merged<'_>, layers: &[LayerRead], rules: &mut Rules) -> Vec<Problem> {
    let mut problems = vec![];
    if rules.are_older() {
        words(config, &mut Vec::new(), layers, rules, &mut problems);
        fields(config, layers, rules, &mut problems);
    }
    problems
}

/// A word of which the version knows others than 0.169.
fn words<'a>(
    at: &Merged<'a>,
    path: &mut Vec<&'a str>,
    layers: &[LayerRead],
    rules: &mut Rules,
    problems: &mut Vec<Problem>,
) {
    for (key, inner) in at.table().into_iter().flatten() {
        path.push(key);
        match inner.leaf().and_then(Node::as_str) {
            Some(word) => match rules.words(&general(path)) {
                Words::These(known) if !known.contains(&word) => {
                    let code = if *key == "wire_api" { Code::RouteWireApi } else { Code::ConfigInvalid };
                    let shown =
                        if mask::is_hidden(path) { mask::HIDDEN.to_owned() } else { mask::name(word) };
                    let message =
                        format!("unknown variant `{shown}`, expected {}", crate::check::one_of(known));
                    // A profile's settings stand among the merged ones, too.
                    let problem = refused(code, Some(inner), layers, path, message);
                    let same = |p: &Problem| {
                        (&p.path, p.line, p.column) == (&problem.path, problem.line, problem.column)
                    };
                    if problem.line.is_none() || !problems.iter().any(same) {
                        problems.push(problem);
                    }
                }
                Words::Unknown => rules.doubt(format!(
                    "which words this version of Codex takes at `{}` is not known",
                    mask::dotted(path)
                )),
                _ => {}
            },
            None => words(inner, path, layers, rules, problems),
        }
        path.pop();
    }
}

/// The key as the table has it: names of the user as `*`, a profile's setting as that of the whole config.
fn general(path: &[&str]) -> String {
    let parts = match path {
        ["profiles", _, rest @ ..] => rest,
        all => all,
    };
    let named = |(at, part): (usize, &&str)| {
        let of_user = at == 1 && matches!(parts[0], "model_providers" | "mcp_servers" | "projects");
        if of_user { "*".to_owned() } else { (*part).to_owned() }
    };
    parts.iter().enumerate().map(named).collect::<Vec<_>>().join(".")
}

/// The same of a dotted key; a name of the user may have dots in quotes.
pub(crate) fn general_key(key: &str) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    match key.split('.').next() {
        Some("profiles") => last.to_owned(),
        Some(outer @ ("model_providers" | "mcp_servers" | "projects")) if last != outer => {
            format!("{outer}.*.{last}")
        }
        _ => key.to_owned(),
    }
}

/// Fields that the version demands.
fn fields(config: &Merged<'_>, layers: &[LayerRead], rules: &mut Rules, problems: &mut Vec<Problem>) {
    for (id, table) in config.get(&["model_providers"]).and_then(Merged::table).into_iter().flatten() {
        let lacks = table.table().is_some_and(|t| !t.contains_key("name"));
        if lacks && rules.has(Rule::NamedProviders) == Some(false) {
            let message = "missing field `name`".to_owned();
            problems.push(refused(
                Code::ConfigInvalid,
                Some(table),
                layers,
                &["model_providers", id],
                message,
            ));
        }
    }
    for (name, server) in config.get(&["mcp_servers"]).and_then(Merged::table).into_iter().flatten() {
        let remote = server.table().is_some_and(|t| t.contains_key("url") && !t.contains_key("command"));
        if remote && !rules.hold(Rule::RemoteServers, true) {
            let message = "missing field `command`".to_owned();
            problems.push(refused(
                Code::ConfigInvalid,
                Some(server),
                layers,
                &["mcp_servers", name],
                message,
            ));
        }
    }
}

fn refused(
    code: Code,
    at: Option<&Merged<'_>>,
    layers: &[LayerRead],
    key: &[&str],
    message: String,
) -> Problem {
    let place = at.and_then(|m| m.at);
    Problem {
        code,
        path: at.and_then(|m| layers.get(m.layer)?.path.clone()),
        line: place.map(|p| p.line),
        column: place.map(|p| p.column),
        message,
        key: Some(mask::dotted(key)),
        nearest: None,
        fatal: true,
    }
}
