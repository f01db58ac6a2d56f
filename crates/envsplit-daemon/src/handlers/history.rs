//! `history/list`.
use super::read;
use crate::connection::Client;
use envsplit_ipc::protocol::methods::HistoryList;
use envsplit_ipc::protocol::{ErrorCode, Id, Payload, RpcError};
use serde_json::value::RawValue;
use std::sync::Arc;

pub(super) async fn list(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let params = read::<HistoryList>(params)?;
    let state = Arc::clone(&client.state);
    let unavailable = |reason: String| RpcError::new(ErrorCode::Unavailable, reason);
    let history = tokio::task::spawn_blocking(move || state.history(&params));
    let history = history.await.map_err(|e| unavailable(e.to_string()))?.map_err(unavailable)?;
    Ok(Payload::result::<HistoryList>(id, &history))
}
