//! "It worked yesterday": what changed between looks, since when something fails, and which change is named first.
#![allow(clippy::unwrap_used)] // the helpers of tests fail as tests do
mod looks;

use envsplit_engine::history::changes;
use envsplit_model::history::{Change, What};
use envsplit_model::{
    At, AtKind, Code, Fingerprint, PlaceId, Report, Role, Sighting, Subject, Taint, Verdict,
};
use looks::{Book, CONFIG, KEY, RC, at, failing_with, fine, linux, lost, process, set, set_at, time};
use proptest::prelude::*;

fn kinds(before: &Report, after: &Report) -> Vec<String> {
    let told = changes(before, after);
    let kind = |c: &Change| serde_json::to_value(c).unwrap()["kind"].as_str().unwrap().to_owned();
    told.iter().map(kind).collect()
}

fn with(change: impl FnOnce(&mut Report)) -> Report {
    let mut report = fine(10);
    change(&mut report);
    report
}

#[test]
fn each_kind_of_change_is_told_once() {
    let codex = |change: fn(&mut envsplit_model::CodexView)| {
        with(|r| change(at(r, Role::CodexAppServer).codex.as_mut().unwrap()))
    };
    let env = |sighting: Sighting| with(|r| drop(at(r, Role::IdeServer).env.insert(KEY.into(), sighting)));
    for (after, wanted) in [
        (fine(10), vec![]),
        (env(Sighting::absent()), vec!["variable-vanished"]),
        (env(set("01")), vec!["variable-changed"]),
        (env(Sighting { taints: vec![Taint::TrailingCr], ..set("00") }), vec!["taints-changed"]),
        (env(Sighting::unknown("denied")), vec!["variable-unknown"]),
        (env(Sighting::unknown("not looked at")), vec![]),
        (env(Sighting::present(Fingerprint::new("other", "77"), vec![])), vec![]),
        (with(|r| at(r, Role::IdeServer).env.clear()), vec![]),
        (
            with(|r| drop(at(r, Role::Shell).env.insert(KEY.into(), set_at("00", 119)))),
            vec!["sources-changed"],
        ),
        (with(|r| r.places.push(process(Role::CodexCli, 30))), vec!["place-appeared"]),
        (with(|r| r.places.retain(|p| p.role != Role::IdeServer)), vec!["place-gone"]),
        (with(|r| r.places.retain(|p| p.role != Role::Shell)), vec![]),
        (with(|r| at(r, Role::IdeServer).process.as_mut().unwrap().pid = 99), vec!["place-restarted"]),
        (codex(|c| c.home = Some("/other".into())), vec!["codex-home-changed"]),
        (codex(|c| c.layers[0].version = "sha256:1".into()), vec!["config-layer-changed"]),
        (codex(|c| c.values.clear()), vec!["config-value-changed"]),
        (codex(|c| c.provider = None), vec!["provider-changed"]),
        (codex(|c| c.env_key = Some("OTHER".into())), vec!["env-key-changed"]),
        (codex(|c| c.key_verdict = envsplit_model::KeyVerdict::Missing), vec!["key-verdict-changed"]),
        (codex(|c| *c = envsplit_model::CodexView::unknown("denied")), vec![]),
        (
            codex(|c| {
                c.unknown.push("a layer".into());
                c.values.clear();
                c.layers.clear();
            }),
            vec![],
        ),
        (with(|r| r.verdict = Verdict::Undetermined), vec!["verdict-changed"]),
        (
            failing_with(fine(10), Code::EnvUnexplained, Subject::env(KEY), vec![]),
            vec!["finding-appeared", "verdict-changed"],
        ),
        (
            with(|r| {
                let mut own = process(Role::Caller, 7);
                own.env.clear();
                r.places.push(own);
            }),
            vec![],
        ),
    ] {
        assert_eq!(kinds(&fine(10), &after), wanted);
    }
    let none = env(Sighting::absent());
    assert_eq!(kinds(&none, &fine(10)), ["variable-appeared"]);
}

#[test]
fn what_changed_while_nobody_could_see_it_is_told_afterwards() {
    let seen = |sighting: Sighting| with(|r| drop(at(r, Role::IdeServer).env.insert(KEY.into(), sighting)));
    let mut book = Book::of(&[(0, fine(10)), (1, seen(Sighting::unknown("denied")))]);
    assert_eq!(book.look(time(2), &seen(Sighting::unknown("denied"))), vec![], "once");
    let told = book.look(time(3), &seen(set("01")));
    assert!(matches!(told[0].what, What::VariableChanged { .. }), "{told:?}");
    let mut book = Book::of(&[(0, fine(10)), (1, seen(Sighting::unknown("denied")))]);
    assert_eq!(book.look(time(3), &fine(10)), vec![], "it is as it was");
}

#[test]
fn several_processes_of_one_key_keep_apart() {
    let many = |pids: &[u32]| with(|r| r.places.extend(pids.iter().map(|pid| process(Role::CodexCli, *pid))));
    assert_eq!(kinds(&many(&[50, 51, 52]), &many(&[52, 50])), ["place-gone"]);
    assert_eq!(kinds(&many(&[50, 51]), &many(&[51, 60])), ["place-restarted"]);
    assert_eq!(kinds(&many(&[50]), &many(&[50, 60])), ["place-appeared"]);
    let other = |mut report: Report| {
        let last = report.places.last_mut().unwrap();
        last.env.insert(KEY.into(), set("01"));
        report
    };
    assert_eq!(kinds(&many(&[50, 51]), &other(many(&[50, 51]))), ["variable-changed"]);
}

#[test]
fn the_fault_and_the_last_good_look_have_times() {
    let failing =
        Book::of(&[(0, fine(10)), (60, fine(10)), (72, lost(fine(10))), (90, lost(fine(10)))]).one();
    assert_eq!((failing.since, failing.last_consistent_at), (time(72), Some(time(60))));
    assert_eq!(failing.role, Some(Role::CodexAppServer), "it is Codex that people look at");
    assert_eq!(failing.subject, Subject::env(KEY));
}

#[test]
fn a_fault_as_old_as_the_journal_has_no_culprit() {
    let failing = Book::of(&[(0, lost(fine(10))), (5, lost(with(|_| {})))]).one();
    assert_eq!((failing.since, failing.last_consistent_at, failing.culprits.len()), (time(-1), None, 0));
}

#[test]
fn a_fault_that_went_and_came_back_is_as_old_as_its_last_coming() {
    let looks = [(0, fine(10)), (1, lost(fine(10))), (2, fine(10)), (3, lost(fine(10)))];
    let failing = Book::of(&looks).one();
    assert_eq!((failing.since, failing.last_consistent_at), (time(3), Some(time(2))));
    assert!(Book::of(&looks[..3]).failing().is_empty());
}

#[test]
fn closing_the_ide_mends_nothing() {
    let closed = with(|r| {
        r.places.truncate(1);
        r.hops.clear();
    });
    let looks = [(0, fine(10)), (5, lost(fine(10))), (6, closed.clone()), (90, lost(fine(80)))];
    let failing = Book::of(&looks).one();
    assert_eq!((failing.since, failing.last_consistent_at), (time(5), Some(time(0))));
    let looks = [(7, fine(5)), (8, closed), (90, lost(fine(80)))];
    let failing = Book::of(&looks).one();
    assert_eq!(
        (failing.since, failing.last_consistent_at),
        (time(90), Some(time(7))),
        "its former life was in order"
    );
}

#[test]
fn the_same_trouble_under_another_name_goes_on() {
    let other = failing_with(fine(10), Code::EnvStaleProcess, Subject::env(KEY), vec![]);
    let failing = Book::of(&[(0, fine(10)), (5, other), (9, lost(fine(10)))]).one();
    assert_eq!((failing.code.as_str(), failing.last_consistent_at), ("env/rc-early-return", Some(time(0))));
}

#[test]
fn a_place_that_could_not_be_seen_was_not_in_order() {
    let dark = with(|r| {
        at(r, Role::ExtensionHost).env.insert(KEY.into(), Sighting::unknown("denied"));
        r.verdict = Verdict::Undetermined;
    });
    let failing = Book::of(&[(0, fine(10)), (3, fine(10)), (5, dark.clone()), (9, lost(fine(10)))]).one();
    assert_eq!((failing.since, failing.last_consistent_at), (time(9), Some(time(3))));
    let book = Book::of(&[(0, lost(fine(10))), (5, dark)]);
    assert!(book.failing().is_empty(), "what cannot be seen now is not said to fail now");
    assert!(book.entries.iter().all(|c| !matches!(c.what, What::FindingGone { .. })), "nor to be mended");
}

/// A look that fails, whose finding is at `.bashrc:6`, after `change`.
fn first_culprit(before: Report, after: Report) -> (Change, String) {
    let culprits = Book::of(&[(60, before), (70, after)]).one().culprits;
    (culprits[0].change.clone(), culprits[0].why.clone())
}

#[test]
fn the_line_of_the_finding_goes_first() {
    let mut after = lost(fine(10));
    at(&mut after, Role::Shell).env.insert(KEY.into(), set_at("00", 6));
    at(&mut after, Role::CodexAppServer).codex.as_mut().unwrap().layers[0].version = "sha256:2".into();
    let (change, why) = first_culprit(fine(10), after);
    assert!(matches!(change.what, What::SourcesChanged { .. }), "{change:?}");
    assert!(why.contains("/home/u/.bashrc:6"), "{why}");
}

#[test]
fn a_change_before_the_process_started_anew_counts() {
    // At 20 the shell loses it; the IDE, started at 10, still has it, until it is started anew at 80.
    let mut edited = fine(10);
    at(&mut edited, Role::Shell).env.insert(KEY.into(), Sighting::absent());
    let mut after = lost(fine(80));
    at(&mut after, Role::Shell).env.insert(KEY.into(), Sighting::absent());
    let failing = Book::of(&[(15, fine(10)), (20, edited.clone()), (70, edited), (90, after)]).one();
    assert_eq!(failing.last_consistent_at, Some(time(70)));
    let first = &failing.culprits[0];
    assert_eq!(
        (first.change.at, first.change.role),
        (time(20), Some(Role::Shell)),
        "{:#?}",
        failing.culprits
    );
    assert!(failing.culprits.iter().any(|c| matches!(c.change.what, What::PlaceRestarted { .. })));
}

#[test]
fn a_fault_of_the_config_is_blamed_on_the_config() {
    let line = At::file(AtKind::Read, &linux(), CONFIG, Some(3));
    let mut after =
        failing_with(fine(10), Code::ConfigProviderNotFound, Subject::config("model"), vec![line]);
    let codex = at(&mut after, Role::CodexAppServer).codex.as_mut().unwrap();
    codex.values.get_mut("model").unwrap().value = "other".into();
    codex.layers[0].version = "sha256:other".into();
    at(&mut after, Role::IdeServer).env.insert(KEY.into(), set("01"));
    let (change, _) = first_culprit(fine(10), after);
    assert!(matches!(change.what, What::ConfigValueChanged { .. }), "{change:?}");
}

/// Something that happens on a machine and has nothing to do with the fault.
fn noise(kind: u8, n: u32) -> impl FnOnce(&mut Report) {
    move |report| match kind {
        0 => report.places.push(process(Role::CodexCli, 1000 + n)),
        1 => drop(at(report, Role::Shell).env.insert("EDITOR".into(), set(&n.to_string()))),
        2 => drop(at(report, Role::IdeServer).env.insert("HTTP_PROXY".into(), set(&n.to_string()))),
        3 => {
            at(report, Role::CodexAppServer).codex.as_mut().unwrap().layers[0].version =
                format!("sha256:{n}");
        }
        4 => drop(at(report, Role::CodexAppServer).codex.as_mut().unwrap().version.replace(format!("0.{n}"))),
        5 => report.places.push(process(Role::Terminal, 2000 + n)),
        _ => {
            at(report, Role::CodexAppServer).codex.as_mut().unwrap().values.get_mut("model").unwrap().value =
                n.into();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Among any noise, before it and in the same look, the change that did it is named first.
    #[test]
    fn the_culprit_among_noise_is_first(
        before in prop::collection::vec((0_u8..7, 0_u32..50), 0..12),
        beside in prop::collection::vec((0_u8..7, 50_u32..99), 0..6),
        culprit in 0_u8..4,
    ) {
        let mut book = Book::default();
        let mut state = fine(10);
        let mut minute = 60;
        book.look(time(minute), &state);
        for (kind, n) in before {
            noise(kind, n)(&mut state);
            minute += 1;
            book.look(time(minute), &state);
        }
        for (kind, n) in beside {
            noise(kind, n)(&mut state);
        }
        let mut after = lost(state.clone());
        let shell = at(&mut after, Role::Shell);
        match culprit {
            0 => drop(shell.env.insert(KEY.into(), Sighting::absent())),
            1 => drop(shell.env.insert(KEY.into(), set_at("00", 6))),
            2 => drop(at(&mut after, Role::IdeServer).env.insert(KEY.into(), Sighting::absent())),
            _ => {
                let mut written = [Change {
                    seq: 0, look: 0, at: time(minute), unchanged_at: None, unwatched: false, place: None,
                    host: Some(linux()), role: None, label: None, pid: None,
                    what: What::FileChanged { path: RC.into() }, note: None,
                }];
                book.number(&mut written);
            }
        }
        book.look(time(minute + 1), &after);
        let culprits = book.one().culprits;
        let first = &culprits[0];
        let right = match (&first.change.what, culprit) {
            (What::VariableVanished { name, .. }, 0) => name == KEY && first.change.role == Some(Role::Shell),
            (What::SourcesChanged { name, .. }, 1) => name == KEY,
            (What::VariableVanished { name, .. }, 2) => name == KEY && first.change.role == Some(Role::IdeServer),
            (What::FileChanged { path }, 3) => path == RC,
            _ => false,
        };
        prop_assert!(right, "{culprit}: {culprits:#?}");
        let unrelated = |p: &Option<PlaceId>| p.as_ref().is_some_and(|p| p.0.contains("codex-cli") || p.0.contains("process/terminal"));
        let last = culprits.iter().position(|c| unrelated(&c.change.place));
        prop_assert!(last.is_none_or(|at| culprits[at..].iter().all(|c| unrelated(&c.change.place))), "the unrelated last");
    }
}
