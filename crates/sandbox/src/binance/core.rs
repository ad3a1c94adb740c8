//! The whole venue as one state machine: requests in, answers and frames out.
//!
//! It has no sockets and no clock; the market it is built on brings the time. The server is
//! one edge of it, [`crate::VirtualVenue`] the other.

use std::collections::BTreeMap;

use domain::{InstrumentId, Market, Span};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::{
    faults::{FaultKind, FaultRule, Faults, Plan},
    http::{self, HttpRequest, HttpResponse},
    keys::ApiKey,
    limits::{Limits, OrderLimit, TooMuch, order_limits},
    query::{Complaint, Parameters},
    routes::{self, Route, Security},
    sockets::Sockets,
};
use crate::{
    archive::Past,
    market::{Depth, Outlet, Progress},
    trading::{Exchange, Phase},
};

/// How far ahead of the venue's clock a request may be, in milliseconds.
const AHEAD_MILLIS: i64 = 1_000;
const USUAL_WINDOW_MILLIS: i64 = 5_000;
const LONGEST_WINDOW_MILLIS: i64 = 60_000;

/// Who asks what.
pub(crate) struct Call<'a> {
    pub(crate) parameters: &'a Parameters,
    pub(crate) account: usize,
    /// The key's place.
    pub(crate) key: usize,
    pub(crate) market: Market,
}

/// An answer: JSON text.
pub(crate) type Answer = Result<String, Complaint>;

/// An answer and how it travels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The answer.
    pub response: HttpResponse,
    /// How long it takes to arrive, in milliseconds.
    pub after_millis: i64,
    /// The connection ends instead of carrying the answer.
    pub hang_up: bool,
}

/// Where a request was stopped, or what came of it.
struct Outcome {
    market: Market,
    answer: Answer,
    account: Option<usize>,
    refused: Option<TooMuch>,
}

/// Money from outside, as the control endpoint takes it.
#[derive(Deserialize)]
struct Deposit {
    #[serde(default)]
    account: usize,
    asset: String,
    amount: Decimal,
}

pub(crate) struct Core {
    pub(crate) exchange: Exchange,
    pub(crate) past: Option<Past>,
    pub(crate) keys: Vec<ApiKey>,
    pub(crate) limits: Limits,
    pub(crate) faults: Faults,
    pub(crate) sockets: Sockets,
    /// When trading goes on after a halt, in milliseconds.
    pub(crate) reopens_at: Option<i64>,
    /// Until when depth snapshots are the ones kept here.
    pub(crate) stale_snapshots_until: i64,
    pub(crate) kept_snapshots: BTreeMap<InstrumentId, Depth>,
    /// Whole seconds of the market's time that have passed.
    seconds: i64,
}

impl Core {
    pub(crate) fn new(
        exchange: Exchange,
        past: Option<Past>,
        keys: Vec<ApiKey>,
        faults: Faults,
    ) -> Self {
        Self {
            exchange,
            past,
            keys,
            limits: Limits::default(),
            faults,
            sockets: Sockets::default(),
            reopens_at: None,
            stale_snapshots_until: i64::MIN,
            kept_snapshots: BTreeMap::new(),
            seconds: 0,
        }
    }

    /// The venue's clock, which a fault may have put wrong.
    pub(crate) fn clock(&self) -> i64 {
        self.exchange.now() + self.faults.skew(self.exchange.now())
    }

    /// Lets everything happen up to `elapsed` after the market's start.
    pub(crate) fn run_until(&mut self, elapsed: Span, outlet: &mut dyn Outlet) -> Progress {
        // Second by second, so that it makes no difference how far the caller steps.
        loop {
            let next = Span::from_secs(self.seconds + 1);
            let progress = self.exchange.run_until(next.min(elapsed), outlet);
            let goes_on = matches!(progress, Progress::NextAt(_));
            if next <= elapsed && goes_on {
                // Recordings have gaps of months, in which nothing can go wrong either.
                let empty_until = if let Progress::NextAt(at) = progress { at } else { next };
                let passed = empty_until.min(elapsed).as_nanos() / 1_000_000_000;
                self.seconds = passed.max(self.seconds + 1);
                self.tick(self.exchange.now(), outlet);
            }
            self.tell_streams(0);
            if !goes_on {
                self.seconds = 0;
            }
            if next > elapsed || !goes_on {
                return progress;
            }
        }
    }

    fn tick(&mut self, now: i64, outlet: &mut dyn Outlet) {
        if self.reopens_at.is_some_and(|at| at <= now) {
            self.reopens_at = None;
            self.exchange.phase = Phase::Trading;
        }
        if now > self.stale_snapshots_until && self.faults.may(FaultKind::StaleSnapshot) {
            for instrument in self.exchange.instruments.iter() {
                let depth = self.exchange.floor.depth(instrument.id(), 1_000);
                self.kept_snapshots.extend(depth.map(|depth| (instrument.id(), depth)));
            }
        }
        let plan = self.faults.tick(now);
        self.apply(&plan, outlet);
    }

    /// Answers one request.
    pub(crate) fn handle(&mut self, request: &HttpRequest, outlet: &mut dyn Outlet) -> Reply {
        if request.path.starts_with("/sandbox/") {
            let response = self.control(request);
            return Reply { response, ..Reply::default() };
        }
        if self.exchange.now() < self.sockets.refuse_until {
            return Reply { hang_up: true, ..Reply::default() };
        }
        let Some(route) = routes::find(&request.method, &request.path) else {
            let body = json!({"code": -1000, "msg": "Unknown path."}).to_string();
            return Reply {
                response: HttpResponse { status: 404, headers: vec![json_type()], body },
                ..Reply::default()
            };
        };
        let name = format!("{} {}", route.method, route.path);
        let plan = self.faults.plan(&name, self.exchange.now());
        let outcome = match &plan.instead {
            Some(complaint) => self.refused(route, complaint.clone()),
            None => self.answer(route, request, outlet),
        };
        self.apply(&plan, outlet);
        // What was told on user streams before the answer, or after it.
        self.tell_streams(plan.hold_events_millis);
        let mut reply = self.reply(outcome);
        plan.bend(&mut reply);
        reply
    }

    /// The control endpoint: `GET`, `POST` and `DELETE /sandbox/faults`, `POST /sandbox/deposit`.
    fn control(&mut self, request: &HttpRequest) -> HttpResponse {
        let (status, body) = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/sandbox/faults") => {
                let row = |((kind, on), count): (&(FaultKind, String), &u64)| json!({"kind": kind, "on": on, "count": count});
                (200, self.faults.struck().iter().map(row).collect())
            }
            ("POST", "/sandbox/faults") => match serde_json::from_slice::<FaultRule>(&request.body)
            {
                Ok(rule) => match rule.check() {
                    Ok(()) => {
                        self.faults.add(rule);
                        (200, json!({"added": true}))
                    }
                    Err(reason) => (400, json!({"error": reason})),
                },
                Err(error) => (400, json!({"error": error.to_string()})),
            },
            ("POST", "/sandbox/deposit") => {
                match serde_json::from_slice::<Deposit>(&request.body) {
                    Ok(Deposit { account, asset, amount }) => {
                        let done = self.exchange.deposit(account, &asset, amount);
                        self.tell_streams(0);
                        (if done { 200 } else { 400 }, json!({"deposited": done}))
                    }
                    Err(error) => (400, json!({"error": error.to_string()})),
                }
            }
            ("DELETE", "/sandbox/faults") => {
                self.faults.clear();
                (200, json!({"cleared": true}))
            }
            _ => (
                404,
                json!({"error": "the control endpoints are /sandbox/faults and /sandbox/deposit"}),
            ),
        };
        HttpResponse { status, headers: vec![json_type()], body: body.to_string() }
    }

    fn refused(&mut self, route: &Route, complaint: Complaint) -> Outcome {
        let (market, now) = (route.market(), self.exchange.now());
        let refused = match complaint.code {
            -1003 if complaint.message.contains("banned") => Some(self.limits.ban(market, now)),
            -1003 => Some(self.limits.refuse(market, now)),
            _ => None,
        };
        Outcome { market, answer: Err(complaint), account: None, refused }
    }

    fn answer(&mut self, route: &Route, request: &HttpRequest, outlet: &mut dyn Outlet) -> Outcome {
        let market = route.market();
        let mut outcome =
            Outcome { market, answer: Ok(String::new()), account: None, refused: None };
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let (Some(mut pairs), Some(form)) = (http::pairs(&request.query), http::pairs(&body))
        else {
            outcome.answer = Err(Complaint::new(-1100, "Illegal characters found in a parameter."));
            return outcome;
        };
        pairs.extend(form);
        let parameters = Parameters(pairs);
        let weight = route.weight.of(route.path, market, &parameters);
        if let Err(too_much) = self.limits.book(market, weight, self.exchange.now()) {
            outcome.refused = Some(too_much);
            outcome.answer = Err(too_many_requests(too_much));
            return outcome;
        }
        let key = request.header("x-mbx-apikey");
        let signed = without_signature(&request.query) + &without_signature(&body);
        let caller = match self.admit(route.security, key, &parameters, signed.as_bytes()) {
            Ok(caller) => caller,
            Err(complaint) => {
                outcome.answer = Err(complaint);
                return outcome;
            }
        };
        let (account, key) = caller.unwrap_or_default();
        if caller.is_some() {
            outcome.account = Some(account);
        }
        let call = Call { parameters: &parameters, account, key, market };
        outcome.answer = self.run(route, &call, outlet);
        outcome
    }

    /// Counts orders and does what is asked.
    pub(super) fn run(
        &mut self,
        route: &Route,
        call: &Call<'_>,
        outlet: &mut dyn Outlet,
    ) -> Answer {
        let orders = route.orders(call.parameters);
        if orders > 0 {
            if !self.keys[call.key].can_trade {
                return Err(bad_key());
            }
            let now = self.exchange.now();
            if !self.limits.book_orders(call.account, call.market, orders, now) {
                return Err(too_many_orders(call.market));
            }
        }
        (route.run)(self, call, outlet)
    }

    /// Whose request this is: account and place of the key; `None` for a public one.
    pub(super) fn admit(
        &self,
        security: Security,
        key: Option<&str>,
        parameters: &Parameters,
        payload: &[u8],
    ) -> Result<Option<(usize, usize)>, Complaint> {
        if security == Security::Open {
            return Ok(None);
        }
        let key = key.filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Complaint::new(-2014, "API-key format invalid."))?;
        let place = self.keys.iter().position(|known| known.key == key && !known.revoked);
        let place = place.ok_or_else(bad_key)?;
        let known = &self.keys[place];
        if security == Security::Signed {
            let signature = parameters.get("signature").filter(|text| !text.is_empty());
            let signature = signature.ok_or_else(|| Complaint::missing("signature"))?;
            self.check_time(parameters)?;
            if !known.signed(payload, signature) {
                return Err(Complaint::new(-1022, "Signature for this request is not valid."));
            }
        }
        Ok(Some((known.account, place)))
    }

    /// Whether the time of a signed request is near enough to the venue's.
    pub(super) fn check_time(&self, parameters: &Parameters) -> Result<(), Complaint> {
        let sent = parameters.integer("timestamp")?;
        let sent = sent.ok_or_else(|| Complaint::missing("timestamp"))?;
        // Microseconds are told by their size.
        let sent = if sent > 100_000_000_000_000 { sent / 1_000 } else { sent };
        let window = match parameters.decimal("recvWindow")? {
            None => USUAL_WINDOW_MILLIS,
            Some(window) if window > LONGEST_WINDOW_MILLIS.into() => {
                return Err(Complaint::new(-1131, "recvWindow must be less than 60000."));
            }
            Some(window) => i64::try_from(window.trunc().mantissa()).unwrap_or(USUAL_WINDOW_MILLIS),
        };
        let clock = self.clock();
        if sent >= clock + AHEAD_MILLIS {
            let text = "Timestamp for this request was 1000ms ahead of the server's time.";
            return Err(Complaint::new(-1021, text));
        }
        if clock.saturating_sub(sent) > window {
            let text = "Timestamp for this request is outside of the recvWindow.";
            return Err(Complaint::new(-1021, text));
        }
        Ok(())
    }

    fn reply(&self, outcome: Outcome) -> Reply {
        let Outcome { market, answer, account, refused } = outcome;
        let now = self.exchange.now();
        let (mut status, body) = match answer {
            Ok(body) => (200, body),
            Err(complaint) => (complaint.status(), complaint.value().to_string()),
        };
        let used = self.limits.used(market, now);
        let mut headers = vec![json_type(), ("x-mbx-used-weight-1m", used.to_string())];
        if market == Market::Spot {
            headers.push(("x-mbx-used-weight", used.to_string()));
        }
        if let Some(account) = account {
            let counts = self.limits.order_counts(account, market, now);
            let limits = order_limits(market).iter().zip(counts);
            headers.extend(limits.map(|(limit, count)| (limit.header, count.to_string())));
        }
        if let Some(too_much) = refused {
            status = too_much.status;
            headers.push(("retry-after", too_much.retry_after_secs.to_string()));
        }
        Reply { response: HttpResponse { status, headers, body }, ..Reply::default() }
    }

    /// Does to the venue what a fault says.
    pub(crate) fn apply(&mut self, plan: &Plan, outlet: &mut dyn Outlet) {
        for upset in &plan.upsets {
            self.upset(upset, outlet);
        }
    }
}

fn json_type() -> (&'static str, String) {
    ("content-type", "application/json;charset=UTF-8".to_owned())
}

fn bad_key() -> Complaint {
    Complaint::new(-2015, "Invalid API-key, IP, or permissions for action.")
}

pub(super) fn too_many_requests(too_much: TooMuch) -> Complaint {
    if too_much.status == 418 {
        let text = format!(
            "Way too much request weight used; IP banned until {}. Please use WebSocket Streams \
             for live updates to avoid bans.",
            too_much.until
        );
        return Complaint::new(-1003, text);
    }
    Complaint::new(-1003, "Too much request weight used; please use the websocket streams.")
}

fn too_many_orders(market: Market) -> Complaint {
    let OrderLimit { most, number, interval, .. } = order_limits(market)[0];
    let text =
        format!("Too many new orders; current limit is {most} orders per {number} {interval}.");
    Complaint::new(-1015, text)
}

/// The text as it was signed: without the signature.
fn without_signature(text: &str) -> String {
    let parts = text.split('&').filter(|part| !part.starts_with("signature="));
    parts.collect::<Vec<_>>().join("&")
}
