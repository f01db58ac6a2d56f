//! Where the selected provider sends its requests: the address, its version parameter, the name of the deployment.
//!
//! Codex 0.169 asks `base_url` without slashes at its end + `/responses` + `?` with `query_params`. Paths are judged
//! on Azure's own hosts alone: a gateway may serve any.
use super::draft::Draft;
use super::fixes;
use crate::world::World;
use envsplit_model::text::shown;
use envsplit_model::{At, AtKind, Code, CodexView, ConfigValue, Severity, Subject};

/// Providers that Codex 0.169 knows the address of.
const BUILT_IN: &[&str] = &["openai", "ollama", "lmstudio", "amazon-bedrock", "amazon-bedrock-runtime"];

/// Domains of Azure's resources (Microsoft's pages on the v1 API and on custom subdomains).
const AZURE: &[&str] = &[
    ".openai.azure.com",
    ".openai.azure.us",
    ".openai.azure.cn",
    ".cognitiveservices.azure.com",
    ".cognitiveservices.azure.us",
    ".cognitiveservices.azure.cn",
    ".services.ai.azure.com",
    ".services.ai.azure.us",
];

/// Fields of a provider by which Codex 0.169 can come to an address otherwise.
const OTHER_ADDRESS: &[&str] = &["gateway_oauth", "project_id", "location", "credential_file", "aws"];

/// Models by the names of their maker: a deployment may be called so, and often is not.
const MODELS: &[&str] = &[
    "codex-mini",
    "codex-mini-latest",
    "gpt-4",
    "gpt-4-turbo",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-5",
    "gpt-5-chat",
    "gpt-5-codex",
    "gpt-5-codex-mini",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-5-pro",
    "gpt-5.1",
    "gpt-5.1-codex",
    "gpt-5.1-codex-max",
    "gpt-5.1-codex-mini",
    "gpt-5.2",
    "gpt-5.2-codex",
    "gpt-5.3-codex",
    "gpt-5.4",
    "o1",
    "o3",
    "o3-mini",
    "o3-pro",
    "o4-mini",
];

/// What is wrong with the route of each place.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let mut drafts = vec![];
    for place in w.lineage.codex_places() {
        let Some(view) = judged(w, place) else { continue };
        match field(view, "base_url") {
            Some(base) => drafts.extend(address(w, place, view, base)),
            None => drafts.extend(missing(w, place, view)),
        }
        drafts.extend(version(w, place, view));
        drafts.extend(deployment(w, place, view));
    }
    drafts
}

/// The config of a place, where it names a provider of the user's own and Codex works with it: a config that Codex
/// refuses has a finding of its own, and what is left of it is no claim about the rest.
pub(super) fn judged<'a>(w: &World<'a>, place: usize) -> Option<&'a CodexView> {
    let view = &w.codex(place)?.view;
    let id = view.provider.as_deref()?;
    let prefix = view.provider_key("")?;
    let own = !BUILT_IN.contains(&id) && view.values.keys().any(|k| k.starts_with(&prefix));
    (own && view.home.is_some() && !view.untested && !view.problems.iter().any(|p| p.fatal)).then_some(view)
}

/// A field of the effective provider.
pub(super) fn field<'a>(view: &'a CodexView, name: &str) -> Option<&'a ConfigValue> {
    view.values.get(&view.provider_key(name)?)
}

/// Whether a key that Codex ignores was meant for this field of the provider: then that is the finding.
pub(super) fn misspelt(view: &CodexView, name: &str) -> bool {
    let wanted = view.provider_key(name);
    view.problems
        .iter()
        .any(|p| p.code == Code::ConfigUnknownKey && p.nearest.is_some() && p.nearest == wanted)
}

/// Whether the provider's address is one of Azure's.
pub(super) fn on_azure(view: &CodexView) -> bool {
    let base = field(view, "base_url").and_then(|v| v.value.as_str());
    base.and_then(Address::of).is_some_and(|a| a.is_azure())
}

/// A draft about a value of the config.
pub(super) fn about(w: &World<'_>, place: usize, code: Code, subject: Subject, value: &ConfigValue) -> Draft {
    Draft::new(w, place, code, subject).at(read(w, value))
}

/// Where a value stands.
pub(super) fn read(w: &World<'_>, value: &ConfigValue) -> Option<At> {
    Some(At::file(AtKind::Read, &w.snapshot.host, value.path.clone()?, value.line))
}

/// `~/.codex/config.toml:5: `, or `-c: `.
pub(super) fn origin(w: &World<'_>, value: &ConfigValue) -> String {
    match (&value.path, value.line) {
        (Some(path), Some(line)) => format!("{}:{line}: ", w.shown(path)),
        (Some(path), None) => format!("{}: ", w.shown(path)),
        (None, _) => "`-c`: ".to_owned(),
    }
}

/// An address, taken apart. Codex takes leading white space away and keeps what stands at the end.
struct Address<'a> {
    secure: bool,
    host: String,
    /// The path, without slashes at its end.
    path: &'a str,
    query: Option<&'a str>,
    /// The address without path and query.
    site: &'a str,
}

impl<'a> Address<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://")?;
        let secure = scheme.eq_ignore_ascii_case("https");
        if !secure && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = host.split(':').next().unwrap_or(host).trim_end_matches('.').to_ascii_lowercase();
        let tail = tail.split('#').next().unwrap_or(tail);
        let (path, query) = tail.split_once('?').map_or((tail, None), |(p, q)| (p, Some(q)));
        let site = &text[..text.len() - rest.len() + end];
        (!host.is_empty()).then(|| Self { secure, host, path: path.trim_end_matches('/'), query, site })
    }

    fn is_azure(&self) -> bool {
        AZURE.iter().any(|domain| self.host.strip_suffix(domain).is_some_and(|name| !name.is_empty()))
    }

    fn ends_in(&self, end: &str) -> bool {
        self.path.to_ascii_lowercase().ends_with(end)
    }

    /// What Azure would answer 404 to, in words; `None` for the routes that Microsoft documents for the Responses
    /// API: `…/openai/v1`, and `…/openai` with a dated `api-version`.
    fn wrong_path(&self, versioned: bool) -> Option<&'static str> {
        let path = self.path.to_ascii_lowercase();
        let mut parts = path.rsplit('/');
        let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let numbered =
            |p: &str| p.strip_prefix('v').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
        if before == "openai" && numbered(last) || last == "openai" && versioned {
            None
        } else if path.split('/').any(|p| p == "deployments") {
            Some("goes on with `/deployments/…`, the route of an older API that has no `/responses` there")
        } else if path.ends_with("/chat/completions") {
            Some("ends in `/chat/completions`, another API than the one that Codex speaks")
        } else if path.is_empty() {
            Some("has no path")
        } else {
            Some("does not end in `/openai/v1`")
        }
    }

    /// The address as it should be: the project of a Foundry resource stays in the path.
    fn corrected(&self) -> String {
        let parts: Vec<&str> = self.path.split('/').collect();
        let kept = match parts[..] {
            ["", api, projects, project, ..]
                if api.eq_ignore_ascii_case("api") && projects.eq_ignore_ascii_case("projects") =>
            {
                Some(project)
            }
            _ => None,
        };
        let site = self.site.replacen("http://", "https://", 1);
        match kept {
            Some(project) => format!("{site}/api/projects/{project}/openai/v1"),
            None => format!("{site}/openai/v1"),
        }
    }
}

/// The address itself: one finding, the first thing that is wrong with it.
fn address(w: &World<'_>, place: usize, view: &CodexView, base: &ConfigValue) -> Option<Draft> {
    let text = base.value.as_str()?;
    let key = view.provider_key("base_url")?;
    let draft = |code| about(w, place, code, Subject::config(key.clone()), base);
    let at = origin(w, base);
    let known = !text.contains("<hidden>");
    let Some(address) = Address::of(text) else {
        // Anything but http and https ends in "builder error" before a request is made (Codex 0.169).
        return known.then(|| {
            draft(Code::RouteBaseUrlPath)
                .summary(format!(
                    "{at}`base_url` is `{}`, which is no address: it must begin with `https://`.",
                    shown(text)
                ))
                .evidence(
                    "Codex makes no request and says `stream disconnected before completion: builder error`",
                )
                .fixes([fixes::address(w, base, None)])
        });
    };
    let azure = address.is_azure();
    let right = Some(address.corrected()).filter(|_| azure && known);
    let asked = format!("Codex would ask `{}{}/responses`", address.site, address.path);
    if address.ends_in("/responses") {
        let whole = text.trim().trim_end_matches('/');
        let without = whole[..whole.len() - "/responses".len()].to_owned();
        let right = right.or_else(|| (known && address.query.is_none()).then_some(without));
        return Some(
            draft(Code::RouteBaseUrlPath)
                .summary(format!("{at}`base_url` ends in `/responses`, which Codex appends itself."))
                .evidence(asked)
                .fixes([fixes::address(w, base, right)]),
        );
    }
    if !azure {
        return None;
    }
    let in_query = address.query.is_some_and(|q| q.split('&').any(|p| p.starts_with("api-version")));
    let versioned = in_query || field(view, "query_params.api-version").is_some();
    if let Some(wrong) = address.wrong_path(versioned) {
        return Some(
            draft(Code::RouteBaseUrlPath)
                .summary(format!("{at}`base_url` {wrong}; on Azure it must be `{}`.", address.corrected()))
                .evidence(asked)
                .evidence("Azure's resources serve the Responses API below `/openai/v1`")
                .fixes([fixes::address(w, base, right)]),
        );
    }
    if text.ends_with(char::is_whitespace) {
        return Some(
            draft(Code::RouteBaseUrlPath)
                .summary(format!("{at}`base_url` ends in white space, which becomes part of the path."))
                .evidence(format!("Codex would ask `{}{}%20/responses`", address.site, address.path))
                .fixes([fixes::address(w, base, right)]),
        );
    }
    if in_query {
        return Some(
            draft(Code::RouteApiVersion)
                .severity(Severity::Error)
                .summary(format!(
                    "{at}`base_url` holds `?api-version=…`: Codex appends `/responses` behind it, so it becomes part \
                     of the parameter."
                ))
                .evidence(format!("Codex would ask `{}{}?api-version=…/responses`", address.site, address.path))
                .fixes([fixes::address(w, base, right)]),
        );
    }
    (!address.secure).then(|| {
        draft(Code::RouteBaseUrlPath)
            .severity(Severity::Warning)
            .summary(format!("{at}`base_url` begins with `http:`: the key would travel unencrypted."))
            .evidence("Azure's resources are reached by https")
            .fixes([fixes::address(w, base, right)])
    })
}

/// No address: Codex 0.169 falls back to `https://api.openai.com/v1`.
fn missing(w: &World<'_>, place: usize, view: &CodexView) -> Option<Draft> {
    let prefix = view.provider_key("")?;
    let other =
        |f: &&str| view.values.keys().any(|k| k.strip_prefix(&prefix).is_some_and(|k| k.starts_with(*f)));
    if misspelt(view, "base_url") || OTHER_ADDRESS.iter().any(other) {
        return None;
    }
    let key = view.provider_key("base_url")?;
    let id = shown(view.provider.as_deref()?);
    // The table, by its first line.
    let table = view.values.iter().filter(|(k, _)| k.starts_with(&prefix)).map(|(_, v)| v);
    let first = table.min_by_key(|v| (v.path.clone(), v.line))?;
    let sent = match &view.env_key {
        Some(name) if name != CodexView::SECRET_NAME => format!("the key in `{}` would go", shown(name)),
        _ => "requests go".to_owned(),
    };
    let mut draft = about(w, place, Code::RouteBaseUrlMissing, Subject::config(key), first)
        .at(view.values.get("model_provider").and_then(|v| read(w, v)))
        .summary(format!(
            "{}the provider `{id}` has no `base_url`: {sent} to https://api.openai.com/v1.",
            origin(w, first)
        ))
        .evidence("Codex 0.169 takes that address for a provider without `base_url`");
    for problem in view.problems.iter().filter(|p| p.code == Code::ConfigUnknownKey) {
        if let Some(ignored) = problem.key.as_deref().filter(|k| k.starts_with(&prefix)) {
            draft = draft.evidence(format!("`{}` is ignored", shown(ignored)));
        }
    }
    for name in super::auth::not_read(w, place) {
        draft = draft.evidence(format!("`{name}` is set here; Codex does not read it"));
    }
    Some(draft.fixes([fixes::base_url(w, view, first)]))
}

/// A dated version on the route that has none.
fn version(w: &World<'_>, place: usize, view: &CodexView) -> Option<Draft> {
    let version = field(view, "query_params.api-version")?;
    let dated = version.value.as_str().filter(|v| v.starts_with(|c: char| c.is_ascii_digit()))?;
    let base = field(view, "base_url")?.value.as_str().and_then(Address::of)?;
    if !base.is_azure() || !base.ends_in("/openai/v1") {
        return None;
    }
    let key = view.provider_key("query_params.api-version")?;
    Some(
        about(w, place, Code::RouteApiVersion, Subject::config(key), version)
            .summary(format!(
                "{}`api-version` is `{}`; the route `/openai/v1` takes no dated version and may refuse it.",
                origin(w, version),
                shown(dated)
            ))
            .evidence("a dated version belongs to the route that this one replaces")
            .evidence("the endpoint decides; envsplit does not ask it here")
            .fixes([fixes::without(w, version, "remove `api-version` from `query_params`")]),
    )
}

/// A model's name where the deployment's belongs: nothing on this machine knows whether the two are the same.
fn deployment(w: &World<'_>, place: usize, view: &CodexView) -> Option<Draft> {
    let model = view.values.get("model")?;
    let name = model.value.as_str().filter(|m| MODELS.contains(m))?;
    if !on_azure(view) {
        return None;
    }
    Some(
        about(w, place, Code::RouteDeploymentName, Subject::config("model"), model)
            .summary(format!(
                "{}`model` is `{name}`, as OpenAI calls the model; on Azure it works only if your deployment is called so.",
                origin(w, model)
            ))
            .evidence("if it answers, nothing is wrong; if not, the endpoint says `DeploymentNotFound`")
            .fixes([fixes::deployment(w, model)]),
    )
}
