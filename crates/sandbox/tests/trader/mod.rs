//! A client of the virtual venue that signs like the documentation says.

#![allow(dead_code, reason = "each test program uses a part of it")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::Timestamp;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, Mac as _};
use sandbox::{
    EXAMPLE_ED25519_KEY, EXAMPLE_KEY, EXAMPLE_SECRET, FaultScript, Keys, Outgoing, Reply, Sent,
    VirtualConfig, VirtualVenue,
};
use serde_json::{Value, json};
use sha2::Sha256;

pub(crate) const START: i64 = 1_700_000_000_000;

pub(crate) struct Trader {
    pub(crate) venue: VirtualVenue,
    pub(crate) now: i64,
    pub(crate) key: String,
    pub(crate) secret: String,
    /// What connections were sent, oldest first.
    pub(crate) mail: Vec<Outgoing>,
}

pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) reply: Reply,
}

impl Told {
    /// The venue's code and text.
    pub(crate) fn complaint(&self) -> (u16, i64, String) {
        let text = self.body["msg"].as_str().unwrap_or_default().to_owned();
        (self.status, self.body["code"].as_i64().unwrap_or_default(), text)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.reply.response.headers.iter();
        headers.find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) fn hmac(secret: &str, payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(payload.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

pub(crate) fn ed25519(payload: &str) -> String {
    let der = STANDARD
        .decode("MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u")
        .unwrap();
    let seed: [u8; 32] = der[der.len() - 32..].try_into().unwrap();
    STANDARD.encode(SigningKey::from_bytes(&seed).sign(payload.as_bytes()).to_bytes())
}

impl Trader {
    pub(crate) fn new(faults: FaultScript) -> Self {
        Self::with(1, Keys::default(), faults)
    }

    pub(crate) fn with(seed: u64, keys: Keys, faults: FaultScript) -> Self {
        let start = Timestamp::from_millis(START);
        let config = VirtualConfig { seed, rate: 50, start, instruments: Vec::new(), keys, faults };
        let venue = VirtualVenue::new(config).unwrap();
        Self {
            venue,
            now: START,
            key: EXAMPLE_KEY.into(),
            secret: EXAMPLE_SECRET.into(),
            mail: Vec::new(),
        }
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    /// Lets time pass and collects what comes.
    pub(crate) fn pass(&mut self, millis: i64) {
        self.now += millis;
        let sent = self.venue.advance(self.time());
        self.mail.extend(sent);
    }

    /// Sends the bytes of a request.
    pub(crate) fn raw(&mut self, method: &str, target: &str, key: Option<&str>) -> Told {
        let key = key.map_or_else(String::new, |key| format!("X-MBX-APIKEY: {key}\r\n"));
        let bytes = format!("{method} {target} HTTP/1.1\r\nHost: sandbox\r\n{key}\r\n");
        let reply = self.venue.handle(bytes.as_bytes(), self.time());
        let body = serde_json::from_str(&reply.response.body).unwrap_or(Value::Null);
        Told { status: reply.response.status, body, reply }
    }

    /// A signed call.
    pub(crate) fn call(&mut self, method: &str, path: &str, query: &str) -> Told {
        let and = if query.is_empty() { "" } else { "&" };
        let payload = format!("{query}{and}recvWindow=5000&timestamp={}", self.now);
        let signature = hmac(&self.secret, &payload);
        let (key, target) = (self.key.clone(), format!("{path}?{payload}&signature={signature}"));
        self.raw(method, &target, Some(&key))
    }

    pub(crate) fn ok(&mut self, method: &str, path: &str, query: &str) -> Value {
        let told = self.call(method, path, query);
        assert_eq!(told.status, 200, "{method} {path} {query}: {}", told.body);
        told.body
    }

    /// Best bid and ask of a symbol as text.
    pub(crate) fn best(&mut self, prefix: &str, symbol: &str) -> (f64, f64) {
        let told = self.raw("GET", &format!("{prefix}/ticker/bookTicker?symbol={symbol}"), None);
        let price = |name: &str| told.body[name].as_str().unwrap().parse().unwrap();
        (price("bidPrice"), price("askPrice"))
    }

    /// Free and locked of an asset on spot.
    pub(crate) fn balance(&mut self, asset: &str) -> (String, String) {
        let account = self.ok("GET", "/api/v3/account", "");
        let list = account["balances"].as_array().unwrap();
        let found = list.iter().find(|one| one["asset"] == asset).unwrap();
        let text = |name: &str| found[name].as_str().unwrap().to_owned();
        (text("free"), text("locked"))
    }

    pub(crate) fn connect(&mut self, target: &str) -> u64 {
        self.venue.connect(target, self.time()).expect("a connection")
    }

    /// Sends a request over the WebSocket API and returns its answer.
    pub(crate) fn ask(&mut self, connection: u64, method: &str, params: &Value) -> Value {
        let id = format!("q{}", self.mail.len());
        let text = json!({"id": id, "method": method, "params": params}).to_string();
        self.venue.receive(connection, &text, self.time());
        self.pass(0);
        self.frames(connection)
            .into_iter()
            .rev()
            .find(|frame| frame["id"] == id.as_str())
            .expect("an answer")
    }

    /// Signs parameters of the WebSocket API.
    pub(crate) fn sign(&self, mut params: Value, with_ed25519: bool) -> Value {
        let key = if with_ed25519 { EXAMPLE_ED25519_KEY } else { &self.key };
        params["apiKey"] = key.into();
        params["timestamp"] = self.now.into();
        let mut pairs: Vec<String> = params
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => format!("{name}={text}"),
                other => format!("{name}={other}"),
            })
            .collect();
        pairs.sort();
        let payload = pairs.join("&");
        let signature = if with_ed25519 { ed25519(&payload) } else { hmac(&self.secret, &payload) };
        params["signature"] = signature.into();
        params
    }

    /// The texts a connection was sent.
    pub(crate) fn frames(&self, connection: u64) -> Vec<Value> {
        let own = self.mail.iter().filter(|one| one.connection == connection);
        own.filter_map(|one| match &one.sent {
            Sent::Text(text) => serde_json::from_str(text).ok(),
            Sent::HangUp => None,
        })
        .collect()
    }

    /// User events of a connection by type.
    pub(crate) fn events(&self, connection: u64, kind: &str) -> Vec<Value> {
        let frames = self.frames(connection).into_iter();
        let events = frames.map(|frame| frame.get("event").cloned().unwrap_or(frame));
        events.filter(|event| event["e"] == kind).collect()
    }
}
