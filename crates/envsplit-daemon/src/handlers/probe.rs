//! `probe/run`.
use super::{ask, question, read};
use crate::connection::Client;
use envsplit_ipc::protocol::methods::{self, ProbeRun};
use envsplit_ipc::protocol::{Id, Payload, ProbeWhat, Progress, ProgressToken, ProgressValue, RpcError};
use serde_json::value::RawValue;
use std::sync::Arc;

pub(super) async fn run(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let params = read::<ProbeRun>(params)?;
    let question = question(client, params.caller)?;
    let tell = async |message: &str, done| {
        let Some(token) = params.token.clone() else { return };
        let _ = client.out.send(progress(token, message, done)).await;
    };
    match params.what {
        ProbeWhat::Shells => client.state.observer.forget_starts(),
    }
    tell("running the shells anew", 0).await;
    let known = ask(client, question, true).await?;
    tell("done", 1).await;
    Ok(Payload::shared_result(id, Arc::clone(&known.json)))
}

fn progress(token: ProgressToken, message: &str, done: u32) -> Payload {
    let value = ProgressValue { message: message.to_owned(), done: Some(done), total: Some(1) };
    Payload::notification::<methods::Progress>(&Progress { token, value })
}
