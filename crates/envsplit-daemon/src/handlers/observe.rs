//! `observe/push` and `observe/withdraw`.
use super::{read, refused};
use crate::connection::Client;
use envsplit_ipc::protocol::methods::{ObservePush, ObserveWithdraw};
use envsplit_ipc::protocol::{Id, ObservePushed, Payload, RpcError};
use serde_json::value::RawValue;

fn peer(client: &Client) -> Result<u32, RpcError> {
    client.peer.pid.ok_or_else(|| refused("the system does not say which process is connected"))
}

pub(super) fn push(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let claim = read::<ObservePush>(params)?.checked()?;
    let observer = &client.state.observer;
    observer.claims.take(claim, peer(client)?, observer.standing()).map_err(refused)?;
    observer.changed();
    Ok(Payload::result::<ObservePush>(id, &ObservePushed { accepted: true, reason: None }))
}

pub(super) fn withdraw(client: &Client, id: &Id, params: Option<&RawValue>) -> Result<Payload, RpcError> {
    let about = read::<ObserveWithdraw>(params)?.about_pid;
    let observer = &client.state.observer;
    if !observer.claims.withdraw(about, peer(client)?) {
        return Err(refused(format!("this client claims nothing about process {about}")));
    }
    observer.changed();
    Ok(Payload::result::<ObserveWithdraw>(id, &()))
}
