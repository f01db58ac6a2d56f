//! The rules that explain a split, a module a family. A rule that cannot prove itself stays silent.
mod ancestry;
mod auth;
mod binaries;
mod config;
mod daemon;
mod dotenv;
mod draft;
mod fixes;
mod home;
mod injected;
mod loss;
mod order;
mod overrides;
mod profile;
mod programs;
mod proxy;
mod route;
mod sandbox;
mod scoped;
mod session_profile;
mod shared_main;
mod shell_hop;
mod slow;
mod stale;
mod surface;
mod tool_filter;
mod traced;
mod value;
mod wrong_cwd;

use crate::world::World;
pub(crate) use draft::Draft;
use envsplit_model::{CodexSeen, CodexView, KeyVerdict, Role};
pub(crate) use order::findings;

/// What every rule says of every place, each with what it has to leave open.
pub(crate) fn drafts(w: &World<'_>) -> Vec<Draft> {
    let mut drafts = config::drafts(w);
    drafts.extend(binaries::drafts(w));
    binaries::replace(&mut drafts);
    drafts.extend(home::drafts(w));
    drafts.extend(route::drafts(w));
    drafts.extend(auth::drafts(w));
    drafts.extend(profile::drafts(w));
    drafts.extend(overrides::drafts(w));
    drafts.extend(programs::drafts(w));
    drafts.extend(proxy::drafts(w));
    drafts.extend(surface::drafts(w));
    drafts.extend(wrong_cwd::drafts(w));
    for at in w.lineage.codex_places() {
        let Some(seen) = w.codex(at) else { continue };
        let own = seen.view.env_key.as_deref().filter(|k| *k != CodexView::SECRET_NAME);
        // `--key` asks for these names instead of the provider's own.
        let asked = w.snapshot.caller.as_ref().map_or(&[][..], |c| &c.keys);
        if let Some(name) = own.filter(|k| asked.is_empty() || asked.iter().any(|a| a == k)) {
            drafts.extend(key(w, at, seen, name));
        }
        for name in asked.iter().filter(|a| own != Some(a.as_str())) {
            let daemon = w.node(at).role == Role::CodexDaemon;
            if daemon && let Some(draft) = daemon::explain(w, at, seen, name) {
                drafts.push(draft);
                continue;
            }
            // What only an IDE adds is no key that the others lack.
            let noted = w.lineage.codex_places().find_map(|n| injected::noted(w, n, name));
            match noted {
                Some(draft) => drafts.push(draft),
                None => drafts.extend(loss::explain(w, at, name)),
            }
        }
        for name in asked {
            drafts.extend(tool_filter::explain(w, at, name));
        }
    }
    drafts.extend(unobserved(w));
    drafts
}

/// What is wrong with the key of one place.
fn key(w: &World<'_>, at: usize, seen: &CodexSeen, name: &str) -> Option<Draft> {
    if seen.view.key_verdict == KeyVerdict::Unknown && !seen.dotenv_younger && !seen.view.misses_key() {
        return None;
    }
    let daemon = w.node(at).role == Role::CodexDaemon;
    if daemon
        && seen.dotenv_younger
        && let Some(draft) = daemon::explain(w, at, seen, name)
    {
        return Some(draft);
    }
    dotenv::explain(w, at, seen, name)
        .or_else(|| value::tainted(w, at, seen, name))
        .or_else(|| daemon.then(|| daemon::explain(w, at, seen, name))?)
        .or_else(|| {
            if seen.view.misses_key() {
                loss::explain(w, at, name)
            } else {
                value::differs(w, at, seen, name)
            }
        })
}

/// Places on which an answer depends and that could not be looked at.
fn unobserved(w: &World<'_>) -> Vec<Draft> {
    order::matters(w).into_iter().filter_map(|at| draft::unreachable(w, at)).collect()
}
