//! `report/get`.
use super::{ask, question, read};
use crate::connection::Client;
use envsplit_ipc::protocol::methods::ReportGet;
use envsplit_ipc::protocol::{Id, Payload, RpcError};
use serde_json::value::RawValue;
use std::sync::Arc;

/// The report, where it is known and nobody wants a fresh look.
pub(super) fn at_once(client: &Client, id: &Id, params: Option<&RawValue>) -> Option<Payload> {
    let params = read::<ReportGet>(params).ok().filter(|p| !p.fresh)?;
    let known = client.state.observer.known(&question(client, params.caller).ok()?)?;
    Some(Payload::shared_result(id, Arc::clone(&known.json)))
}

pub(super) async fn get(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let params = read::<ReportGet>(params)?;
    let known = ask(client, question(client, params.caller)?, params.fresh).await?;
    Ok(Payload::shared_result(id, Arc::clone(&known.json)))
}
