//! Credentials beside the one that the selected provider uses.
//!
//! Codex 0.169, for the selected provider: `env_key` (or an error), then `experimental_bearer_token`, then, with
//! `requires_openai_auth`, `CODEX_API_KEY` (`codex exec` only) and the login in `auth.json`; without it, none.
use super::draft::Draft;
use super::fixes;
use super::route::{about, field, judged, misspelt, on_azure, origin, read};
use crate::world::World;
use envsplit_model::text::shown;
use envsplit_model::{At, AtKind, Code, CodexView, KeyVerdict, Severity, Subject, Taint};

/// Variables of other programs for the same endpoint; Codex 0.169 reads none of them.
const NOT_READ: &[&str] = &[
    "AZURE_OPENAI_API_VERSION",
    "AZURE_OPENAI_BASE_URL",
    "AZURE_OPENAI_ENDPOINT",
    "OPENAI_API_BASE",
    "OPENAI_API_TYPE",
    "OPENAI_API_VERSION",
    "OPENAI_BASE_URL",
];

/// Variables by which Azure's own libraries sign in with Entra ID.
const ENTRA: &[&str] = &["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"];

/// One draft at most for each pair of credentials at each place.
pub(super) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let mut drafts = vec![];
    for place in w.lineage.codex_places() {
        drafts.extend(in_vain(w, place));
        let Some(view) = judged(w, place) else { continue };
        if view.env_key.as_deref() == Some(CodexView::SECRET_NAME) || misspelt(view, "env_key") {
            continue;
        }
        drafts.extend(beside(w, place, view));
        drafts.extend(not_a_fallback(w, place, view));
        drafts.extend(entra(w, place, view).or_else(|| none_at_all(w, place, view)));
    }
    drafts
}

/// Another program's variables where no provider is chosen, and no login is there that the built-in one could use: then
/// somebody means them to be read.
fn in_vain(w: &World<'_>, place: usize) -> Option<Draft> {
    let seen = w.codex(place)?;
    let view = &seen.view;
    let plain = !view.values.keys().any(|k| {
        matches!(k.as_str(), "model_provider" | "openai_base_url") || k.starts_with("model_providers.")
    });
    if !plain || view.provider.as_deref() != Some("openai") || view.untested || seen.login_file.is_some() {
        return None;
    }
    let found = not_read(w, place);
    if found.is_empty() || view.problems.iter().any(|p| p.fatal || p.code == Code::ConfigWrongFile) {
        return None;
    }
    let list = found.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let file = view.config_path.clone()?;
    Some(
        Draft::new(w, place, Code::RouteBaseUrlMissing, Subject::config("model_provider"))
            .severity(Severity::Warning)
            .at([At::file(AtKind::Read, &w.snapshot.host, file.clone(), None)])
            .summary(format!(
                "{list} set here, and Codex reads none of them: {} chooses no provider, so requests go to \
                 https://api.openai.com/v1.",
                w.shown(&file)
            ))
            .evidence("Codex 0.169 takes the address from `base_url` of the selected provider alone")
            .fixes([fixes::provider(w, &file)]),
    )
}

/// Variables that other programs read for the same endpoint, as far as this place has them.
pub(super) fn not_read(w: &World<'_>, place: usize) -> Vec<&'static str> {
    has(w, place, NOT_READ)
}

fn has(w: &World<'_>, place: usize, wanted: &[&'static str]) -> Vec<&'static str> {
    let names = w.names_of(place).unwrap_or_default();
    wanted.iter().copied().filter(|n| names.iter().any(|have| have == n)).collect()
}

/// The fields by which a provider has a credential without `env_key`.
fn credential_fields(view: &CodexView) -> bool {
    let prefix = view.provider_key("").unwrap_or_default();
    let fields =
        ["experimental_bearer_token", "auth.", "http_headers.", "env_http_headers.", "gateway_oauth"];
    let given =
        |f: &&str| view.values.keys().any(|k| k.strip_prefix(&prefix).is_some_and(|k| k.starts_with(*f)));
    fields.iter().any(given)
        || field(view, "requires_openai_auth").is_some_and(|v| v.value.as_bool() == Some(true))
}

/// Another credential in the provider's own table.
fn beside(w: &World<'_>, place: usize, view: &CodexView) -> Option<Draft> {
    let env_key = field(view, "env_key")?;
    let name = shown(view.env_key.as_deref()?);
    let prefix = view.provider_key("")?;
    let other = view.values.iter().find(|(key, value)| match key.strip_prefix(&prefix) {
        Some("experimental_bearer_token") => true,
        Some("requires_openai_auth") => value.value.as_bool() == Some(true),
        Some(field) => field.eq_ignore_ascii_case("http_headers.authorization"),
        None => false,
    });
    let (key, value) = other?;
    let what = shown(key.strip_prefix(&prefix)?);
    Some(
        about(w, place, Code::AuthLoginShadowed, Subject::env(view.env_key.clone()?), value)
            .at(read(w, env_key))
            .summary(format!(
                "{}`{what}` is without effect: `env_key` is there, and Codex takes `{name}` alone.",
                origin(w, value)
            ))
            .evidence("Codex 0.169 falls back to nothing when the variable is missing")
            .fixes([fixes::without(
                w,
                value,
                "keep one of the two; with a key in a variable that is `env_key`",
            )]),
    )
}

/// A key or a login that people take for a second chance: said where the variable itself does not work.
fn not_a_fallback(w: &World<'_>, place: usize, view: &CodexView) -> Option<Draft> {
    let env_key = field(view, "env_key")?;
    let name = view.env_key.as_deref().filter(|n| *n != "CODEX_API_KEY")?;
    if !matches!(view.key_verdict, KeyVerdict::Missing | KeyVerdict::HeaderDropped) {
        return None;
    }
    let (what, severity) = second(w, place)?;
    Some(
        about(w, place, Code::AuthLoginShadowed, Subject::env(name), env_key)
            .severity(severity)
            .summary(format!(
                "{what}, and is not used: the provider has `env_key`, and Codex takes `{}` alone.",
                shown(name)
            ))
            .evidence("Codex 0.169 falls back to nothing when the variable is missing"),
    )
}

/// `CODEX_API_KEY`, else the login.
fn second(w: &World<'_>, place: usize) -> Option<(String, Severity)> {
    let key = w.sighting(place, "CODEX_API_KEY");
    if key.is_present() && !key.taints.contains(&Taint::Blank) {
        return Some(("`CODEX_API_KEY` is set".to_owned(), Severity::Warning));
    }
    let file = w.codex(place)?.login_file.as_deref()?;
    Some((format!("A login is there ({})", w.shown(file)), Severity::Info))
}

/// No credential at all on Azure, and one that lies elsewhere.
fn none_at_all(w: &World<'_>, place: usize, view: &CodexView) -> Option<Draft> {
    if view.key_verdict != KeyVerdict::NotNeeded || !on_azure(view) || credential_fields(view) {
        return None;
    }
    let base = field(view, "base_url")?;
    let (what, _) = second(w, place)?;
    Some(
        about(w, place, Code::AuthLoginShadowed, Subject::config(view.provider_key("env_key")?), base)
            .summary(format!(
                "{what}, and is not used: the provider `{}` names no credential, so requests go out without one.",
                shown(view.provider.as_deref()?)
            ))
            .evidence("Codex 0.169 uses a login only for a provider with `requires_openai_auth`")
            .fixes([fixes::env_key(w, view, base)]),
    )
}

/// Entra ID, where no key is configured.
fn entra(w: &World<'_>, place: usize, view: &CodexView) -> Option<Draft> {
    if view.env_key.is_some() || !on_azure(view) {
        return None;
    }
    if let Some(command) = field(view, "auth.command").filter(|_| runs_az(view)) {
        return Some(
            about(w, place, Code::AuthEntraUnsupported, Subject::config(view.provider_key("auth.command")?), command)
                .summary(format!(
                    "{}a command of Azure's signs in here; Codex knows no Entra ID and sends what the command prints as it is.",
                    origin(w, command)
                ))
                .evidence("whether the endpoint takes that token was not tried"),
        );
    }
    let found = has(w, place, ENTRA);
    let base = field(view, "base_url").filter(|_| !found.is_empty() && !credential_fields(view))?;
    let list = found.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    Some(
        about(w, place, Code::AuthEntraUnsupported, Subject::config(view.provider_key("env_key")?), base)
            .summary(format!(
                "{list} are there for a sign-in with Entra ID, which Codex does not do; the provider `{}` names no key.",
                shown(view.provider.as_deref()?)
            ))
            .evidence("Codex 0.169 sends what `env_key` names, as a bearer token")
            .fixes([fixes::env_key(w, view, base)]),
    )
}

/// Whether the command that prints the token is Azure's.
fn runs_az(view: &CodexView) -> bool {
    let word = |text: &str| {
        text.split(|c: char| c.is_whitespace() || c == ';' || c == '|').any(|word| {
            let program = word.rsplit(['/', '\\']).next().unwrap_or(word);
            matches!(program, "az" | "az.cmd" | "az.exe" | "azd" | "azureauth")
        })
    };
    let command = field(view, "auth.command").and_then(|v| v.value.as_str());
    let args = field(view, "auth.args").and_then(|v| v.value.as_array());
    command.is_some_and(word) || args.into_iter().flatten().filter_map(|a| a.as_str()).any(word)
}
