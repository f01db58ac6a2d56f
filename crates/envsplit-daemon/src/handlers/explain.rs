//! `explain`.
use super::{ask, question, read};
use crate::connection::Client;
use envsplit_ipc::protocol::methods::Explain;
use envsplit_ipc::protocol::{Id, Payload, RpcError};
use envsplit_model::{Code, ExplainSlice, Explained};
use serde_json::value::RawValue;

pub(super) async fn explain(
    client: &Client,
    id: &Id,
    params: Option<&RawValue>,
) -> Result<Payload, RpcError> {
    let params = read::<Explain>(params)?;
    let explained = match (params.code, params.text) {
        (Some(code), None) => {
            // What was sent may be a key: it is not repeated.
            let code =
                code.parse::<Code>().map_err(|()| RpcError::invalid_params("`code` is no cause code"))?;
            Explained::Code(ExplainSlice::of(code))
        }
        (None, Some(text)) => {
            let mut question = question(client, params.caller)?;
            question.keys.extend(envsplit_engine::symptom(&text).and_then(|s| s.variable));
            let known = ask(client, question, true).await?;
            Explained::Text(Box::new(envsplit_engine::explain(&text, &known.report)))
        }
        _ => return Err(RpcError::invalid_params("one of `code` and `text` is expected")),
    };
    Ok(Payload::result::<Explain>(id, &explained))
}
