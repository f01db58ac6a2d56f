//! Names that are easily taken for one another.

/// Names under which guides and tools keep the key of one and the same endpoint. Microsoft's guide for Codex names
/// one in `config.toml` and exports another.
const FAMILY: &[&str] =
    &["AZURE_OPENAI_API_KEY", "OPENAI_API_KEY", "AZURE_API_KEY", "AZURE_OPENAI_KEY", "AZURE_OPENAI_APIKEY"];

/// How `other` may have been meant for `wanted`: in the words of the report. `None` when it is the same name or has
/// nothing to do with it.
pub(crate) fn likeness(wanted: &str, other: &str) -> Option<&'static str> {
    if wanted == other {
        None
    } else if wanted.eq_ignore_ascii_case(other) {
        Some("differs in upper and lower case only")
    } else if wanted.len() > 4 && one_edit(wanted, other) {
        Some("is one letter away")
    } else if FAMILY.contains(&wanted) && FAMILY.contains(&other) {
        Some("is the name that other guides use; Codex does not take one for the other")
    } else {
        None
    }
}

/// Whether one insertion, deletion, substitution or swap of neighbours turns `a` into `b`. Numbers are no letters:
/// `KEY_1` and `KEY_2` are two keys.
fn one_edit(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let prefix = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let suffix = a[prefix..].iter().rev().zip(b[prefix..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (left, right) = (&a[prefix..a.len() - suffix], &b[prefix..b.len() - suffix]);
    if left.iter().chain(right).any(char::is_ascii_digit) {
        return false;
    }
    match (left, right) {
        ([_] | [], [_]) | ([_], []) => true,
        ([x, y], [u, v]) => x == v && y == u,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::likeness;

    #[test]
    fn only_near_names_are_alike() {
        let k = "AZURE_OPENAI_API_KEY";
        for other in
            ["azure_openai_api_key", "AZURE_OPENAI_API_KEYS", "AZURE_OPENA_API_KEY", "AZURE_OPNEAI_API_KEY"]
        {
            assert!(likeness(k, other).is_some(), "{other}");
        }
        assert!(likeness(k, "OPENAI_API_KEY").is_some());
        for other in [k, "AZURE_OPENAI_ENDPOINT", "GITHUB_TOKEN", "AZURE_OPENAI_API_KEY_WEST"] {
            assert!(likeness(k, other).is_none(), "{other}");
        }
        assert!(likeness("TEAM_KEY_1", "TEAM_KEY_2").is_none());
        assert!(likeness("KEY", "KEYS").is_none(), "short names are too easily near");
    }
}
