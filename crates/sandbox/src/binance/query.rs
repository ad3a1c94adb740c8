//! Reading REST parameters, and the venue's words for what is wrong with them.

use serde_json::{Value, json};

/// An error body of the venue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Complaint {
    pub(crate) code: i32,
    pub(crate) message: String,
    /// What the venue adds where one of two steps failed.
    pub(crate) data: Option<Box<Value>>,
}

impl Complaint {
    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(crate) fn value(&self) -> Value {
        match &self.data {
            None => json!({"code": self.code, "msg": self.message}),
            Some(data) => json!({"code": self.code, "msg": self.message, "data": data}),
        }
    }

    /// The HTTP status that goes with the code.
    pub(crate) fn status(&self) -> u16 {
        match self.code {
            -1003 | -1015 => 429,
            -2014 | -2015 => 401,
            -1007 => 504,
            -1008 => 503,
            -1001 | -1016 => 500,
            // One half of a cancel-and-replace was done.
            -2021 if self.data.is_some() => 409,
            _ => 400,
        }
    }

    pub(crate) fn missing(name: &str) -> Self {
        let text =
            format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed.");
        Self::new(-1102, text)
    }

    pub(crate) fn invalid_symbol() -> Self {
        Self::new(-1121, "Invalid symbol.")
    }
}

/// The parameters of a request, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(pub(crate) Vec<(String, String)>);

impl Parameters {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A symbol that must be there and must look like one.
    pub(crate) fn symbol(&self) -> Result<&str, Complaint> {
        match self.get("symbol") {
            None | Some("") => Err(Complaint::missing("symbol")),
            Some(symbol) => checked_symbol(symbol),
        }
    }

    /// A list of symbols; `None` when neither parameter is there.
    pub(crate) fn symbols(&self) -> Result<Option<Vec<String>>, Complaint> {
        match (self.get("symbol"), self.get("symbols")) {
            (Some(_), Some(_)) => {
                Err(Complaint::new(-1128, "Combination of optional parameters invalid."))
            }
            (Some(symbol), None) => Ok(Some(vec![checked_symbol(symbol)?.to_owned()])),
            (None, Some(list)) => {
                let list: Vec<String> =
                    serde_json::from_str(list).map_err(|_| illegal("symbols", "[\"A\",\"B\"]"))?;
                for symbol in &list {
                    checked_symbol(symbol)?;
                }
                Ok(Some(list))
            }
            (None, None) => Ok(None),
        }
    }

    /// The depth limit as sent, or the default.
    pub(crate) fn limit(&self, default: usize) -> Result<usize, Complaint> {
        match self.get("limit") {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| illegal("limit", "^[0-9]{1,20}$")),
        }
    }
}

fn checked_symbol(symbol: &str) -> Result<&str, Complaint> {
    let plain =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if !symbol.is_empty() && symbol.len() <= 20 && symbol.bytes().all(plain) {
        Ok(symbol)
    } else {
        Err(illegal("symbol", "^[A-Z0-9-_.]{1,20}$"))
    }
}

pub(crate) fn illegal(name: &str, legal: &str) -> Complaint {
    let message =
        format!("Illegal characters found in parameter '{name}'; legal range is '{legal}'.");
    Complaint::new(-1100, message)
}
