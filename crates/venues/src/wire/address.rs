//! Taking a WebSocket address apart, once, before anybody dials it.

use tungstenite::http::Uri;

use super::WireError;

/// A checked `ws://` or `wss://` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) secure: bool,
    /// Name or address without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) url: String,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, WireError> {
        let bad = |reason: &str| WireError::BadAddress {
            url: without_query(url).to_owned(),
            reason: reason.to_owned(),
        };
        let uri: Uri = url.parse().map_err(|_| bad("it is not a URL"))?;
        let secure = match uri.scheme_str() {
            Some("wss") => true,
            Some("ws") => false,
            _ => return Err(bad("it must begin with ws:// or wss://")),
        };
        let host = uri.host().unwrap_or("").trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(bad("it has no host"));
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(bad("it must not carry a user name or password"));
        }
        let port = match uri.port_u16() {
            Some(port) => port,
            None if !authority.ends_with(uri.host().unwrap_or("")) => {
                return Err(bad("its port is not a number up to 65535"));
            }
            None if secure => 443,
            None => 80,
        };
        Ok(Self { secure, host: host.to_owned(), port, url: url.to_owned() })
    }

    /// Host and port, safe to show: the query may carry a listen key.
    pub(super) fn shown(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}
