//! `places` for people: a tree from the login session down.
use super::text::{DIM, YELLOW, styled};
use envsplit_model::{Place, PlaceId, Report, Rule};
use std::fmt::Write as _;

pub(crate) fn places(report: &Report) -> String {
    let mut out = String::new();
    for host in &report.hosts {
        let _ = writeln!(out, "{} ({})", host.name, host.id);
        if let Some(reason) = &host.unobserved_reason {
            let _ = writeln!(out, "   {}", styled(YELLOW, reason));
            continue;
        }
        let has_parent = |id: &PlaceId| report.hops.iter().any(|h| h.to == *id && h.rule != Rule::Handoff);
        let roots: Vec<&Place> =
            report.places.iter().filter(|p| p.host == host.id && !has_parent(&p.id)).collect();
        for (n, root) in roots.iter().enumerate() {
            let mut path = vec![];
            tree(report, root, None, "", n + 1 == roots.len(), &mut path, &mut out);
        }
    }
    out
}

fn tree<'a>(
    report: &'a Report,
    place: &'a Place,
    rule: Option<Rule>,
    indent: &str,
    last: bool,
    path: &mut Vec<&'a PlaceId>,
    out: &mut String,
) {
    if path.contains(&&place.id) {
        return;
    }
    path.push(&place.id);
    let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
    let how = rule.map(|r| format!(" [{r}]")).unwrap_or_default();
    let note = match (&place.unobserved_reason, place.predicted) {
        (_, true) => " (a prediction)".to_owned(),
        (Some(reason), _) => format!(" (not seen: {})", envsplit_model::text::shown(reason)),
        _ => String::new(),
    };
    let id = styled(DIM, &place.id.0);
    let _ = writeln!(out, "{indent}{branch}{}{how}{note}  {id}", envsplit_model::text::shown(&place.label));
    let children: Vec<(&Place, Rule)> = report
        .hops
        .iter()
        .filter(|h| h.from == place.id && h.rule != Rule::Handoff)
        .filter_map(|h| Some((report.place(&h.to)?, h.rule)))
        .collect();
    for (n, (child, rule)) in children.iter().enumerate() {
        tree(report, child, Some(*rule), &format!("{indent}{below}"), n + 1 == children.len(), path, out);
    }
    path.pop();
}
