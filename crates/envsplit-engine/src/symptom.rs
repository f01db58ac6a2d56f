//! What a pasted error text proves: which layer of a request it shows broken, and which it shows to work.
//!
//! The texts are those of Codex 0.169 and of Azure's endpoints. What was pasted may hold a key: nothing of it is
//! repeated but a variable's name, where it is shaped as one.
mod known;

use envsplit_model::text::shown;
use envsplit_model::{Code, Finding, Report, RequestLayer, Severity, SymptomSlice, Verdict};
use known::{KNOWN, Known};

/// A recognised error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symptom {
    known: &'static Known,
    /// The variable that the text names, where it is shaped as one.
    pub variable: Option<String>,
}

impl Symptom {
    /// Its stable name: `missing-variable`.
    pub fn name(&self) -> &'static str {
        self.known.name
    }
}

/// What only an endpoint of Azure's says, or its address.
const AZURES_WORDS: &[&str] = &[
    ".azure.com/",
    ".azure.us/",
    ".azure.cn/",
    "subscription key",
    "deploymentnotfound",
    "api deployment for this",
];

/// Recognises an error of Codex or of the endpoint; the earliest layer that the text shows broken.
pub fn symptom(text: &str) -> Option<Symptom> {
    let lower = text.to_lowercase();
    if let Some(name) = missing_name(text) {
        let variable = is_variable(name).then(|| name.to_owned());
        let known = if variable.is_some() { "missing-variable" } else { "no-variable-name" };
        return KNOWN.iter().find(|k| k.name == known).map(|known| Symptom { known, variable });
    }
    KNOWN.iter().find(|k| k.says(&lower)).map(|known| Symptom { known, variable: None })
}

/// The text between the back quotes of Codex's own words.
fn missing_name(text: &str) -> Option<&str> {
    const WORDS: &str = "missing environment variable:";
    let at = text.to_ascii_lowercase().find(WORDS)?;
    let rest = text[at + WORDS.len()..].trim_start_matches([' ', '\u{a0}']);
    let line = rest.lines().next().unwrap_or_default();
    match line.strip_prefix('`') {
        Some(quoted) => Some(quoted.split('`').next().unwrap_or_default()),
        // Panels that render Markdown drop the quotes.
        None => Some(line.split_whitespace().next().unwrap_or_default().trim_end_matches('.')),
    }
}

/// Whether a text can only be a name: words of one case joined by `_`, hardly a digit. Keys are none of that.
fn is_variable(text: &str) -> bool {
    let one_case = |part: &str| {
        let letters = || part.chars().filter(char::is_ascii_alphabetic);
        letters().all(|c| c.is_ascii_uppercase()) || letters().all(|c| c.is_ascii_lowercase())
    };
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && digits <= 3
        && text.split('_').all(|part| part.len() <= 16 && one_case(part))
        && (text.contains('_') || text.len() <= 12 && !text.contains(|c: char| c.is_ascii_lowercase()))
        && !text.starts_with("sk_")
}

/// What the text proves, and what the report on this machine says about it.
pub fn explain(text: &str, report: &Report) -> SymptomSlice {
    let found = symptom(text);
    let errors = || report.findings.iter().filter(|f| f.severity == Severity::Error);
    let Some(found) = found else {
        let finding = errors().next().cloned();
        return SymptomSlice {
            schema: "envsplit.explain/v1".to_owned(),
            layer: RequestLayer::Unknown,
            symptom: None,
            title: "This text is not known to envsplit: it proves nothing about any layer.".to_owned(),
            variable: None,
            fine: vec![],
            untested: RequestLayer::ALL.to_vec(),
            codes: vec![],
            verdict: report.verdict,
            seen: seen(report, None),
            next: next(
                finding.as_ref(),
                "paste the line in which Codex says what failed, or run `envsplit check`",
            ),
            finding,
        };
    };
    let known = found.known;
    let variable = found.variable.as_deref();
    let finding = cause(known, variable, report).cloned();
    let mut fine = known.fine.to_vec();
    // An answer of Azure's own shows that the provider is the one that is meant.
    if AZURES_WORDS.iter().any(|w| text.to_lowercase().contains(w)) && known.layer > RequestLayer::Provider {
        fine.push(RequestLayer::Provider);
        fine.sort_unstable();
        fine.dedup();
    }
    let mut seen = seen(report, variable);
    match &finding {
        Some(_) => {}
        None if report.verdict == Verdict::Consistent => {
            seen.push("The check finds no error that would explain the text here.".to_owned());
        }
        None => {
            let others: Vec<&str> = errors().map(|f| f.code.slug()).collect();
            let what = if others.is_empty() { "no error".to_owned() } else { others.join(", ") };
            seen.push(format!("The check finds {what}, which does not explain this text."));
        }
    }
    SymptomSlice {
        schema: "envsplit.explain/v1".to_owned(),
        layer: known.layer,
        symptom: Some(known.name.to_owned()),
        title: match variable {
            Some(name) => format!("{} The variable is `{name}`.", known.title),
            None => known.title.to_owned(),
        },
        variable: found.variable.clone(),
        untested: RequestLayer::ALL
            .iter()
            .copied()
            .filter(|l| *l != known.layer && !fine.contains(l))
            .collect(),
        fine,
        codes: known.codes.to_vec(),
        verdict: report.verdict,
        seen,
        next: next(finding.as_ref(), known.next),
        finding,
    }
}

/// The finding that explains the text: an error before a warning, one about the named variable before others.
fn cause<'a>(known: &Known, variable: Option<&str>, report: &'a Report) -> Option<&'a Finding> {
    let fits = |f: &&Finding| known.codes.contains(&f.code) || known.causes.contains(&layer(f.code));
    let named = |f: &&Finding| {
        variable.is_none_or(|v| f.subject.name == v || layer(f.code) != RequestLayer::Environment)
    };
    let of = |severity| report.findings.iter().filter(move |f| f.severity == severity).filter(named);
    of(Severity::Error).find(fits).or_else(|| of(Severity::Warning).find(|f| known.codes.contains(&f.code)))
}

/// The layer that a cause breaks.
fn layer(code: Code) -> RequestLayer {
    use RequestLayer as L;
    match code {
        Code::EnvProxyContext | Code::WslLoopback => L::Network,
        Code::ConfigHomeInvalid | Code::EnvPathManager | Code::ProbeUnreachable => L::Surface,
        Code::RouteBaseUrlMissing | Code::RouteWireApi => L::Provider,
        Code::RouteDeploymentName => L::Deployment,
        Code::AuthEnvKeyHoldsSecret => L::Environment,
        _ => match code.slug().split('/').next() {
            Some("env" | "wsl") => L::Environment,
            Some("config") => L::Provider,
            Some("auth") => L::Credential,
            Some("route") => L::Route,
            _ => L::Unknown,
        },
    }
}

/// Each place where Codex runs or would run, with its provider and its key.
fn seen(report: &Report, variable: Option<&str>) -> Vec<String> {
    let mut lines = vec![];
    for place in &report.places {
        let Some(codex) = &place.codex else { continue };
        let provider = codex.provider.as_deref().map_or_else(|| "unknown".to_owned(), shown);
        let key = match (variable, &codex.env_key) {
            (Some(name), own) if own.as_deref() != Some(name) => {
                format!("`{name}` {} (`env_key` is {})", state(&place.sighting(name)), named(own.as_deref()))
            }
            (_, Some(name)) => match &codex.key {
                Some(key) => format!("`{}` {}", shown(name), state(key)),
                None => format!("`{}`", shown(name)),
            },
            (_, None) => "no `env_key`".to_owned(),
        };
        let predicted = if place.predicted { " (a prediction)" } else { "" };
        lines.push(format!("{}{predicted}: provider `{provider}`, {key}", shown(&place.label)));
    }
    lines
}

fn named(env_key: Option<&str>) -> String {
    env_key.map_or_else(|| "not given".to_owned(), |n| format!("`{}`", shown(n)))
}

fn state(sighting: &envsplit_model::Sighting) -> &'static str {
    match sighting.state {
        envsplit_model::State::Present => "is set",
        envsplit_model::State::Absent => "is not set",
        envsplit_model::State::Unknown => "is not known",
    }
}

/// One step: what the finding says to do, else what the text suggests.
fn next(finding: Option<&Finding>, otherwise: &str) -> String {
    let fix = finding.and_then(|f| f.fixes.first());
    fix.map_or_else(|| otherwise.to_owned(), |f| f.title.clone())
}
