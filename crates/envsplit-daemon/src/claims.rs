//! What editors say about their own processes. A claim is bound to the connection's process, which the system names,
//! and to one of its ancestors; it is laid beside what the system says, never over it, and goes with the process.
use envsplit_ipc::protocol::{ObservePush, SettingClaim};
use envsplit_model::{EditorSays, EditorSetting, Report};
use envsplit_system::Standing;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most processes about which something is claimed.
const MOST: usize = 64;

struct Claim {
    said_by: u32,
    what: ObservePush,
}

/// Claims by the process that they are about.
#[derive(Default)]
pub(crate) struct Claims(Mutex<HashMap<u32, Claim>>);

impl Claims {
    fn all(&self) -> MutexGuard<'_, HashMap<u32, Claim>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a claim of the process `said_by`, or says why not.
    pub(crate) fn take(&self, what: ObservePush, said_by: u32, standing: &Standing) -> Result<(), String> {
        if !standing.is_in_ancestry(what.about_pid, said_by) {
            return Err(format!(
                "process {} is neither the peer ({said_by}) nor one that it comes from",
                what.about_pid
            ));
        }
        let mut all = self.all();
        if all.len() >= MOST && !all.contains_key(&what.about_pid) {
            return Err(format!("claims about {MOST} processes are there already"));
        }
        all.insert(what.about_pid, Claim { said_by, what });
        Ok(())
    }

    /// Takes a claim back; says whether there was one of this process.
    pub(crate) fn withdraw(&self, about: u32, said_by: u32) -> bool {
        let mut all = self.all();
        all.get(&about).is_some_and(|c| c.said_by == said_by) && all.remove(&about).is_some()
    }

    /// Forgets all that a process said, with its connection; says whether there was any.
    pub(crate) fn forget(&self, said_by: u32) -> bool {
        let mut all = self.all();
        let before = all.len();
        all.retain(|_, c| c.said_by != said_by);
        all.len() != before
    }

    /// Forgets what ended processes said; says whether there was any.
    pub(crate) fn forget_gone(&self, standing: &Standing) -> bool {
        let mut all = self.all();
        let before = all.len();
        all.retain(|about, c| standing.is_in_ancestry(*about, c.said_by));
        all.len() != before
    }

    /// Lays what is claimed beside what was seen.
    pub(crate) fn lay_over(&self, report: &mut Report, standing: &Standing) {
        let all = self.all();
        for place in &mut report.places {
            let Some(claim) = place.process.as_ref().and_then(|p| all.get(&p.pid)) else { continue };
            let names: Vec<&str> = place.env.keys().map(String::as_str).collect();
            // The peer was given its parent's environment as it was then: the system says what that is.
            let env = standing.sightings(claim.said_by, &names);
            place.editor = Some(says(claim, env.into_iter().collect()));
        }
    }
}

fn says(claim: &Claim, env: std::collections::BTreeMap<String, envsplit_model::Sighting>) -> EditorSays {
    let what = &claim.what;
    let text = |v: serde_json::Value| v.as_str().map(str::to_owned).unwrap_or_default();
    let setting = |s: &SettingClaim| EditorSetting {
        value: s.value.as_ref().and_then(|v| serde_json::to_value(v).ok()),
        scope: serde_json::to_value(s.scope).map(text).unwrap_or_default(),
    };
    EditorSays {
        app: what.editor.app.clone(),
        version: what.editor.version.clone(),
        remote_name: what.editor.remote_name.clone(),
        said_by: claim.said_by,
        env,
        settings: what.settings.iter().map(|(n, s)| (n.clone(), setting(s))).collect(),
        extension_version: what.extension.as_ref().map(|e| e.version.clone()),
        extension_codex: what.extension.as_ref().and_then(|e| e.codex.clone()),
    }
}
