//! The control frames a client sends on an open stream: SUBSCRIBE and its kin.
//!
//! Pure: text in, a command or the venue's error text out.

use serde_json::{Value, json};

use super::streams;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Subscribe(Vec<String>),
    Unsubscribe(Vec<String>),
    List,
    SetCombined(bool),
    GetCombined,
}

/// A command and the id its answer must carry.
pub(crate) type Asked = (Command, Value);

/// Reads a control frame, or says what the venue answers instead.
pub(crate) fn read(text: &str) -> Result<Asked, String> {
    let request: Value = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        json!({"code": 3, "msg": format!("Invalid JSON: expected value at {place}")}).to_string()
    })?;
    let Some(fields) = request.as_object() else {
        return Err(invalid_request("expected a map", &Value::Null));
    };
    let id = fields.get("id").cloned().unwrap_or(Value::Null);
    if !is_valid_id(&id) {
        let reason =
            "request ID must be an unsigned integer, a string of at most 36 characters, or null";
        return Err(invalid_request(reason, &Value::Null));
    }
    let Some(method) = fields.get("method").and_then(Value::as_str) else {
        return Err(invalid_request("missing field `method`", &id));
    };
    let params = fields.get("params");
    let command = match method {
        "SUBSCRIBE" => Command::Subscribe(stream_names(params, &id)?),
        "UNSUBSCRIBE" => Command::Unsubscribe(stream_names(params, &id)?),
        "LIST_SUBSCRIPTIONS" => Command::List,
        "SET_PROPERTY" => set_property(params, &id)?,
        "GET_PROPERTY" => get_property(params, &id)?,
        other => {
            let reason = format!(
                "unknown variant {other}, expected one of SUBSCRIBE, UNSUBSCRIBE, \
                 LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY"
            );
            return Err(invalid_request(&reason, &id));
        }
    };
    Ok((command, id))
}

/// The answer of success.
pub(crate) fn answer(result: &Value, id: &Value) -> String {
    json!({"result": result, "id": id}).to_string()
}

fn invalid_request(reason: &str, id: &Value) -> String {
    error(2, &format!("Invalid request: {reason}"), id)
}

fn error(code: i32, message: &str, id: &Value) -> String {
    if id.is_null() {
        json!({"code": code, "msg": message}).to_string()
    } else {
        json!({"code": code, "msg": message, "id": id}).to_string()
    }
}

fn is_valid_id(id: &Value) -> bool {
    match id {
        Value::Null => true,
        Value::Number(number) => number.is_i64(),
        Value::String(text) => text.chars().count() <= 36,
        _ => false,
    }
}

fn stream_names(params: Option<&Value>, id: &Value) -> Result<Vec<String>, String> {
    let list = params
        .and_then(Value::as_array)
        .ok_or_else(|| invalid_request("missing field `params`", id))?;
    let name = |value: &Value| {
        let name = value.as_str().ok_or_else(|| invalid_request("stream names are strings", id))?;
        if streams::is_well_formed(name) {
            Ok(name.to_owned())
        } else {
            Err(invalid_request("malformed stream name", id))
        }
    };
    list.iter().map(name).collect()
}

fn set_property(params: Option<&Value>, id: &Value) -> Result<Command, String> {
    let list = params.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match list {
        [Value::String(name), Value::Bool(on)] if name == "combined" => {
            Ok(Command::SetCombined(*on))
        }
        [Value::String(name), _] if name == "combined" => {
            Err(error(1, "Invalid value type: expected Boolean", id))
        }
        [Value::String(_), ..] => Err(error(0, "Unknown property", id)),
        _ => Err(invalid_request("missing field `params`", id)),
    }
}

fn get_property(params: Option<&Value>, id: &Value) -> Result<Command, String> {
    let list = params.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match list {
        [Value::String(name)] if name == "combined" => Ok(Command::GetCombined),
        [Value::String(_)] => Err(error(0, "Unknown property", id)),
        _ => Err(invalid_request("missing field `params`", id)),
    }
}
