//! A plain client: a blocking WebSocket and GET requests.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;
use tungstenite::{Message, WebSocket};

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    pub(crate) web: WebSocket<TcpStream>,
}

impl Client {
    pub(crate) fn connect(url: &str) -> Self {
        let host = url.strip_prefix("ws://").unwrap().split('/').next().unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let (web, _) = tungstenite::client(url, stream).unwrap();
        Self { web }
    }

    /// The next text, or `None` when the connection ended.
    pub(crate) fn text(&mut self) -> Option<String> {
        loop {
            match self.web.read() {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(_)) => return None,
                Ok(other) => panic!("unexpected {other:?}"),
                Err(tungstenite::Error::Io(error))
                    if error.kind() == std::io::ErrorKind::WouldBlock =>
                {
                    panic!("nothing came")
                }
                Err(_) => return None,
            }
        }
    }

    pub(crate) fn json(&mut self) -> Value {
        let text = self.text().expect("the connection ended");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.web.send(Message::text(text)).unwrap();
    }

    /// Sends a control frame and returns its answer, skipping what streams say meanwhile.
    pub(crate) fn ask(&mut self, text: &str) -> Value {
        self.send(text);
        self.until(|frame| {
            frame.get("result").is_some()
                || frame.get("code").is_some()
                || frame.get("msg").is_some()
        })
    }

    /// Skips frames until one fits.
    pub(crate) fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let frame = self.json();
            if fits(&frame) {
                return frame;
            }
            assert!(Instant::now() < deadline, "the frame did not come");
        }
    }
}

/// Status, one header, and body of a GET.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) used_weight: Option<u32>,
    pub(crate) retry_after: Option<u32>,
    pub(crate) body: Value,
}

pub(crate) fn get(url: &str) -> Reply {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let mut response = agent.get(url).call().unwrap();
    let header = |name: &str| response.headers().get(name)?.to_str().ok()?.parse().ok();
    let (used_weight, retry_after) = (header("x-mbx-used-weight-1m"), header("retry-after"));
    let text = response.body_mut().with_config().limit(1 << 24).read_to_string().unwrap();
    Reply {
        status: response.status().as_u16(),
        used_weight,
        retry_after,
        body: serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")),
    }
}
