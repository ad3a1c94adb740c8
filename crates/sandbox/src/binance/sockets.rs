//! The connections that belong to accounts: the spot WebSocket API and USD-M user streams.

use std::collections::{BTreeMap, BTreeSet};

use domain::Market;
use serde_json::{Map, Value, json};

use super::{
    core::{Call, Core, too_many_requests},
    http,
    query::{Complaint, Parameters},
    routes::{self, Security},
    user_stream,
};
use crate::market::Outlet;

/// What a connection is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A text message.
    Text(String),
    /// The connection just ends.
    HangUp,
}

/// Something for a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Which connection.
    pub connection: u64,
    /// What.
    pub sent: Sent,
    /// How long it takes, in milliseconds.
    pub after_millis: i64,
}

#[derive(Debug)]
enum Socket {
    Api {
        /// Account, place of the key, and since when.
        logon: Option<(usize, usize, i64)>,
        since: i64,
        /// Account by number.
        subscriptions: BTreeMap<u32, usize>,
        next: u32,
    },
    User {
        account: Option<usize>,
        combined: bool,
        key: String,
        /// Event types wanted; empty for all.
        events: BTreeSet<String>,
    },
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    next: u64,
    open: BTreeMap<u64, Socket>,
    pub(crate) outgoing: Vec<Outgoing>,
    /// Until when new connections are turned away, in milliseconds.
    pub(crate) refuse_until: i64,
}

impl Sockets {
    fn send(&mut self, connection: u64, sent: Sent, after_millis: i64) {
        self.outgoing.push(Outgoing { connection, sent, after_millis });
    }

    /// Ends every connection without a goodbye.
    pub(crate) fn hang_up_all(&mut self) {
        for connection in std::mem::take(&mut self.open).into_keys() {
            self.send(connection, Sent::HangUp, 0);
        }
    }

    pub(crate) fn close(&mut self, connection: u64) {
        self.open.remove(&connection);
    }
}

/// A request of the WebSocket API, taken apart.
struct Request {
    id: Value,
    method: String,
    params: Map<String, Value>,
}

impl Request {
    fn read(text: &str) -> Result<Self, (Value, Complaint)> {
        let fields: Value = serde_json::from_str(text)
            .map_err(|_| (Value::Null, Complaint::new(-1135, "Invalid JSON")))?;
        let id = fields.get("id").cloned().unwrap_or(Value::Null);
        let method = fields.get("method").and_then(Value::as_str);
        let Some(method) = method else { return Err((id, Complaint::missing("method"))) };
        let params = match fields.get("params") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(params)) => params.clone(),
            Some(_) => return Err((id, Complaint::missing("params"))),
        };
        Ok(Self { id, method: method.to_owned(), params })
    }

    fn parameters(&self) -> Parameters {
        let pairs = self.params.iter().map(|(name, value)| (name.clone(), plain(value)));
        Parameters(pairs.collect())
    }

    /// What was signed: everything but the signature, by name, not encoded.
    fn payload(&self) -> String {
        let mut pairs: Vec<(&String, String)> = self
            .params
            .iter()
            .filter(|(name, _)| *name != "signature")
            .map(|(name, value)| (name, plain(value)))
            .collect();
        pairs.sort();
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Core {
    /// Opens a connection for a path with its query; `None` where nothing of ours is there.
    pub(crate) fn open(&mut self, target: &str) -> Option<u64> {
        if self.exchange.now() < self.sockets.refuse_until {
            return None;
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = http::pairs(query)?;
        let value =
            |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let combined = path == "/private/stream";
        let socket = if path == "/ws-api/v3" {
            let since = self.clock();
            Socket::Api { logon: None, since, subscriptions: BTreeMap::new(), next: 0 }
        } else if let Some(key) = path.strip_prefix("/private/ws/") {
            self.user_socket(key, false, None)
        } else if path == "/private/ws" || combined {
            let key = value("listenKey").or_else(|| value("streams")).unwrap_or_default();
            self.user_socket(&key, combined, value("events"))
        } else {
            return None;
        };
        if matches!(socket, Socket::Api { .. }) {
            // A ban also keeps from connecting.
            self.limits.book(Market::Spot, 2, self.exchange.now()).ok()?;
        }
        self.sockets.next += 1;
        self.sockets.open.insert(self.sockets.next, socket);
        Some(self.sockets.next)
    }

    fn user_socket(&self, key: &str, combined: bool, events: Option<String>) -> Socket {
        let accounts = self.exchange.state.accounts.iter();
        let account = accounts
            .enumerate()
            .find(|(_, owner)| owner.listen_key.as_ref().is_some_and(|(known, _)| known == key))
            .map(|(account, _)| account);
        let events = events.unwrap_or_default();
        let events = events.split('/').filter(|event| !event.is_empty()).map(str::to_owned);
        Socket::User { account, combined, key: key.to_owned(), events: events.collect() }
    }

    /// Takes a text from a connection.
    pub(crate) fn text(&mut self, connection: u64, text: &str, outlet: &mut dyn Outlet) {
        match self.sockets.open.get(&connection) {
            Some(Socket::Api { .. }) => self.api_text(connection, text, outlet),
            Some(Socket::User { .. }) => {
                // Subscriptions are acknowledged; the listen key decides what is told.
                let fields: Value = serde_json::from_str(text).unwrap_or_default();
                let answer = json!({"result": null, "id": fields["id"]}).to_string();
                self.sockets.send(connection, Sent::Text(answer), 0);
            }
            None => {}
        }
    }

    fn api_text(&mut self, connection: u64, text: &str, outlet: &mut dyn Outlet) {
        let request = match Request::read(text) {
            Ok(request) => request,
            Err((id, complaint)) => {
                let answer = json!({"id": id, "status": 400, "error": complaint.value()});
                return self.sockets.send(connection, Sent::Text(answer.to_string()), 0);
            }
        };
        let plan = self.faults.plan(&request.method, self.exchange.now());
        let (mut status, mut body) = match &plan.instead {
            Some(complaint) => refused(complaint),
            None => match self.api_call(connection, &request, outlet) {
                Ok(result) => (200, format!("\"result\":{result}")),
                Err(complaint) => refused(&complaint),
            },
        };
        self.apply(&plan, outlet);
        self.tell_streams(plan.hold_events_millis);
        // The same bending as over REST; status and body travel together here.
        let mut reply = super::core::Reply::default();
        plan.bend(&mut reply);
        if reply.hang_up {
            self.sockets.close(connection);
            return self.sockets.send(connection, Sent::HangUp, 0);
        }
        if reply.response.status != 0 {
            (status, body) = (reply.response.status, format!("\"error\":{}", reply.response.body));
        }
        let account = match self.sockets.open.get(&connection) {
            Some(Socket::Api { logon: Some((account, ..)), .. }) => Some(*account),
            _ => self.api_account(&request),
        };
        let mut limits =
            account.map(|account| self.order_limits_of(account, Market::Spot)).unwrap_or_default();
        let used = self.limits.used(Market::Spot, self.exchange.now());
        limits.push(json!({
            "rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
            "limit": super::limits::weight_limit(Market::Spot), "count": used,
        }));
        let (id, limits) = (&request.id, Value::from(limits));
        let answer = format!("{{\"id\":{id},\"status\":{status},{body},\"rateLimits\":{limits}}}");
        let answer = plan.garbled(&answer);
        self.sockets.send(connection, Sent::Text(answer), reply.after_millis);
    }

    fn api_account(&self, request: &Request) -> Option<usize> {
        let key = request.params.get("apiKey")?.as_str()?;
        self.keys.iter().find(|known| known.key == key).map(|known| known.account)
    }

    fn api_call(
        &mut self,
        connection: u64,
        request: &Request,
        outlet: &mut dyn Outlet,
    ) -> Result<String, Complaint> {
        let parameters = request.parameters();
        let now = self.exchange.now();
        let route = routes::find_method(&request.method);
        let weight =
            route.map_or(2, |route| route.weight.of(route.path, Market::Spot, &parameters));
        self.limits.book(Market::Spot, weight, now).map_err(too_many_requests)?;
        if let Some(route) = route {
            let (account, key) = self
                .api_caller(connection, route.security, request, &parameters)?
                .unwrap_or_default();
            let call = Call { parameters: &parameters, account, key, market: Market::Spot };
            return self.run(route, &call, outlet);
        }
        match request.method.as_str() {
            "session.logon" => self.logon(connection, request, &parameters),
            "session.status" => Ok(self.session(connection)),
            "session.logout" => {
                if let Some(Socket::Api { logon, .. }) = self.sockets.open.get_mut(&connection) {
                    *logon = None;
                }
                Ok(self.session(connection))
            }
            "userDataStream.subscribe" => {
                let logged_on = self.logged_on(connection);
                let (account, _) = logged_on.ok_or_else(|| {
                    Complaint::new(-2015, "Invalid API-key, IP, or permissions for action.")
                })?;
                Ok(self.subscribe(connection, account))
            }
            "userDataStream.subscribe.signature" => {
                let payload = request.payload();
                let key = parameters.get("apiKey");
                let caller = self.admit(Security::Signed, key, &parameters, payload.as_bytes())?;
                Ok(self.subscribe(connection, caller.unwrap_or_default().0))
            }
            "userDataStream.unsubscribe" => self.unsubscribe(connection, &parameters),
            _ => Err(Complaint::new(-1104, format!("Unknown method '{}'.", request.method))),
        }
    }

    fn logged_on(&self, connection: u64) -> Option<(usize, usize)> {
        match self.sockets.open.get(&connection) {
            Some(Socket::Api { logon: Some((account, key, _)), .. }) => Some((*account, *key)),
            _ => None,
        }
    }

    fn api_caller(
        &self,
        connection: u64,
        security: Security,
        request: &Request,
        parameters: &Parameters,
    ) -> Result<Option<(usize, usize)>, Complaint> {
        let logon = self.logged_on(connection).filter(|(_, key)| !self.keys[*key].revoked);
        if security == Security::Signed && logon.is_some() && parameters.get("apiKey").is_none() {
            self.check_time(parameters)?;
            return Ok(logon);
        }
        let payload = request.payload();
        self.admit(security, parameters.get("apiKey"), parameters, payload.as_bytes())
    }

    fn logon(
        &mut self,
        connection: u64,
        request: &Request,
        parameters: &Parameters,
    ) -> Result<String, Complaint> {
        let payload = request.payload();
        let key = parameters.get("apiKey");
        let caller = self.admit(Security::Signed, key, parameters, payload.as_bytes())?;
        let (account, key) = caller.unwrap_or_default();
        if !self.keys[key].is_ed25519() {
            return Err(Complaint::new(-4056, "HMAC_SHA256 API key is not supported."));
        }
        let now = self.clock();
        if let Some(Socket::Api { logon, .. }) = self.sockets.open.get_mut(&connection) {
            *logon = Some((account, key, now));
        }
        Ok(self.session(connection))
    }

    fn session(&self, connection: u64) -> String {
        let Some(Socket::Api { logon, since, subscriptions, .. }) =
            self.sockets.open.get(&connection)
        else {
            return "null".into();
        };
        let key = logon.map(|(_, key, _)| self.keys[key].key.clone());
        let body = json!({
            "apiKey": key,
            "authorizedSince": logon.map(|(.., since)| since),
            "connectedSince": since,
            "returnRateLimits": true,
            "serverTime": self.clock(),
            "userDataStream": !subscriptions.is_empty(),
        });
        body.to_string()
    }

    fn subscribe(&mut self, connection: u64, account: usize) -> String {
        let Some(Socket::Api { subscriptions, next, .. }) = self.sockets.open.get_mut(&connection)
        else {
            return "null".into();
        };
        let number = *next;
        *next += 1;
        subscriptions.insert(number, account);
        json!({"subscriptionId": number}).to_string()
    }

    fn unsubscribe(
        &mut self,
        connection: u64,
        parameters: &Parameters,
    ) -> Result<String, Complaint> {
        let number = parameters.integer("subscriptionId")?;
        let Some(Socket::Api { subscriptions, .. }) = self.sockets.open.get_mut(&connection) else {
            return Ok("null".into());
        };
        match number.and_then(|number| u32::try_from(number).ok()) {
            None => subscriptions.clear(),
            Some(number) => {
                subscriptions
                    .remove(&number)
                    .ok_or_else(|| Complaint::new(-1155, "Subscription does not exist."))?;
            }
        }
        Ok("{}".into())
    }

    /// Hands what happened to the user streams of those it happened to.
    pub(crate) fn tell_streams(&mut self, after_millis: i64) {
        if self.exchange.events.is_empty() {
            return;
        }
        let now = self.exchange.now();
        for event in std::mem::take(&mut self.exchange.events) {
            let (account, market) = user_stream::owner(&event);
            for (name, text) in user_stream::frames(&event, &self.exchange, now) {
                let bent = self.faults.bend(name, &text, now);
                self.hand_out((account, market), name, &bent, after_millis);
            }
        }
    }

    fn hand_out(
        &mut self,
        whose: (usize, Market),
        name: &str,
        bent: &super::faults::Bent,
        after_millis: i64,
    ) {
        let mut wrapped = Vec::new();
        for (connection, socket) in &self.sockets.open {
            match socket {
                Socket::Api { subscriptions, .. } if whose.1 == Market::Spot => {
                    for number in subscriptions
                        .iter()
                        .filter(|(_, account)| **account == whose.0)
                        .map(|(number, _)| number)
                    {
                        wrapped.push((
                            *connection,
                            format!("{{\"subscriptionId\":{number},\"event\":"),
                            "}",
                        ));
                    }
                }
                Socket::User { account: Some(account), combined, key, events }
                    if whose.1 != Market::Spot
                        && *account == whose.0
                        && (events.is_empty() || events.contains(name)) =>
                {
                    let head = if *combined {
                        format!("{{\"stream\":\"{key}\",\"data\":")
                    } else {
                        String::new()
                    };
                    wrapped.push((*connection, head, if *combined { "}" } else { "" }));
                }
                Socket::Api { .. } | Socket::User { .. } => {}
            }
        }
        for (connection, head, tail) in wrapped {
            for (after, text) in &bent.frames {
                let text = format!("{head}{text}{tail}");
                self.sockets.send(connection, Sent::Text(text), after_millis + after);
            }
            if bent.hang_up {
                self.sockets.close(connection);
                self.sockets.send(connection, Sent::HangUp, 0);
            }
        }
    }
}

fn refused(complaint: &Complaint) -> (u16, String) {
    (complaint.status(), format!("\"error\":{}", complaint.value()))
}
