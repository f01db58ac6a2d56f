//! A start that takes longer than the IDE waits for it.
use super::draft::{Draft, at_ide_setting, at_process, at_setting, place_of};
use super::loss::Loss;
use super::{fixes, traced};
use crate::world::World;
use envsplit_model::{At, AtKind, Code, IdeSetting, Rule, Setting, ShellAsked};
use std::time::Duration;

/// How long VS Code waits for the start, and the setting that says so (shellEnv.ts: 10 s, 1 to 120 by the setting).
pub(super) fn limit<'a>(w: &World<'a>, loss: &Loss<'_>) -> (f64, Option<&'a IdeSetting>) {
    let setting = w.ide_setting(loss.to, "application.shellEnvironmentResolutionTimeout");
    let seconds = setting.and_then(|s| s.value.parse::<f64>().ok()).map(|s| s.clamp(1.0, 120.0));
    (seconds.unwrap_or(10.0), setting.filter(|_| seconds.is_some()))
}

/// The start answers, and takes longer than the IDE waits.
pub(super) fn too_slow(w: &World<'_>, loss: &Loss<'_>, via: usize, line: Option<&Setting>) -> Option<Draft> {
    let (limit, setting) = limit(w, loss);
    let took = Duration::from_millis(w.shell(via)?.took_ms).as_secs_f64();
    if loss.up.rule != Rule::IdeShellResolution || took < limit {
        return None;
    }
    let label = w.node(via).shell.as_ref().map(ShellAsked::label)?;
    let said = setting.map_or_else(String::new, |s| format!(" ({})", place_of(w, &s.path, s.line)));
    let draft = loss
        .draft(w, Code::EnvShellProbeFailed)
        .at(line.map(|s| at_setting(w, AtKind::Source, s)))
        .at(setting.map(|s| at_ide_setting(w, AtKind::Lost, s)))
        .at(at_process(w, loss.to))
        .summary(format!(
            "{} The IDE gives its `{label}` {limit} s{said}, it takes {took:.1} s, and the IDE goes on without.",
            loss.opening(w)
        ))
        .evidence(format!("`{label}`, run from the same environment, ends with it after {took:.1} s"))
        .fixes(setting.map(|s| fixes::wait_longer(w, loss, s, took)))
        .fixes([fixes::set_in_dotenv(w, loss.place, loss.name)]);
    let (slow, question) = traced::slowest(w, via, loss.name);
    let draft = draft.doubt(question);
    Some(match slow {
        Some(slow) => draft
            .at([At::file(AtKind::Lost, &w.snapshot.host, slow.path.clone(), Some(slow.line))])
            .evidence(format!(
                "seen by tracing `{label}`: {} takes {:.1} s, longer than any other line",
                place_of(w, &slow.path, slow.line),
                Duration::from_micros(slow.micros).as_secs_f64()
            )),
        None => draft,
    })
}
