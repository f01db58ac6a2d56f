//! Values: such as cannot work as they are, and such as differ between places. Only fingerprints are compared.
use super::draft::{Draft, at_process, at_setting, capital, place_of, spoken};
use super::{fixes, stale};
use crate::lineage::Up;
use crate::world::World;
use envsplit_model::{
    At, AtKind, Code, CodexSeen, KeyVerdict, Role, Setting, Severity, Sighting, Subject, Taint,
};

/// The value is there and cannot work, or only by luck.
pub(super) fn tainted(w: &World<'_>, place: usize, seen: &CodexSeen, name: &str) -> Option<Draft> {
    let key = seen.view.key.as_ref().filter(|k| k.is_present())?;
    let taint = *worst(&key.taints)?;
    // What the process would get today is clean: then it is older than the change.
    let via = w.lineage.chain(place).into_iter().find_map(|n| w.node(n).up?.via);
    let clean = via.filter(|v| w.sighting(*v, name).is_present() && w.sighting(*v, name).taints.is_empty());
    if seen.key_from_dotenv.is_none()
        && let Some(draft) = clean.and_then(|via| stale::changed(w, place, name, via))
    {
        return Some(draft);
    }
    if let Some(draft) = spoilt_on_the_way(w, place, seen, name) {
        return Some(draft);
    }
    let effect = match taint {
        Taint::Blank | Taint::NonUtf8 => "Codex says `Missing environment variable`",
        Taint::TrailingCr | Taint::ControlChar => "Codex then sends no Authorization header and says nothing",
        Taint::LeadingSpace | Taint::TrailingSpace => "Codex sends it with the space",
        _ => "the endpoint answers 401",
    };
    let severity = match (taint, seen.view.key_verdict) {
        (Taint::LeadingSpace | Taint::TrailingSpace, KeyVerdict::Padded) => Severity::Warning,
        _ => Severity::Error,
    };
    let source =
        seen.key_from_dotenv.as_ref().map(|s| At::file(AtKind::Source, &s.host, s.path.clone(), s.line));
    let setting = giving(w, place, name, key);
    let at = source.or_else(|| setting.map(|s| at_setting(w, AtKind::Source, s)));
    let set_at =
        at.as_ref().and_then(|a| Some(format!(", set at {},", place_of(w, a.path.as_ref()?, a.line?))));
    let mut draft = Draft::new(w, place, Code::EnvValueTainted, Subject::env(name))
        .severity(severity)
        .summary(format!(
            "The value of `{name}`{} {}: {effect}.",
            set_at.unwrap_or_default(),
            describe(taint)
        ))
        .evidence(format!("{} has it so", spoken(w, place)))
        .fixes(fixes::clean_value(w, at.as_ref(), taint, place, name))
        .at(at);
    // A place with a clean value shows that the fault is on the way, not at the source.
    let clean = |n: &usize| {
        !w.node(*n).predicted && w.sighting(*n, name).is_present() && w.sighting(*n, name).taints.is_empty()
    };
    let clean_shell = [w.lineage.typed].into_iter().chain(w.lineage.caller).find(clean);
    if let Some(witness) = clean_shell
        && let Some((to, up)) = first_fault(w, place, name)
    {
        draft = draft
            .witness(Some(w.id(witness)))
            .split_at(w, to, up)
            .at(at_process(w, place))
            .evidence(format!("{} has a clean value", spoken(w, witness)));
    }
    Some(draft)
}

/// The highest hop of a place's chain below which every place has a value with a fault.
fn first_fault(w: &World<'_>, place: usize, name: &str) -> Option<(usize, Up)> {
    let hops = w.lineage.chain(place).into_iter().filter_map(|n| Some((n, w.node(n).up?)));
    let faulty = |n: usize| w.sighting(n, name).is_present() && !w.sighting(n, name).taints.is_empty();
    hops.take_while(|(n, _)| *n == place || faulty(*n)).last()
}

/// A shell start on the way writes a blank over a value that was clean before it.
fn spoilt_on_the_way(w: &World<'_>, place: usize, seen: &CodexSeen, name: &str) -> Option<Draft> {
    let key = seen.view.key.as_ref().filter(|k| k.taints.contains(&Taint::Blank))?;
    let (to, up) = first_fault(w, place, name).filter(|_| seen.key_from_dotenv.is_none())?;
    let before = w.sighting(up.from, name);
    let start = w.node(up.via?).shell.as_ref()?.kind();
    if !before.is_present()
        || !before.taints.is_empty()
        || w.sighting(up.via?, name).agrees(key) != Some(true)
    {
        return None;
    }
    let line = w.giving(start, name)?;
    let label = w.node(up.from).label.clone();
    Some(
        Draft::new(w, place, Code::EnvLoginShellResets, Subject::env(name))
            .witness(Some(w.id(up.from)))
            .split_at(w, to, up)
            .at([at_setting(w, AtKind::Lost, line)])
            .at(at_process(w, place))
            .summary(format!(
                "{label} has `{name}`; {} has a blank in its place, which {} writes over it in `{}`.",
                spoken(w, place),
                place_of(w, &line.path, line.line),
                start.label()
            ))
            .evidence(format!("`{}`, run from the same environment, ends with the blank", start.label()))
            .evidence("Codex takes a blank for a missing variable")
            .fixes([fixes::drop_line(w, line, place), fixes::set_in_dotenv(w, place, name)]),
    )
}

fn worst(taints: &[Taint]) -> Option<&Taint> {
    const ORDER: &[Taint] = &[
        Taint::Blank,
        Taint::NonUtf8,
        Taint::TrailingCr,
        Taint::ControlChar,
        Taint::Placeholder,
        Taint::Quoted,
        Taint::Bom,
        Taint::LeadingSpace,
        Taint::TrailingSpace,
    ];
    ORDER.iter().find(|t| taints.contains(t))
}

fn describe(taint: Taint) -> &'static str {
    match taint {
        Taint::Blank => "is blank",
        Taint::TrailingCr => "ends with a carriage return (a file with Windows line ends)",
        Taint::ControlChar => "holds a control character",
        Taint::LeadingSpace => "begins with a space",
        Taint::TrailingSpace => "ends with a space",
        Taint::Quoted => "has quotation marks that belong to it",
        Taint::Bom => "begins with a byte-order mark",
        Taint::NonUtf8 => "is not UTF-8",
        Taint::Placeholder => "is a stand-in from a guide, not a key",
        Taint::Unknown => "has a fault",
    }
}

/// The line that gives a place its value: of the starts on its chain, and of what a person types in, the one whose
/// value is the same.
pub(super) fn giving<'a>(w: &World<'a>, place: usize, name: &str, value: &Sighting) -> Option<&'a Setting> {
    let on_chain = w.lineage.chain(place).into_iter().filter_map(|n| w.node(n).up?.via);
    on_chain
        .chain([w.lineage.typed])
        .chain((0..w.lineage.nodes.len()).filter(|n| w.node(*n).shell.is_some()))
        .filter(|n| w.sighting(*n, name).agrees(value) == Some(true))
        .find_map(|n| w.giving(w.node(n).shell.as_ref()?.kind(), name))
        .or_else(|| {
            let session = w.sighting(w.lineage.session, name).agrees(value) == Some(true);
            w.session_settings(name).last().copied().filter(|_| session)
        })
}

/// The key works, and is another one than elsewhere; or it works here only because the process is old.
pub(super) fn differs(w: &World<'_>, place: usize, seen: &CodexSeen, name: &str) -> Option<Draft> {
    let here = w.sighting(place, name);
    if !here.is_present() || seen.key_from_dotenv.is_some() {
        return None;
    }
    if let Some(removed) = stale::removed(w, place, name) {
        return Some(removed);
    }
    if w.lineage.is_caller(place) {
        return by_hand_over_file(w, place, name, &here);
    }
    let differing = |n: &usize| *n != place && w.sighting(*n, name).agrees(&here) == Some(false);
    let witness = [w.lineage.typed]
        .into_iter()
        .chain(w.lineage.caller)
        .find(|n| differing(n) && w.sighting(*n, name).is_present())?;
    if let Some(stale) = stale::changed(w, place, name, witness) {
        return Some(stale);
    }
    let up = w.node(place).up?;
    let first = w.lineage.chain(place).into_iter().rev().find_map(|n| {
        let up = w.node(n).up?;
        (w.sighting(n, name).agrees(&here) == Some(true)).then_some((n, up))
    });
    let (to, up) = first.unwrap_or((place, up));
    let theirs = giving(w, place, name, &here);
    let ours = giving(w, witness, name, &w.sighting(witness, name));
    Some(
        Draft::new(w, place, Code::EnvValueDiffers, Subject::env(name))
            .witness(Some(w.id(witness)))
            .split_at(w, to, up)
            .at(ours.map(|s| at_setting(w, AtKind::Source, s)))
            .at(theirs.filter(|s| ours != Some(*s)).map(|s| at_setting(w, AtKind::ShadowedBy, s)))
            .at(at_process(w, place))
            .summary(format!(
                "{} and {} have different values of `{name}`.",
                capital(&spoken(w, witness)),
                spoken(w, place)
            ))
            .evidence("the fingerprints of the two values differ")
            .fixes([fixes::one_source(w, ours, theirs, place)]),
    )
}

/// The caller has another value than every new shell: an export by hand over the file's.
fn by_hand_over_file(w: &World<'_>, place: usize, name: &str, here: &Sighting) -> Option<Draft> {
    let typed = w.lineage.typed;
    let file = w.sighting(typed, name);
    if !file.is_present() || file.agrees(here) != Some(false) {
        return None;
    }
    // Another place agrees with the caller: the difference is reported there.
    let agreed = w.lineage.codex_places().any(|n| {
        n != place
            && w.node(n).role != Role::Caller
            && !w.node(n).predicted
            && w.sighting(n, name).agrees(here) == Some(true)
    });
    if agreed {
        return None;
    }
    let up = w.node(place).up?;
    let setting = w.giving(w.node(typed).shell.as_ref()?.kind(), name);
    Some(
        Draft::new(w, place, Code::EnvValueDiffers, Subject::env(name))
            .witness(Some(w.id(typed)))
            .split_at(w, place, up)
            .at(setting.map(|s| at_setting(w, AtKind::Source, s)))
            .at(at_process(w, place))
            .summary(format!(
                "This terminal has another value of `{name}` than a new one would have: it was set by hand, or the file was changed since."
            ))
            .evidence("the fingerprints of the two values differ")
            .fixes([fixes::one_source(w, setting, None, place)]),
    )
}
