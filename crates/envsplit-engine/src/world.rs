//! A lineage with what is known of each place: the view that the rules have.
use crate::lineage::{Lineage, Node, Up};
use envsplit_model::{
    CodexSeen, CodexView, EnvAccess, FileTimes, IdeSetting, Outcome, PlaceId, ProbeRequest, ProcessRecord,
    ProgramSeen, Reach, ScopedSetting, Setting, ShellSeen, Sighting, Snapshot, SourcesSeen, StartKind,
    StaticRead, TraceSeen,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A file counts as younger than a process only beyond this much: clocks of file systems tick coarsely.
const TICK: SignedDuration = SignedDuration::from_secs(1);

/// What a PATH leads to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnPath<'a> {
    Found(&'a ProgramSeen),
    Missing,
    NotLookedAt,
}

pub(crate) struct World<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) lineage: &'a Lineage,
    sightings: Vec<BTreeMap<String, Sighting>>,
    sources: Vec<&'a SourcesSeen>,
    scoped: Vec<&'a ScopedSetting>,
    unread: Vec<&'a (String, String)>,
    ide: Vec<&'a IdeSetting>,
}

impl<'a> World<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, lineage: &'a Lineage) -> Self {
        let mut sightings = vec![BTreeMap::new(); lineage.nodes.len()];
        let (mut sources, mut seen) = (vec![], vec![]);
        for (request, outcome) in &snapshot.outcomes {
            match (request, outcome) {
                (ProbeRequest::Sight { env, .. }, Outcome::Sighted { sightings: seen }) => {
                    for (at, _) in lineage.nodes.iter().enumerate().filter(|(_, n)| n.env == *env) {
                        sightings[at].extend(seen.clone());
                    }
                }
                (ProbeRequest::Sources { .. }, Outcome::Sources(seen)) => sources.push(seen),
                (ProbeRequest::Scoped { .. }, Outcome::Scoped(files)) => seen.push(files),
                _ => {}
            }
        }
        // The files that belong to no directory are read for each one that is asked for.
        let scoped = once(seen.iter().flat_map(|s| &s.settings));
        let unread = once(seen.iter().flat_map(|s| &s.unread));
        let ide = once(seen.iter().flat_map(|s| &s.ide));
        let mut world = Self { snapshot, lineage, sightings, sources, scoped, unread, ide };
        world.predict_without_shell();
        world.doubt_shells();
        world
    }

    /// A predicted IDE whose shell gives no answer goes on with its own environment (VS Code shellEnv.ts).
    fn predict_without_shell(&mut self) {
        for at in 0..self.lineage.nodes.len() {
            let Some(Up { from, via: Some(via), .. }) = self.node(at).up else { continue };
            let seen = self.shell(via);
            if self.node(at).predicted && seen.is_some_and(|s| !s.answered) {
                self.sightings[at] = self.sightings[from].clone();
            }
        }
    }

    /// What a shell exports after its start is in no process block but its children's: a shell that was started
    /// without a variable may have it by now.
    fn doubt_shells(&mut self) {
        use envsplit_model::Role::{IntegratedTerminal, Launcher, Terminal};
        for at in 0..self.lineage.nodes.len() {
            if matches!(self.node(at).role, IntegratedTerminal | Terminal | Launcher) {
                for sighting in self.sightings[at].values_mut().filter(|s| s.is_absent()) {
                    *sighting = Sighting::unknown(
                        "the shell was started without it; what it has exported since cannot be seen from outside",
                    );
                }
            }
        }
    }

    pub(crate) fn node(&self, at: usize) -> &'a Node {
        &self.lineage.nodes[at]
    }

    pub(crate) fn id(&self, at: usize) -> PlaceId {
        self.node(at).id.clone()
    }

    pub(crate) fn process(&self, at: usize) -> Option<&'a ProcessRecord> {
        let pid = self.node(at).pid?;
        self.snapshot.processes.iter().find(|p| p.pid == pid)
    }

    /// The names of all variables of a process place, where they could be read.
    pub(crate) fn names_of(&self, at: usize) -> Option<&'a [String]> {
        if self.lineage.is_caller(at) {
            return self.snapshot.caller.as_ref().map(|c| c.names.as_slice());
        }
        let process = self.process(at).filter(|p| p.env == EnvAccess::Read)?;
        Some(&process.names)
    }

    pub(crate) fn started(&self, at: usize) -> Option<Timestamp> {
        Some(self.process(at)?.started_at)
    }

    /// Why a place could not be looked at; `None` when it could.
    pub(crate) fn unobserved(&self, at: usize) -> Option<String> {
        let node = self.node(at);
        if node.shell.is_some() {
            return match self.shell(at) {
                Some(seen) if seen.answered => None,
                Some(seen) => Some(seen.failure.clone().unwrap_or_else(|| "it gave no answer".to_owned())),
                None if !self.shells_allowed() => Some("`--no-shells`: no start-up file was run".to_owned()),
                None => Some(self.unknown_reason(at).unwrap_or_else(|| "nothing needed it".to_owned())),
            };
        }
        match self.process(at).map(|p| &p.env) {
            Some(EnvAccess::Denied) => Some("this user may not read its environment".to_owned()),
            Some(EnvAccess::Failed { reason }) => Some(reason.clone()),
            Some(EnvAccess::NotAsked) if !self.lineage.is_caller(at) => Some("not looked at".to_owned()),
            _ => None,
        }
    }

    fn unknown_reason(&self, at: usize) -> Option<String> {
        let asked = self.node(at).shell.clone()?;
        match self.snapshot.outcome(&ProbeRequest::Shell(asked))? {
            Outcome::Unknown { reason } => Some(reason.clone()),
            _ => None,
        }
    }

    pub(crate) fn shells_allowed(&self) -> bool {
        self.snapshot.caller.as_ref().is_none_or(|c| c.shells_allowed)
    }

    /// What running a shell place showed.
    pub(crate) fn shell(&self, at: usize) -> Option<&'a ShellSeen> {
        let asked = self.node(at).shell.clone()?;
        match self.snapshot.outcome(&ProbeRequest::Shell(asked))? {
            Outcome::Shell(seen) => Some(seen),
            _ => None,
        }
    }

    /// What tracing the start of a shell place for a variable showed.
    pub(crate) fn trace(&self, at: usize, name: &str) -> Option<&'a TraceSeen> {
        let start = self.node(at).shell.as_ref()?;
        self.snapshot.outcomes.iter().find_map(|(request, outcome)| match (request, outcome) {
            (ProbeRequest::Trace(asked), Outcome::Trace(seen))
                if asked.start == *start && asked.names.iter().any(|n| n == name) =>
            {
                Some(seen)
            }
            _ => None,
        })
    }

    pub(crate) fn sightings(&self, at: usize) -> &BTreeMap<String, Sighting> {
        &self.sightings[at]
    }

    pub(crate) fn sighting(&self, at: usize, name: &str) -> Sighting {
        self.sightings[at].get(name).cloned().unwrap_or_else(|| {
            Sighting::unknown(self.unobserved(at).unwrap_or_else(|| "not looked at".to_owned()))
        })
    }

    pub(crate) fn codex(&self, at: usize) -> Option<&'a CodexSeen> {
        let asked = self.node(at).codex.clone()?;
        let base = || match (&self.node(at).env, self.node(at).up?) {
            // A predicted IDE whose shell gave no answer runs with its own environment.
            (envsplit_model::EnvRef::Overlay { base, .. }, _) => {
                Some(ProbeRequest::Codex(envsplit_model::CodexAsked {
                    env: (**base).clone(),
                    ..asked.clone()
                }))
            }
            _ => None,
        };
        match self.snapshot.outcome(&ProbeRequest::Codex(asked.clone())) {
            Some(Outcome::Codex(seen)) => Some(seen),
            _ => match self.snapshot.outcome(&base()?)? {
                Outcome::Codex(seen) => Some(seen),
                _ => None,
            },
        }
    }

    /// The Codex of a new terminal, where its home is another than the caller's.
    pub(crate) fn typed_codex(&self) -> Option<&'a CodexView> {
        let asked = crate::wants::typed_codex(self.snapshot, self.lineage)?;
        match self.snapshot.outcome(&ProbeRequest::Codex(asked))? {
            Outcome::Codex(seen) => Some(&seen.view),
            _ => None,
        }
    }

    /// What reading the files of one kind of start showed: of the answers, the one with the most names.
    pub(crate) fn read(&self, kind: StartKind) -> impl Iterator<Item = &'a StaticRead> + '_ {
        self.sources.iter().flat_map(|s| &s.starts).filter(move |r| r.kind == kind).map(|r| &r.read)
    }

    /// Every kind of start that was read for.
    pub(crate) fn starts(&self) -> Vec<StartKind> {
        let mut starts: Vec<StartKind> =
            self.sources.iter().flat_map(|s| &s.starts).map(|r| r.kind).collect();
        starts.sort();
        starts.dedup();
        starts
    }

    /// The lines that touch `name`, as one kind of start comes to them.
    pub(crate) fn settings(&self, kind: StartKind, name: &str) -> Vec<&'a Setting> {
        let mut all: Vec<&Setting> = vec![];
        for setting in self.read(kind).flat_map(|r| &r.settings).filter(|s| s.name == name) {
            if !all.contains(&setting) {
                all.push(setting);
            }
        }
        all
    }

    /// The line that gives `name` its value in one kind of start: the last exporting one that is reached, else the
    /// last that a condition decides.
    pub(crate) fn giving(&self, kind: StartKind, name: &str) -> Option<&'a Setting> {
        let settings = self.settings(kind, name);
        let exports = |s: &&Setting| s.how.exports() || s.how == envsplit_model::How::ExportOnly;
        let exported_later = settings.iter().any(|s| exports(s) && s.reach == Reach::Reached);
        let gives =
            |s: &&&Setting| s.how.exports() || (exported_later && s.how == envsplit_model::How::Assignment);
        let reached = settings.iter().filter(gives).rfind(|s| s.reach == Reach::Reached);
        let maybe = || settings.iter().filter(gives).rfind(|s| matches!(s.reach, Reach::Conditional { .. }));
        reached.or_else(maybe).copied()
    }

    /// Session-wide files that set `name`.
    pub(crate) fn session_settings(&self, name: &str) -> Vec<&'a Setting> {
        let mut all: Vec<&Setting> = vec![];
        for s in self.sources.iter().flat_map(|s| &s.session).filter(|s| s.name == name) {
            if !all.contains(&s) {
                all.push(s);
            }
        }
        all
    }

    /// Lines of well-known start-up files that set `name`, whether any start reads them or not.
    pub(crate) fn well_known(&self, name: &str) -> Vec<&'a Setting> {
        self.sources
            .iter()
            .flat_map(|s| &s.well_known)
            .filter(|s| s.name == name && s.how.exports())
            .collect()
    }

    /// Lines that set `name` in files that are no start-up file, or let it pass, in the order in which they apply.
    pub(crate) fn scoped(&self, name: &str) -> impl Iterator<Item = &'a ScopedSetting> + '_ {
        let name = name.to_owned();
        self.scoped.iter().copied().filter(move |s| s.setting.name == name)
    }

    /// The settings of this key that count for a place, by the IDE that it belongs to; the last one wins.
    pub(crate) fn ide_setting(&self, at: usize, key: &str) -> Option<&'a IdeSetting> {
        let product = self.product(at);
        let own =
            |s: &&IdeSetting| s.product.is_none() || product.is_none() || s.product.as_deref() == product;
        self.ide.iter().copied().filter(|s| s.key == key).rfind(own)
    }

    /// Such files that could not be read, with the reason.
    pub(crate) fn unread(&self) -> impl Iterator<Item = &'a (String, String)> + '_ {
        self.unread.iter().copied()
    }

    /// What the PATH of a place leads to for `name`.
    pub(crate) fn program(&self, at: usize, name: &str) -> OnPath<'a> {
        let answer = self.snapshot.outcomes.iter().find_map(|(request, outcome)| match (request, outcome) {
            (ProbeRequest::Programs { env, names }, Outcome::Programs { found })
                if *env == self.node(at).env && names.iter().any(|n| n == name) =>
            {
                Some(found.get(name).map_or(OnPath::Missing, OnPath::Found))
            }
            _ => None,
        });
        answer.unwrap_or(OnPath::NotLookedAt)
    }

    /// The IDE to which a place belongs, where its product is known.
    pub(crate) fn product(&self, at: usize) -> Option<&'static str> {
        use envsplit_model::Role::{ExtensionHost, IdeMain, IdeServer};
        let ide = |n: &usize| matches!(self.node(*n).role, IdeMain | IdeServer | ExtensionHost);
        let label = &self.node(self.lineage.chain(at).into_iter().find(ide)?).label;
        let names = crate::products::PRODUCTS.iter().map(|p| p.name);
        names.filter(|n| label.contains(n)).max_by_key(|n| n.len())
    }

    /// Whether files with these times may have changed after `started`.
    pub(crate) fn younger(times: Option<FileTimes>, started: Timestamp) -> bool {
        let limit = started.checked_add(TICK).unwrap_or(started);
        times.is_some_and(|t| t.latest() > limit)
    }

    /// The host of paths, as shown to people: the caller's home, or the session's, is `~`.
    pub(crate) fn shown(&self, path: &str) -> String {
        let caller = self.snapshot.caller.as_ref().map(|c| &c.structural);
        let home = caller.unwrap_or(&self.snapshot.session.structural).get("HOME");
        envsplit_model::text::tilde(&envsplit_model::text::shown(path), home.map(String::as_str))
    }
}

/// Each item once, at its first place.
fn once<'a, T: PartialEq>(items: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
    items.fold(vec![], |mut all, item| {
        if !all.contains(&item) {
            all.push(item);
        }
        all
    })
}
