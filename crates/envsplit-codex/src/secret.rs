//! Whether a text that should be a name is a secret.

/// Prefixes that issuers give their keys, so that scanners find them.
const PREFIXES: &[&str] = &[
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "eyJ",
    "hf_",
    "gsk_",
    "xai-",
    "npm_",
    "pypi-",
    "sess-",
    "Bearer ",
    "bearer ",
    "dop_v1_",
    "SG.",
    "nvapi-",
    "r8_",
    "pplx-",
    "fw_",
    "tgp_",
    "key-",
    "AZUREKEY-",
];

/// The shortest key of any issuer; a name of this length with a key's prefix is taken for a key.
const PREFIXED_LENGTH: usize = 12;

/// Whether a value stands where the name of a variable belongs.
///
/// Codex 0.169 does not judge `env_key` and prints it in its error, key or not. A name has words: underscores, or few
/// characters. A key has a known prefix, or is long without words: 32 hexadecimal digits and 84 characters of base64
/// at Azure, a UUID, a token of mixed letters and digits.
pub fn looks_like_secret(name: &str) -> bool {
    let text = name.trim();
    if text.len() < PREFIXED_LENGTH {
        return false;
    }
    let length = text.chars().count();
    if length >= PREFIXED_LENGTH && has_key_prefix(text) {
        return true;
    }
    if text.contains("-----BEGIN ") || length > 128 || (length >= 40 && text.ends_with('=')) {
        return true;
    }
    let scattered = length >= 24 && text.split(['_', '-', '.']).any(is_scattered);
    let longest = text.split(['_', '.', ' ', '/', ':', '$', '{', '}']).map(word_weight).max().unwrap_or(0);
    scattered || longest >= 20 || is_uuid(text)
}

/// Whether a text, such as an argument or a command, has a secret among its words.
pub(crate) fn holds_secret(text: &str) -> bool {
    let breaks =
        |c: char| c.is_whitespace() || matches!(c, '=' | ',' | ';' | '"' | '\'' | '(' | ')' | '/' | '\\');
    text.split(breaks).any(looks_like_secret) || text.contains("-----BEGIN ")
}

/// A prefix counts when what follows is not the rest of an upper-case name, such as `AKIA_PROFILE_NAME`.
fn has_key_prefix(text: &str) -> bool {
    PREFIXES.iter().filter_map(|prefix| text.strip_prefix(prefix)).any(|rest| {
        let plain_words = rest.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        !plain_words && rest.len() >= 8 && !is_spelled_name(rest)
    })
}

/// Lower- or upper-case words joined by `_` or `-`, without a digit and none of them long: a name, whatever precedes.
fn is_spelled_name(rest: &str) -> bool {
    let mut parts = 0;
    rest.split(['_', '-']).all(|part| {
        parts += 1;
        part.len() <= 10 && part.chars().all(|c| c.is_ascii_alphabetic())
    }) && parts > 1
}

/// Words that names of variables are made of; what lies between them is judged by itself.
const VOCABULARY: &[&str] = &[
    "openai",
    "azure",
    "codex",
    "foundry",
    "endpoint",
    "gateway",
    "provider",
    "production",
    "staging",
    "development",
    "deployment",
    "personal",
    "credential",
    "password",
    "secret",
    "token",
    "access",
    "bearer",
    "service",
    "account",
    "subscription",
    "project",
    "company",
    "resource",
    "primary",
    "secondary",
    "east",
    "west",
    "api",
    "key",
    "auth",
];

/// How much a run without separators looks like a key: the length of what cannot be words.
fn word_weight(word: &str) -> usize {
    let core = word.trim_matches('=');
    let lower = core.to_ascii_lowercase();
    let mut longest = 0;
    let mut start = 0;
    let mut at = 0;
    while at < lower.len() {
        let rest = lower.get(at..).unwrap_or_default();
        if let Some(known) = VOCABULARY.iter().find(|w| rest.starts_with(**w)) {
            longest = longest.max(piece_weight(core.get(start..at).unwrap_or_default()));
            at += known.len();
            start = at;
        } else {
            at += 1;
        }
    }
    longest.max(piece_weight(core.get(start..).unwrap_or_default()))
}

fn piece_weight(core: &str) -> usize {
    let length = core.chars().count();
    if length < 20 {
        return 0;
    }
    let count = |test: fn(&char) -> bool| core.chars().filter(test).count();
    let digits = count(char::is_ascii_digit);
    let mixed = count(char::is_ascii_lowercase) > 0 && count(char::is_ascii_uppercase) > 0;
    if length >= 40 || (length >= 32 && digits > 0) {
        return length;
    }
    let switches = class_switches(core);
    let camel_words = digits <= 2 && switches <= length / 4;
    let scattered = digits >= 3 && switches >= 5;
    if scattered || digits * 2 > length || (mixed && switches >= 6 && !camel_words) { length } else { 0 }
}

/// A part of base64 or the like: both cases and digits take turns, and no word is in it. Keys of this alphabet have `_`
/// and `-` at any place.
fn is_scattered(part: &str) -> bool {
    let lower = part.to_ascii_lowercase();
    let has = |test: fn(&u8) -> bool| part.as_bytes().iter().any(test);
    part.len() >= 8
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && class_switches(part) * 2 >= part.len()
        && !VOCABULARY.iter().any(|word| lower.contains(word))
}

/// How often letters, digits and case take turns.
fn class_switches(word: &str) -> usize {
    let class = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' => 1,
        'A'..='Z' => 2,
        _ => 3,
    };
    word.chars().zip(word.chars().skip(1)).filter(|(a, b)| class(*a) != class(*b)).count()
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|p| p.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_recognised() {
        let azure_hex = "0123456789abcdef0123456789abcdef";
        let azure_long =
            "4Q8nYtRmVbKcXwZpLdFgHjSaQeWrTyUiOpAsDfGhJkLzXcVbNmQwErTyUiJQQJ99BDACYeBjFXJ3w3AAABACOG";
        let lower =
            "abcdefghij0klmnopqrs1tuvwxyz2abcdefghij3klmnopqrs4tuvwxyz5abcdefghij6klmnopqrs7tuvwxyz89ab";
        let all_letters = "q".repeat(90);
        for key in [
            "sk-proj-abcdEFGH1234ijklMNOP",
            "sk-ant-api03-AAAAbbbbCCCC",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "6b1c2f0e-1111-2222-3333-444455556666",
            "AKIAIOSFODNN7EXAMPLE",
            "Bearer abcdef123456",
            azure_hex,
            &azure_hex.to_uppercase(),
            azure_long,
            lower,
            &all_letters,
            "aB3dE5fG7hI9jK1lM3nO5p",
            "9f8e7d6c5b4a39281706f5e4",
            "Xk2_9aQz7PmR-t4Wv_B8sLd3Nf6_Yh1Jc5",
        ] {
            assert!(looks_like_secret(key), "{key}");
            assert!(looks_like_secret(&format!(" {key}\n")), "padded {key}");
        }
    }

    #[test]
    fn names_are_left_alone() {
        for name in [
            "",
            "K",
            "$AZK",
            "${AZURE_OPENAI_API_KEY}",
            "my-key",
            "my-azure-openai-key",
            "AZURE_OPENAI_API_KEY",
            "AZURE_OPENAI_API_KEY_FOR_EASTUS2_PRODUCTION",
            "azure_openai_api_key",
            "AzureOpenAiApiKey",
            "AzureOpenAIApiKeyEastUs2Production",
            "AZUREOPENAIAPIKEY",
            "AZUREOPENAIAPIKEYPRODUCTION",
            "OPENAI_API_KEY_2024_11_BACKUP",
            "SK_LIVE_API_KEY",
            "sk_live_api_key",
            "env:AZURE_OPENAI_API_KEY",
            "GITHUB_COPILOT_TOKEN_V2",
            "key-vault-name",
            "AzureKey_EastUs2_Prod01",
            "MY_COMPANY_LLM_GATEWAY_V2_TOKEN",
        ] {
            assert!(!looks_like_secret(name), "{name}");
        }
    }
}
