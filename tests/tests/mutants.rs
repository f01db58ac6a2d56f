//! The mutants of `scripts/mutants` are still about the rules as they are.
#![allow(clippy::disallowed_methods, reason = "the test reads the repository's own files")]

use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    id: String,
    rule: String,
    file: String,
    find: String,
    replace: String,
}

fn list() -> Vec<Mutant> {
    let list: List = toml::from_str(include_str!("../data/mutants.toml")).expect("the list is TOML");
    list.mutant
}

#[test]
fn every_mutant_applies() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/envsplit-codex/src");
    for mutant in list() {
        let text = std::fs::read_to_string(rules.join(&mutant.file)).unwrap();
        assert_eq!(text.matches(&mutant.find).count(), 1, "{}: {:?}", mutant.id, mutant.find);
        assert_ne!(mutant.find, mutant.replace, "{}", mutant.id);
    }
}

#[test]
fn every_mutant_has_a_name_and_a_rule_of_its_own() {
    let list = list();
    let ids: BTreeSet<_> = list.iter().map(|m| &m.id).collect();
    let changes: BTreeSet<_> = list.iter().map(|m| (&m.file, &m.find, &m.replace)).collect();
    assert_eq!((ids.len(), changes.len()), (list.len(), list.len()));
    assert!(list.iter().all(|m| !m.rule.is_empty()));
}
