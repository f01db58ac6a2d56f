//! Findings that came and went. One that could not be looked for is neither.
use super::remember::{KeptFinding, Noticed, Remembered};
use envsplit_model::history::What;
use envsplit_model::{
    Finding, HomeFrom, KeyVerdict, Place, PlaceId, Report, Role, State, Subject, SubjectKind, Verdict,
};

/// What becomes of the findings, judged while the places are still as they were.
pub(super) struct Before {
    came: Vec<(KeptFinding, bool)>,
    went: Vec<(KeptFinding, bool)>,
    now: Vec<KeptFinding>,
}

impl Before {
    pub(super) fn of(was: &Remembered, report: &Report) -> Self {
        let mut all = Self { came: vec![], went: vec![], now: vec![] };
        for finding in &report.findings {
            let Some(kept) = kept(report, finding) else { continue };
            if all.now.iter().any(|f| f.is(&kept)) {
                continue;
            }
            if !was.findings.iter().any(|f| f.is(&kept)) {
                all.came.push((kept.clone(), was.saw(kept.place.as_ref(), &kept.subject)));
            }
            all.now.push(kept);
        }
        for finding in &was.findings {
            if all.now.iter().any(|f| f.is(finding)) {
                continue;
            }
            let places = places(report, finding.place.as_ref());
            let host = finding.place.as_ref().and_then(|key| Some(&was.instance(key)?.host));
            let dark = report.hosts.iter().any(|h| Some(&h.id) == host && h.unobserved_reason.is_some());
            if dark {
                all.now.push(KeptFinding { unseen: true, ..finding.clone() });
            } else if finding.place.is_some() && places.is_empty() {
                all.went.push((finding.clone(), true));
            } else if visible(report, &places, finding) {
                all.went.push((finding.clone(), false));
            } else {
                all.now.push(KeptFinding { unseen: true, ..finding.clone() });
            }
        }
        all
    }

    pub(super) fn tell(self, remembered: &mut Remembered, noticed: &mut Noticed) {
        let place = |f: &KeptFinding| {
            let key = f.place.clone()?;
            let instance = remembered.instance(&key)?.clone();
            Some((key, instance))
        };
        for (f, with_place) in self.went {
            let at = place(&f);
            noticed.push(
                at.as_ref().map(|(k, i)| (k, i)),
                What::FindingGone {
                    code: f.code,
                    subject: f.subject,
                    severity: f.severity,
                    locations: f.at,
                    with_place,
                },
            );
        }
        for (f, seen_before) in self.came {
            let at = place(&f);
            noticed.push(
                at.as_ref().map(|(k, i)| (k, i)),
                What::FindingAppeared {
                    code: f.code,
                    subject: f.subject,
                    severity: f.severity,
                    locations: f.at,
                    seen_before,
                },
            );
        }
        remembered.findings = self.now;
    }
}

impl KeptFinding {
    fn is(&self, other: &Self) -> bool {
        (&self.code, &self.subject, self.severity, &self.place)
            == (&other.code, &other.subject, other.severity, &other.place)
    }
}

impl Remembered {
    /// Whether the last look saw how things stood with `subject` at the place.
    fn saw(&self, place: Option<&PlaceId>, subject: &Subject) -> bool {
        let Some(key) = place else {
            return !matches!(self.verdict, None | Some(Verdict::Undetermined | Verdict::Unknown));
        };
        let Some(kept) = self.places.get(key) else { return false };
        let knows = |name: &str| kept.live.iter().all(|i| i.observed && i.knows(name));
        !kept.live.is_empty() && (subject.kind != SubjectKind::Env || knows(&subject.name))
    }
}

/// What is kept of a finding; none of one that is the caller's alone.
fn kept(report: &Report, finding: &Finding) -> Option<KeptFinding> {
    let place = finding.split.as_ref().and_then(|s| report.place(&s.to));
    if place.is_some_and(|p| p.role == Role::Caller) {
        return None;
    }
    let mut at = finding.at.clone();
    for location in &mut at {
        location.text = None;
    }
    Some(KeptFinding {
        code: finding.code.slug().to_owned(),
        subject: finding.subject.clone(),
        severity: finding.severity,
        place: place.map(|p| p.key.clone()),
        at,
        unseen: false,
    })
}

fn places<'a>(report: &'a Report, key: Option<&PlaceId>) -> Vec<&'a Place> {
    report.places.iter().filter(|p| Some(&p.key) == key && p.role != Role::Caller).collect()
}

/// Whether the report would have seen the finding if it still stood.
fn visible(report: &Report, places: &[&Place], finding: &KeptFinding) -> bool {
    if places.is_empty() {
        return !matches!(report.verdict, Verdict::Undetermined | Verdict::Unknown);
    }
    places.iter().all(|p| match finding.subject.kind {
        // A name that nobody asks for any more is settled.
        SubjectKind::Env => {
            p.observed && p.env.get(&finding.subject.name).is_none_or(|s| s.state != State::Unknown)
        }
        _ => {
            p.observed
                && p.codex
                    .as_ref()
                    .is_none_or(|c| c.home_from != HomeFrom::Unknown && c.key_verdict != KeyVerdict::Unknown)
        }
    })
}
