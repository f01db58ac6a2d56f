//! What is sent: a body in parts, so that one report, serialised once, goes to many clients without another copy.
use super::{Id, Method, Notification, RpcError};
use serde::Serialize;
use std::io::IoSlice;
use std::sync::Arc;

/// A piece of a body.
#[derive(Clone, Debug)]
pub enum Part {
    /// Made for this message.
    Own(Vec<u8>),
    /// JSON that many messages share.
    Shared(Arc<[u8]>),
}

impl Part {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// A body, in order.
#[derive(Clone, Debug)]
pub struct Payload {
    parts: Vec<Part>,
}

impl Payload {
    /// A request.
    pub fn request<M: Method>(id: &Id, params: &M::Params) -> Self {
        Self::call(Some(id), M::NAME, params)
    }

    /// A notification.
    pub fn notification<N: Notification>(params: &N::Params) -> Self {
        Self::call(None, N::NAME, params)
    }

    /// A result by its type.
    pub fn result<M: Method>(id: &Id, result: &M::Result) -> Self {
        Self::own(&Answer { jsonrpc: "2.0", id: Some(id), result: Some(result), error: None })
    }

    /// A result that is JSON already.
    pub fn shared_result(id: &Id, result: Arc<[u8]>) -> Self {
        let mut head = br#"{"jsonrpc":"2.0","id":"#.to_vec();
        json(&mut head, id);
        head.extend_from_slice(br#","result":"#);
        Self { parts: vec![Part::Own(head), Part::Shared(result), Part::Own(b"}".to_vec())] }
    }

    /// A result that is an object of fields that are JSON already, such as `subscription` and `report`.
    pub fn result_of(id: &Id, fields: Vec<(&str, Part)>) -> Self {
        let mut head = br#"{"jsonrpc":"2.0","id":"#.to_vec();
        json(&mut head, id);
        head.extend_from_slice(br#","result":"#);
        Self::object(head, fields)
    }

    /// A notification whose parameters are fields that are JSON already.
    pub fn notification_of<N: Notification>(fields: Vec<(&str, Part)>) -> Self {
        let mut head = br#"{"jsonrpc":"2.0","method":"#.to_vec();
        json(&mut head, N::NAME);
        head.extend_from_slice(br#","params":"#);
        Self::object(head, fields)
    }

    /// An error; without an id where the request's own could not be read.
    pub fn error(id: Option<&Id>, error: &RpcError) -> Self {
        Self::own(&Answer::<()> { jsonrpc: "2.0", id, result: None, error: Some(error) })
    }

    /// A body as it came, to pass on.
    pub fn raw(body: Vec<u8>) -> Self {
        Self { parts: vec![Part::Own(body)] }
    }

    /// A value as a part of a body.
    pub fn part<T: Serialize + ?Sized>(value: &T) -> Part {
        let mut bytes = vec![];
        json(&mut bytes, value);
        Part::Own(bytes)
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|p| p.bytes().len()).sum()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// `Content-Length` header and body, for a vectored write.
    pub fn slices<'a>(&'a self, header: &'a [u8]) -> Vec<IoSlice<'a>> {
        let body = self.parts.iter().map(|p| IoSlice::new(p.bytes()));
        std::iter::once(IoSlice::new(header)).chain(body).collect()
    }

    fn call<P: Serialize>(id: Option<&Id>, method: &str, params: &P) -> Self {
        Self::own(&Call { jsonrpc: "2.0", id, method, params })
    }

    fn own<T: Serialize>(value: &T) -> Self {
        Self { parts: vec![Self::part(value)] }
    }

    fn object(mut head: Vec<u8>, fields: Vec<(&str, Part)>) -> Self {
        let mut parts = vec![];
        let mut before = b'{';
        for (name, part) in fields {
            head.push(before);
            before = b',';
            json(&mut head, name);
            head.push(b':');
            match part {
                Part::Own(bytes) => head.extend_from_slice(&bytes),
                shared @ Part::Shared(_) => {
                    parts.push(Part::Own(std::mem::take(&mut head)));
                    parts.push(shared);
                }
            }
        }
        head.extend_from_slice(if before == b'{' { b"{}}" } else { b"}}" });
        parts.push(Part::Own(head));
        Self { parts }
    }
}

#[derive(Serialize)]
struct Call<'a, P> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Id>,
    method: &'a str,
    params: &'a P,
}

#[derive(Serialize)]
struct Answer<'a, R> {
    jsonrpc: &'static str,
    id: Option<&'a Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a RpcError>,
}

/// Appends a value as JSON.
fn json<T: Serialize + ?Sized>(to: &mut Vec<u8>, value: &T) {
    // A wire type has text keys and finite numbers and is written to memory: there is nothing that can fail.
    if let Err(e) = serde_json::to_writer(&mut *to, value) {
        unreachable!("a wire type that is no JSON: {e}");
    }
}

#[cfg(test)]
mod tests {
    use super::super::methods::{ReportChanged, ReportGet};
    use super::*;
    use serde_json::{Value, json};

    fn read(payload: &Payload) -> Value {
        let bytes: Vec<u8> = payload.parts().iter().flat_map(|p| p.bytes().to_vec()).collect();
        assert_eq!(bytes.len(), payload.len());
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[test]
    fn a_shared_report_is_sent_as_it_is() {
        let report: Arc<[u8]> = br#"{"schema":"x"}"#.to_vec().into();
        let id = Id::Number(7);
        let one = Payload::shared_result(&id, report.clone());
        assert_eq!(read(&one), json!({"jsonrpc": "2.0", "id": 7, "result": {"schema": "x"}}));
        assert!(std::ptr::eq(one.parts()[1].bytes(), &raw const *report), "no copy");
        let fields = vec![("subscription", Payload::part(&3)), ("report", Part::Shared(report.clone()))];
        let two = Payload::notification_of::<ReportChanged>(fields);
        let params = json!({"subscription": 3, "report": {"schema": "x"}});
        assert_eq!(read(&two), json!({"jsonrpc": "2.0", "method": "report/changed", "params": params}));
        let three = Payload::result_of(&Id::Text("a\"".into()), vec![]);
        assert_eq!(read(&three), json!({"jsonrpc": "2.0", "id": "a\"", "result": {}}));
        let four = Payload::result_of(&id, vec![("report", Part::Shared(report)), ("n", Payload::part(&1))]);
        assert_eq!(read(&four)["result"], json!({"report": {"schema": "x"}, "n": 1}));
        let five = Payload::request::<ReportGet>(&id, &super::super::ReportGetParams::default());
        assert_eq!(read(&five)["method"], "report/get");
    }
}
