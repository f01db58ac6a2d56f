//! A session that was started without a login shell: what `~/.profile` sets is in text logins and in no program of the
//! session.
use super::draft::{Draft, at_process, at_setting};
use super::fixes;
use super::loss::Loss;
use crate::world::World;
use envsplit_model::{AtKind, Code, Setting};

/// Files that only a login shell reads.
const LOGIN_FILES: &[&str] =
    &["/.profile", "/.bash_profile", "/.bash_login", "/.zprofile", "/.zlogin", "/etc/profile"];

/// Explains a loss right below the session: the session was asked and lacks it, is younger than the login file that sets
/// it, and no shell ran between it and the process (`proof`).
pub(super) fn explain(w: &World<'_>, loss: &Loss<'_>, line: &Setting, proof: &str) -> Option<Draft> {
    let session = w.lineage.session;
    let login = LOGIN_FILES.iter().any(|f| line.path.ends_with(f));
    let asked = !w.node(session).predicted && w.sighting(session, loss.name).is_absent();
    let oldest = oldest_of_session(w, loss.to)?;
    if loss.up.from != session || !login || !asked || World::younger(line.times, oldest) {
        return None;
    }
    Some(
        loss.draft(w, Code::EnvSessionSkipsProfile)
            .at([at_setting(w, AtKind::Source, line)])
            .at(at_process(w, loss.to))
            .summary(format!(
                "{} {} sets it, which only a login shell reads, and the session was started without one.",
                loss.opening(w),
                w.shown(&line.path)
            ))
            .evidence(format!("{} has it not", w.node(session).label))
            .evidence("the file was last changed before the session began")
            .evidence(proof.to_owned())
            .fixes([fixes::set_in_dotenv(w, loss.place, loss.name), fixes::environment_d(w, loss.name)]),
    )
}

/// When the oldest of the user's processes above a place started: the session is as old at least.
fn oldest_of_session(w: &World<'_>, place: usize) -> Option<jiff::Timestamp> {
    let find = |pid: u32| w.snapshot.processes.iter().find(|p| p.pid == pid && p.uid == w.snapshot.uid);
    let mut at = w.process(place)?;
    let mut oldest = at.started_at;
    for _ in 0..256 {
        let Some(up) = find(at.ppid).filter(|p| p.pid != at.pid) else { break };
        oldest = oldest.min(up.started_at);
        at = up;
    }
    Some(oldest)
}
