//! `config/get`.
use super::{ask, question, read};
use crate::connection::Client;
use envsplit_ipc::protocol::methods::ConfigGet;
use envsplit_ipc::protocol::{Id, Payload, RpcError};
use envsplit_model::ConfigSlice;
use serde_json::value::RawValue;

pub(super) async fn get(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let params = read::<ConfigGet>(params)?;
    let known = ask(client, question(client, params.caller)?, true).await?;
    let mut report = known.report.clone();
    if let Some(at) = &params.at
        && !envsplit_engine::keep_places(&mut report, at)
    {
        return Err(RpcError::invalid_params("`at`: no place is called so; `places/list` lists them"));
    }
    Ok(Payload::result::<ConfigGet>(id, &ConfigSlice::of(report)))
}
