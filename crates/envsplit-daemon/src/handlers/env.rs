//! `env/get`.
use super::{ask, question, read};
use crate::connection::Client;
use envsplit_ipc::protocol::methods::EnvGet;
use envsplit_ipc::protocol::{Caller, Id, Payload, RpcError};
use serde_json::value::RawValue;

pub(super) async fn get(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let params = read::<EnvGet>(params)?;
    if params.name.is_empty() || params.name.contains(['=', '\0']) {
        return Err(RpcError::invalid_params("`name` is a variable's name, without `=` and value"));
    }
    let mut question = question(client, params.caller.or_else(|| Some(Caller::default())))?;
    question.keys.push(params.name.clone());
    let known = ask(client, question, true).await?;
    let slice = envsplit_engine::env_slice(&known.snapshot, &known.report, &params.name);
    Ok(Payload::result::<EnvGet>(id, &slice))
}
