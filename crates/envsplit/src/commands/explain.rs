//! `explain CODE`: the page of a cause code.
use super::json;
use crate::args::Common;
use crate::error::Error;
use crate::output;
use envsplit_model::{Code, ExplainSlice};

pub(crate) fn run(common: &Common, code: &str) -> Result<u8, Error> {
    let Ok(found) = code.trim().parse::<Code>() else {
        // What was typed may be pasted error text with a key in it: it is not repeated.
        let family = code.split('/').next().unwrap_or_default();
        let mut near: Vec<&str> =
            Code::ALL.iter().map(|c| c.slug()).filter(|s| s.starts_with(&format!("{family}/"))).collect();
        if near.is_empty() {
            near = Code::ALL.iter().map(|c| c.slug()).collect();
        }
        return Err(Error::usage("that is no cause code").hint(format!("codes: {}", near.join(", "))));
    };
    if common.wants_json() {
        json(&ExplainSlice {
            schema: "envsplit.explain/v1".to_owned(),
            code: found,
            severity: found.severity(),
            title: found.title().to_owned(),
            page: found.page().to_owned(),
        })?;
    } else {
        output::data(&format!("{}\n{} ({})\n", found.page().trim_end(), found.title(), found.severity()));
    }
    Ok(0)
}
