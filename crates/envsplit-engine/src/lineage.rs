//! Lineage: the places of a host and the hops between them, from the process table and the session.
mod build;

use envsplit_model::{
    CodexAsked, EnvRef, PlaceId, PlaceKind, ProcessRecord, Role, Rule, ShellAsked, Snapshot,
};

/// A place in the making.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) id: PlaceId,
    pub(crate) key: PlaceId,
    pub(crate) kind: PlaceKind,
    pub(crate) role: Role,
    pub(crate) label: String,
    pub(crate) predicted: bool,
    pub(crate) pid: Option<u32>,
    /// Where its environment can be asked for.
    pub(crate) env: EnvRef,
    /// Where its environment comes from.
    pub(crate) up: Option<Up>,
    /// The Codex that runs, or would run, here.
    pub(crate) codex: Option<CodexAsked>,
    /// For a shell place: the start.
    pub(crate) shell: Option<ShellAsked>,
}

/// The hop that leads to a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Up {
    /// The place before.
    pub(crate) from: usize,
    pub(crate) rule: Rule,
    /// The shell start whose result the hop brings in.
    pub(crate) via: Option<usize>,
}

/// All places and hops of a snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Lineage {
    pub(crate) nodes: Vec<Node>,
    pub(crate) session: usize,
    /// What a person types in.
    pub(crate) typed: usize,
    /// The calling process.
    pub(crate) caller: Option<usize>,
}

impl Lineage {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        build::build(snapshot)
    }

    /// The chain of places that leads to `node`, the node itself first.
    pub(crate) fn chain(&self, node: usize) -> Vec<usize> {
        let mut chain = vec![node];
        while let Some(up) = chain.last().and_then(|n| self.nodes[*n].up)
            && !chain.contains(&up.from)
        {
            chain.push(up.from);
        }
        chain
    }

    /// Places where Codex runs or would run, the ones that run first.
    pub(crate) fn codex_places(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|n| self.nodes[*n].codex.is_some())
    }

    pub(crate) fn is_caller(&self, node: usize) -> bool {
        self.caller == Some(node)
    }
}

/// How requests name the environment of a process.
pub(crate) fn process_env(p: &ProcessRecord) -> EnvRef {
    EnvRef::Process { pid: p.pid, started_ms: p.started_at.as_millisecond() }
}
