//! What a look costs: one that finds nothing new, one that does, and what a change takes on the disk.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)] // the bench's own files

#[path = "../tests/machine/mod.rs"]
mod machine;

use criterion::{Criterion, criterion_group, criterion_main};
use envsplit_daemon::{FILE_NAME, Journal, Query};
use envsplit_model::{PlaceId, Report};
use machine::{report, time};

/// A machine with forty places of twenty variables, and configs of thirty values.
fn large(n: u64) -> Report {
    let mut large = report(n);
    let mut first = large.places[0].clone();
    let sighting = first.env.values().next().unwrap().clone();
    first.env.extend((0..20).map(|i| (format!("NAME_{i}"), sighting.clone())));
    let codex = first.codex.as_mut().unwrap();
    let value = report(0).places[0].codex.as_ref().unwrap().values["model"].clone();
    codex.values.extend((0..30).map(|i| (format!("key_{i}"), value.clone())));
    for i in 0..40_u32 {
        let mut place = first.clone();
        place.key = PlaceId(format!("linux/process/codex-app-server-{i}"));
        place.id = PlaceId(format!("{}-{}", place.key, 5000 + i));
        place.process.as_mut().unwrap().pid = 5000 + i;
        large.places.push(place);
    }
    large
}

fn record(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path(), time(0)).journal;
    let same = large(0);
    journal.record(&same, time(0));
    c.bench_function("nothing changed, 41 places", |b| b.iter(|| journal.record(&same, time(1))));
    let mut n = 0;
    c.bench_function("one value changed, 41 places", |b| {
        b.iter(|| {
            n += 1;
            journal.record(&large(n), time(1))
        });
    });
    journal.close();

    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path(), time(0)).journal;
    let size = || std::fs::metadata(dir.path().join(FILE_NAME)).unwrap().len();
    let mut sizes = vec![];
    for n in 0..5001 {
        if n % 1000 == 1 {
            journal.close();
            sizes.push(size());
            journal = Journal::open(dir.path(), time(0)).journal;
        }
        journal.record(&report(n), time(0));
    }
    println!("bytes of the file after each 1,000 changes: {sizes:?}");
    c.bench_function("history of 5,000 changes", |b| b.iter(|| journal.history(&Query::default())));
}

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = record }
criterion_main!(benches);
