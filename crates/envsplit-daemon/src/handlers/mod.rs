//! What is answered, a module a verb.
mod config;
mod env;
mod explain;
mod history;
mod observe;
mod places;
mod probe;
mod report;
mod status;
mod subscribe;

use crate::connection::Client;
use crate::observer::{Known, Question};
use envsplit_ipc::protocol::methods as m;
use envsplit_ipc::protocol::{Caller, ErrorCode, Id, Message, Method, Payload, RpcError};
use envsplit_system::Who;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The longest name, path or `-c` of a question, in bytes, and the most of each.
const LONGEST: usize = 4096;
const MOST: usize = 256;

/// The answer, where it is known and nothing has to be looked at.
pub(crate) fn at_once(
    client: &Arc<Client>,
    id: &Id,
    method: &str,
    params: Option<&RawValue>,
) -> Option<Payload> {
    match method {
        m::ReportGet::NAME => report::at_once(client, id, params),
        m::Status::NAME => Some(Payload::result::<m::Status>(id, &status::status(&client.state))),
        _ => None,
    }
}

/// The answer.
pub(crate) async fn answer(
    client: &Arc<Client>,
    id: &Id,
    method: &str,
    params: Option<&RawValue>,
) -> Payload {
    let answer = match method {
        m::Initialize::NAME => {
            Err(RpcError::new(ErrorCode::InvalidRequest, "`initialize` was answered already"))
        }
        m::ReportGet::NAME => report::get(client, id, params).await,
        m::ReportSubscribe::NAME => subscribe::subscribe(client, id, params).await,
        m::ReportUnsubscribe::NAME => subscribe::unsubscribe(client, id, params),
        m::EnvGet::NAME => env::get(client, id, params).await,
        m::ConfigGet::NAME => config::get(client, id, params).await,
        m::PlacesList::NAME => places::list(client, id, params).await,
        m::Explain::NAME => explain::explain(client, id, params).await,
        m::ObservePush::NAME => observe::push(client, id, params),
        m::ObserveWithdraw::NAME => observe::withdraw(client, id, params),
        m::HistoryList::NAME => history::list(client, id, params).await,
        m::ProbeRun::NAME => probe::run(client, id, params).await,
        m::Shutdown::NAME => {
            client.state.ended.notify_one();
            Ok(Payload::result::<m::Shutdown>(id, &()))
        }
        _ => Err(RpcError::new(ErrorCode::MethodNotFound, "there is no such method; see docs/protocol.md")),
    };
    answer.unwrap_or_else(|error| Payload::error(Some(id), &error))
}

/// Reads parameters by the method's type.
fn read<M: Method>(params: Option<&RawValue>) -> Result<M::Params, RpcError> {
    Message::params_of::<M>(params)
}

fn refused(message: impl Into<String>) -> RpcError {
    RpcError::new(ErrorCode::Refused, message)
}

/// What a caller asks. The process that it means must be its own, or one that it comes from: the connection says which
/// that is.
fn question(client: &Client, caller: Option<Caller>) -> Result<Question, RpcError> {
    let Some(caller) = caller else { return Ok(Question::of_nobody(true)) };
    let Some(peer) = client.peer.pid else {
        return Err(refused("the system does not say which process is connected, so it cannot be looked at"));
    };
    let pid = caller.pid.unwrap_or(peer);
    if !client.state.observer.standing().is_in_ancestry(pid, peer) {
        return Err(refused(format!(
            "process {pid} is neither the peer ({peer}) nor one that it comes from"
        )));
    }
    let texts = caller.keys.iter().chain(&caller.overrides).chain(&caller.cwd).chain(&caller.profile);
    if caller.keys.len() > MOST || caller.overrides.len() > MOST || texts.clone().any(|t| t.len() > LONGEST) {
        return Err(RpcError::invalid_params("`self` holds more or longer texts than a question has"));
    }
    if texts.into_iter().any(|t| t.contains('\0'))
        || caller.keys.iter().any(|k| k.is_empty() || k.contains('='))
    {
        return Err(RpcError::invalid_params("`self.keys` holds names of variables, without `=` and value"));
    }
    if caller.cwd.as_ref().is_some_and(|c| !c.starts_with('/')) {
        return Err(RpcError::invalid_params("`self.cwd` is not an absolute path"));
    }
    Ok(Question {
        who: Who::Process(pid),
        keys: caller.keys,
        cwd: caller.cwd,
        profile: caller.profile,
        overrides: caller.overrides,
        failing: caller.failing_pid,
        shells: caller.shells,
        starts: caller.shells,
    })
}

/// Looks, and answers with what is known then.
async fn ask(client: &Client, question: Question, fresh: bool) -> Result<Arc<Known>, RpcError> {
    let failing = question.failing;
    let known = client
        .state
        .observer
        .answer(question, fresh)
        .await
        .map_err(|e| RpcError::new(ErrorCode::Internal, e))?;
    client.state.answered.notify_one();
    if let Some(pid) = failing
        && !known.snapshot.processes.iter().any(|p| p.pid == pid)
    {
        return Err(RpcError::invalid_params(format!("there is no process {pid}")));
    }
    Ok(known)
}
