//! One client: what it sends is read, bounded and answered; what it does wrong ends its own connection alone.
//!
//! Answers and notifications go through a short queue to the one task that writes. A client that does not read fills
//! its queue; then none of its requests is read any more and its subscriptions wait, and when nothing was taken for
//! [`WRITE_LIMIT`] the connection ends. What a stranger sends is never logged.
use crate::handlers;
use crate::state::State;
use envsplit_ipc::frame::{AsyncFrames, FrameError, Limits, write_async};
use envsplit_ipc::peer::Peer;
use envsplit_ipc::protocol::methods::{self, CancelRequest};
use envsplit_ipc::protocol::{
    ErrorCode, Id, InitializeParams, InitializeResult, Message, Method, Notification, Payload, Ready,
    RpcError,
};
use envsplit_ipc::socket::Stream;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

/// From the connection to the end of the handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
/// How long a message may take from its first byte, twice.
const MESSAGE_LIMIT: Duration = Duration::from_secs(15);
/// How long a client may take none of what it is sent.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// Messages that wait to be written.
const QUEUE: usize = 32;
/// Requests of one client that are worked on at once; more are refused.
const MOST_REQUESTS: usize = 64;

/// What a handler knows of the connection.
pub(crate) struct Client {
    pub(crate) state: Arc<State>,
    pub(crate) peer: Peer,
    pub(crate) out: mpsc::Sender<Payload>,
    /// What goes on beside the requests: subscriptions, by number.
    pub(crate) subscriptions: Mutex<HashMap<u64, AbortHandle>>,
    cancels: Mutex<HashMap<Id, AbortHandle>>,
    running: Arc<Semaphore>,
}

impl Drop for Client {
    fn drop(&mut self) {
        for task in self.subscriptions.get_mut().unwrap_or_else(PoisonError::into_inner).values() {
            task.abort();
        }
    }
}

/// Serves one client until it goes or does wrong.
pub(crate) async fn serve(stream: Stream, peer: Peer, state: Arc<State>) {
    let (read, write) = tokio::io::split(stream);
    let (out, queue) = mpsc::channel(QUEUE);
    let mut writer = tokio::spawn(write_all(write, queue));
    let client = Arc::new(Client {
        state: Arc::clone(&state),
        peer,
        out,
        subscriptions: Mutex::default(),
        cancels: Mutex::default(),
        running: Arc::new(Semaphore::new(MOST_REQUESTS)),
    });
    let mut tasks = JoinSet::new();
    let writing = tokio::select! {
        () = read_all(read, &client, &mut tasks) => true,
        _ = &mut writer => false,
    };
    tasks.abort_all();
    client.end_subscriptions();
    if let Some(pid) = peer.pid
        && state.observer.claims.forget(pid)
    {
        state.observer.changed();
    }
    drop(client);
    while tasks.join_next().await.is_some() {}
    // What is queued is still sent, unless nobody takes it.
    if writing && timeout(Duration::from_secs(1), &mut writer).await.is_err() {
        writer.abort();
    }
}

async fn write_all(mut stream: impl AsyncWrite + Unpin, mut queue: mpsc::Receiver<Payload>) {
    while let Some(payload) = queue.recv().await {
        match timeout(WRITE_LIMIT, write_async(&mut stream, &payload)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                tracing::info!("a client took nothing for {} s: its connection ends", WRITE_LIMIT.as_secs());
                return;
            }
        }
    }
}

async fn read_all(mut stream: impl AsyncRead + Unpin, client: &Arc<Client>, tasks: &mut JoinSet<()>) {
    let mut frames = AsyncFrames::new(Limits::STRANGER);
    let first = timeout(HANDSHAKE_LIMIT, handshake(&mut frames, &mut stream, client)).await;
    let Ok(Some(ready)) = first else { return };
    frames.set_limits(Limits::CLIENT);
    let mut late = false;
    loop {
        while tasks.try_join_next().is_some() {}
        let body = match timeout(MESSAGE_LIMIT, frames.next(&mut stream)).await {
            Ok(Ok(Some(body))) => body,
            Ok(Ok(None)) => {
                // It may have closed its sending end alone: what it asked is still answered.
                while tasks.join_next().await.is_some() {}
                return;
            }
            Ok(Err(error)) => return client.refuse(&error).await,
            // Nothing came, or not the whole of a message: the second time in a row that is the end.
            Err(_) if frames.at_rest() => {
                late = false;
                continue;
            }
            Err(_) if late => return,
            Err(_) => {
                late = true;
                continue;
            }
        };
        late = false;
        if !client.take(&body, ready, tasks).await {
            return;
        }
    }
}

/// Answers `initialize`, which must come first. `None` ends the connection.
async fn handshake(
    frames: &mut AsyncFrames,
    stream: &mut (impl AsyncRead + Unpin),
    client: &Client,
) -> Option<Ready> {
    loop {
        let body = match frames.next(stream).await {
            Ok(body) => body?,
            Err(error) => {
                client.refuse(&error).await;
                return None;
            }
        };
        let (id, params) = match Message::parse(&body) {
            Ok(Message::Request { id, method, params }) if method == methods::Initialize::NAME => {
                (id, params)
            }
            Ok(Message::Request { id, .. }) => {
                let error =
                    RpcError::new(ErrorCode::NotInitialized, "`initialize` must be the first request");
                client.out.send(Payload::error(Some(&id), &error)).await.ok()?;
                continue;
            }
            Ok(_) => continue,
            Err(error) => {
                let (id, error) = error.to_response();
                client.out.send(Payload::error(id.as_ref(), &error)).await.ok()?;
                return None;
            }
        };
        let params = match Message::params_of::<methods::Initialize>(params.as_deref()) {
            Ok(params) => params,
            Err(error) => {
                client.out.send(Payload::error(Some(&id), &error)).await.ok()?;
                continue;
            }
        };
        let result = client.state.hello(&params);
        let ready = result.ready;
        client.out.send(Payload::result::<methods::Initialize>(&id, &result)).await.ok()?;
        return Some(ready);
    }
}

impl State {
    fn hello(&self, client: &InitializeParams) -> InitializeResult {
        let (ready, reason) = client.judge();
        let own = InitializeParams::of("daemon");
        InitializeResult {
            protocol: own.protocol,
            version: own.version,
            pid: std::process::id(),
            started_at: self.started_at,
            key_id: self.observer.standing().key_id(),
            host: self.observer.standing().host(),
            ready,
            reason,
        }
    }
}

impl Client {
    /// Takes one message; `false` ends the connection.
    async fn take(self: &Arc<Self>, body: &[u8], ready: Ready, tasks: &mut JoinSet<()>) -> bool {
        let (id, method, params) = match Message::parse(body) {
            Ok(Message::Request { id, method, params }) => (id, method, params),
            Ok(Message::Notification { method, params }) => {
                if method == CancelRequest::NAME
                    && let Ok(cancel) = Message::notified::<CancelRequest>(params.as_deref())
                {
                    self.cancel(&cancel.id).await;
                }
                return true;
            }
            Ok(Message::Response { .. }) => return true,
            Err(error) => {
                let (id, error) = error.to_response();
                // What is no JSON says nothing of where the next message begins.
                let ends = error.kind() == Some(ErrorCode::ParseError);
                return self.out.send(Payload::error(id.as_ref(), &error)).await.is_ok() && !ends;
            }
        };
        self.state.requests.fetch_add(1, Ordering::Relaxed);
        if ready == Ready::NeedsRestart
            && method != methods::Status::NAME
            && method != methods::Shutdown::NAME
        {
            let error = RpcError::new(
                ErrorCode::NeedsRestart,
                "the daemon is of another version: `envsplit daemon restart` starts this one",
            );
            return self.out.send(Payload::error(Some(&id), &error)).await.is_ok();
        }
        // What is known already is answered at once, in turn.
        if let Some(answer) = handlers::at_once(self, &id, &method, params.as_deref()) {
            return self.out.send(answer).await.is_ok();
        }
        let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() else {
            let error = RpcError::new(
                ErrorCode::Overloaded,
                format!("{MOST_REQUESTS} requests of this client wait for their answer"),
            );
            return self.out.send(Payload::error(Some(&id), &error)).await.is_ok();
        };
        let client = Arc::clone(self);
        let own_id = id.clone();
        let handle = tasks.spawn(async move {
            let answer = handlers::answer(&client, &own_id, &method, params.as_deref()).await;
            client.cancels().remove(&own_id);
            let _ = client.out.send(answer).await;
            drop(permit);
        });
        if !handle.is_finished() {
            self.cancels().insert(id, handle);
        }
        true
    }

    fn cancels(&self) -> std::sync::MutexGuard<'_, HashMap<Id, AbortHandle>> {
        let mut cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels.retain(|_, task| !task.is_finished());
        cancels
    }

    async fn cancel(&self, id: &Id) {
        let Some(task) = self.cancels().remove(id) else { return };
        task.abort();
        let error = RpcError::new(ErrorCode::Cancelled, "the client cancelled the request");
        let _ = self.out.send(Payload::error(Some(id), &error)).await;
    }

    /// Says why the stream makes no sense any more.
    async fn refuse(&self, error: &FrameError) {
        if let Some(error) = error.to_response() {
            let _ = self.out.send(Payload::error(None, &error)).await;
        }
    }

    fn end_subscriptions(&self) {
        for (_, task) in self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            task.abort();
        }
    }
}
