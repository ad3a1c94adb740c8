//! Reading REST parameters, and the venue's words for what is wrong with them.

use serde_json::json;

/// An error body of the venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) code: i32,
    pub(super) message: String,
}

impl Complaint {
    pub(super) fn body(&self) -> String {
        json!({"code": self.code, "msg": self.message}).to_string()
    }

    pub(super) fn invalid_symbol() -> Self {
        Self { code: -1121, message: "Invalid symbol.".into() }
    }
}

/// The parameters of a request, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(pub(super) Vec<(String, String)>);

impl Parameters {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A symbol that must be there and must look like one.
    pub(super) fn symbol(&self) -> Result<&str, Complaint> {
        match self.get("symbol") {
            None | Some("") => Err(Complaint {
                code: -1102,
                message: "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
                    .into(),
            }),
            Some(symbol) => checked_symbol(symbol),
        }
    }

    /// A list of symbols; `None` when neither parameter is there.
    pub(super) fn symbols(&self) -> Result<Option<Vec<String>>, Complaint> {
        match (self.get("symbol"), self.get("symbols")) {
            (Some(_), Some(_)) => Err(Complaint {
                code: -1128,
                message: "Combination of optional parameters invalid.".into(),
            }),
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
    pub(super) fn limit(&self, default: usize) -> Result<usize, Complaint> {
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

fn illegal(name: &str, legal: &str) -> Complaint {
    let message =
        format!("Illegal characters found in parameter '{name}'; legal range is '{legal}'.");
    Complaint { code: -1100, message }
}
