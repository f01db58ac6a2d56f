//! `report/subscribe` and `report/unsubscribe`.
use super::{ask, question, read};
use crate::connection::Client;
use crate::observer::{Known, Question};
use crate::state::State;
use envsplit_ipc::protocol::methods::{ReportChanged, ReportSubscribe, ReportUnsubscribe};
use envsplit_ipc::protocol::{ErrorCode, Id, Part, Payload, RpcError};
use serde_json::value::RawValue;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Changes that come within this time are told together.
const TOGETHER: Duration = Duration::from_millis(30);
/// After a look in vain the next one waits.
const IN_VAIN: Duration = Duration::from_millis(200);
/// A start-up file is let rest for so long before its shells run again for a subscriber.
const REST: Duration = Duration::from_secs(2);
/// The most subscriptions of one client.
const MOST: usize = 16;

pub(super) async fn subscribe(
    client: &Arc<Client>,
    id: &Id,
    params: Option<&RawValue>,
) -> Result<Payload, RpcError> {
    let question = question(client, read::<ReportSubscribe>(params)?.caller)?;
    if client.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).len() >= MOST {
        return Err(RpcError::new(ErrorCode::Overloaded, format!("this client has {MOST} subscriptions")));
    }
    let first = ask(client, question.clone(), true).await?;
    let number = client.state.next.fetch_add(1, Ordering::Relaxed);
    let json = Arc::clone(&first.json);
    let told = tell(Arc::clone(&client.state), client.out.clone(), question, number, first);
    let task = tokio::spawn(told).abort_handle();
    client.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).insert(number, task);
    let fields = vec![("subscription", Payload::part(&number)), ("report", Part::Shared(json))];
    Ok(Payload::result_of(id, fields))
}

pub(super) fn unsubscribe(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let number = read::<ReportUnsubscribe>(params)?.subscription;
    let task = client.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    let Some(task) = task else {
        return Err(RpcError::invalid_params("`subscription` is none of this connection"));
    };
    task.abort();
    Ok(Payload::result::<ReportUnsubscribe>(id, &()))
}

/// Counts a subscriber for as long as it lives.
struct Counted(Arc<State>);

impl Counted {
    fn new(state: Arc<State>) -> Self {
        state.subscribers.fetch_add(1, Ordering::Relaxed);
        state.subscribed.notify_one();
        Self(state)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells of every change. A client that reads slowly holds this up, and then gets the newest.
async fn tell(
    state: Arc<State>,
    out: mpsc::Sender<Payload>,
    question: Question,
    number: u64,
    mut last: Arc<Known>,
) {
    let counted = Counted::new(state);
    let observer = &counted.0.observer;
    let mut generations = observer.changes();
    loop {
        if generations.changed().await.is_err() {
            return;
        }
        sleep(TOGETHER).await;
        while let Some(rest) = observer.rest_of_starts(REST) {
            sleep(rest).await;
        }
        let Ok(place) = out.reserve().await else { return };
        generations.borrow_and_update();
        let Ok(known) = observer.answer(question.clone(), false).await else { continue };
        if known.report.says_the_same(&last.report) {
            // Something touches files without end, and nothing comes of it.
            sleep(IN_VAIN).await;
            continue;
        }
        let changes = envsplit_engine::history::changes(&last.report, &known.report);
        let fields = vec![
            ("subscription", Payload::part(&number)),
            ("changes", Payload::part(&changes)),
            ("report", Part::Shared(Arc::clone(&known.json))),
        ];
        place.send(Payload::notification_of::<ReportChanged>(fields));
        last = known;
    }
}
