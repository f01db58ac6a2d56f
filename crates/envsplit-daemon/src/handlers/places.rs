//! `places/list`.
use super::{ask, question, read};
use crate::connection::Client;
use envsplit_ipc::protocol::methods::PlacesList;
use envsplit_ipc::protocol::{ErrorCode, Id, Payload, RpcError};
use envsplit_model::PlacesSlice;
use serde_json::value::RawValue;

pub(super) async fn list(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let params = read::<PlacesList>(params)?;
    let known = ask(client, question(client, params.caller)?, true).await?;
    let slice = PlacesSlice::of(&known.report)
        .map_err(|e| RpcError::new(ErrorCode::Internal, format!("the places are no JSON: {e}")))?;
    Ok(Payload::result::<PlacesList>(id, &slice))
}
