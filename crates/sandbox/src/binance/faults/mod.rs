//! Faults: what goes wrong, when, and how often.
//!
//! A rule names a kind of fault and when it strikes: by time, by count, or at random from the
//! seed. Requests, frames and whole seconds are the occasions; each has a name, such as
//! `POST /api/v3/order`, `order.place`, `executionReport`, `depth` or `tick`.

mod frames;
mod kinds;
mod upsets;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use kinds::FaultKind;

use super::{core::Reply, query::Complaint};
use crate::simulated::dice::Dice;

/// When one kind of fault strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub kind: FaultKind,
    /// A part of the occasion's name; absent: every occasion of its kind.
    #[serde(default)]
    pub on: Option<String>,
    /// Not before this time after the start, in milliseconds.
    #[serde(default)]
    pub from_ms: Option<i64>,
    /// Not after this time after the start, in milliseconds.
    #[serde(default)]
    pub until_ms: Option<i64>,
    /// So many occasions pass untouched first.
    #[serde(default)]
    pub after: u32,
    /// At most so often; absent: without end.
    #[serde(default)]
    pub times: Option<u32>,
    /// The chance at each occasion, from 0 to 1; absent: always.
    #[serde(default)]
    pub probability: Option<f64>,
    /// How long it lasts or by how much, in milliseconds.
    #[serde(default)]
    pub millis: Option<i64>,
    /// The venue's error code, for a rejection.
    #[serde(default)]
    pub code: Option<i32>,
    /// The venue's text, for a rejection.
    #[serde(default)]
    pub message: Option<String>,
}

/// The faults of a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultScript {
    /// The rules, in order.
    #[serde(default, rename = "fault")]
    pub rules: Vec<FaultRule>,
}

impl FaultScript {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub fn read(text: &str) -> Result<Self, String> {
        let script: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
            format!("line {line}: {}", error.message())
        })?;
        for (index, rule) in script.rules.iter().enumerate() {
            rule.check().map_err(|reason| format!("fault {}: {reason}", index + 1))?;
        }
        Ok(script)
    }

    /// Small troubles, as on a good day: jitter, and a dropped connection now and then.
    #[must_use]
    pub fn calm() -> Self {
        let rules = [(FaultKind::Latency, 0.05, 40), (FaultKind::Latency, 0.002, 400)];
        let mut script =
            Self { rules: rules.map(|(kind, chance, ms)| at_random(kind, chance, ms)).into() };
        script.rules.push(at_random(FaultKind::Disconnect, 0.000_2, 0));
        script
    }

    /// Everything that can go wrong does, again and again.
    #[must_use]
    pub fn storm() -> Self {
        let rule = |kind: &FaultKind| at_random(*kind, kind.storm_chance(), kind.usual_millis());
        Self { rules: FaultKind::ALL.iter().map(rule).collect() }
    }
}

fn at_random(kind: FaultKind, chance: f64, millis: i64) -> FaultRule {
    FaultRule { probability: Some(chance), millis: Some(millis), ..FaultRule::once(kind) }.forever()
}

impl FaultRule {
    /// Strikes at the next occasion, and then no more.
    #[must_use]
    pub const fn once(kind: FaultKind) -> Self {
        Self {
            kind,
            on: None,
            from_ms: None,
            until_ms: None,
            after: 0,
            times: Some(1),
            probability: None,
            millis: None,
            code: None,
            message: None,
        }
    }

    /// Strikes at occasions whose name has this in it.
    #[must_use]
    pub fn on(mut self, name: &str) -> Self {
        self.on = Some(name.to_owned());
        self
    }

    const fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// What does not.
    pub fn check(&self) -> Result<(), String> {
        if self.probability.is_some_and(|chance| !(0.0..=1.0).contains(&chance)) {
            return Err("probability is from 0 to 1".into());
        }
        if self.millis.is_some_and(|millis| millis.abs() > 86_400_000) {
            return Err("millis is a day at most".into());
        }
        Ok(())
    }

    fn millis(&self) -> i64 {
        self.millis.unwrap_or_else(|| self.kind.usual_millis())
    }
}

/// What happens to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Answered instead of being carried out.
    pub(crate) instead: Option<Complaint>,
    /// Answered although it was carried out.
    afterwards: Option<Complaint>,
    /// What befalls the venue once the request was carried out.
    pub(crate) upsets: Vec<FaultRule>,
    after_millis: i64,
    hang_up: bool,
    garble: Option<FaultKind>,
    pub(crate) hold_events_millis: i64,
}

impl Plan {
    /// A text as it arrives.
    pub(crate) fn garbled(&self, text: &str) -> String {
        self.garble.map_or_else(|| text.to_owned(), |kind| frames::garble(kind, text))
    }

    /// Does to an answer what was planned.
    pub(crate) fn bend(&self, reply: &mut Reply) {
        // What was never carried out cannot have gone wrong afterwards.
        if let (None, Some(complaint)) = (&self.instead, &self.afterwards) {
            reply.response.status = complaint.status();
            reply.response.body = complaint.value().to_string();
        }
        reply.response.body = self.garbled(&reply.response.body);
        reply.after_millis += self.after_millis;
        reply.hang_up |= self.hang_up;
    }
}

/// What happens to one frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bent {
    /// What is sent instead, and how many milliseconds later.
    pub(crate) frames: Vec<(i64, String)>,
    pub(crate) hang_up: bool,
}

/// The faults of a running venue.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    rules: Vec<FaultRule>,
    /// How often each rule's occasion came, and how often it struck.
    seen: Vec<(u32, u32)>,
    dice: Dice,
    start: i64,
    struck: BTreeMap<(FaultKind, String), u64>,
    /// The venue's clock is wrong by this, and this much more each hour.
    skew: i64,
    drift_per_hour: i64,
    drift_since: i64,
    held: Option<String>,
    /// Until when no stream says anything.
    silent_until: i64,
}

impl Faults {
    pub(crate) fn new(script: FaultScript, seed: u64, start: i64) -> Self {
        Self {
            seen: vec![(0, 0); script.rules.len()],
            rules: script.rules,
            dice: Dice::new(seed, 0xfa17),
            start,
            struck: BTreeMap::new(),
            skew: 0,
            drift_per_hour: 0,
            drift_since: start,
            held: None,
            silent_until: i64::MIN,
        }
    }

    /// Whether nothing can go wrong.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether this can go wrong.
    pub(crate) fn may(&self, kind: FaultKind) -> bool {
        self.rules.iter().any(|rule| rule.kind == kind)
    }

    /// One more rule, from the control endpoint.
    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.rules.push(rule);
        self.seen.push((0, 0));
    }

    /// No more faults; those that struck stay counted.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
        self.seen.clear();
        (self.skew, self.drift_per_hour, self.held) = (0, 0, None);
        self.silent_until = i64::MIN;
    }

    /// How often each kind struck, by kind and occasion.
    pub(crate) const fn struck(&self) -> &BTreeMap<(FaultKind, String), u64> {
        &self.struck
    }

    /// By how much the venue's clock is wrong, in milliseconds.
    pub(crate) fn skew(&self, now: i64) -> i64 {
        self.skew + self.drift_per_hour * (now - self.drift_since) / 3_600_000
    }

    /// The rules that strike at this occasion.
    fn strike(&mut self, name: &str, now: i64, fits: impl Fn(FaultKind) -> bool) -> Vec<FaultRule> {
        let since = now - self.start;
        let mut striking = Vec::new();
        for (rule, (seen, struck)) in self.rules.iter().zip(&mut self.seen) {
            let on = rule.on.as_deref().is_none_or(|part| name.contains(part));
            let due = rule.from_ms.is_none_or(|from| since >= from)
                && rule.until_ms.is_none_or(|until| since <= until);
            if !fits(rule.kind) || !on || !due || rule.times.is_some_and(|most| *struck >= most) {
                continue;
            }
            *seen += 1;
            if *seen <= rule.after {
                continue;
            }
            if rule.probability.is_some_and(|chance| !self.dice.chance(chance)) {
                continue;
            }
            *struck += 1;
            striking.push(rule.clone());
        }
        for rule in &striking {
            *self.struck.entry((rule.kind, name.to_owned())).or_default() += 1;
        }
        striking
    }

    /// What a second brings.
    pub(crate) fn tick(&mut self, now: i64) -> Plan {
        if self.is_empty() {
            return Plan::default();
        }
        let upsets = self.strike("tick", now, FaultKind::is_upset);
        Plan { upsets, ..Plan::default() }
    }

    /// What happens to a request.
    pub(crate) fn plan(&mut self, name: &str, now: i64) -> Plan {
        let mut plan = Plan::default();
        if self.is_empty() {
            return plan;
        }
        let order = ["order", "Order"].iter().any(|part| name.contains(part));
        let cancels = name.contains("DELETE") || name.contains("cancel");
        let striking = self.strike(name, now, |kind| kind.is_of_requests(order, cancels));
        for rule in striking {
            let complain = |code: i32, text: &str| {
                let text = rule.message.clone().unwrap_or_else(|| text.to_owned());
                Some(Complaint::new(rule.code.unwrap_or(code), text))
            };
            match rule.kind {
                FaultKind::Reject => {
                    plan.instead = complain(-1008, "Request throttled by system-level protection.");
                }
                FaultKind::CancelReject => plan.instead = complain(-2011, "Unknown order sent."),
                FaultKind::RateLimited => {
                    plan.instead = complain(
                        -1003,
                        "Too much request weight used; please use the websocket streams.",
                    );
                }
                FaultKind::Banned => {
                    plan.instead = complain(-1003, "Way too much request weight used; IP banned.");
                }
                FaultKind::ErrorBeforeExecution => {
                    plan.instead = complain(
                        -1001,
                        "Internal error; unable to process your request. Please try again.",
                    );
                }
                FaultKind::ErrorAfterExecution => {
                    plan.afterwards = complain(
                        -1001,
                        "Internal error; unable to process your request. Please try again.",
                    );
                }
                FaultKind::TimeoutAfterExecution => {
                    plan.afterwards = complain(
                        -1007,
                        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
                    );
                }
                FaultKind::Latency => plan.after_millis += self.jitter(rule.millis()),
                FaultKind::LateAck | FaultKind::FillBeforeAck | FaultKind::HalfOpen => {
                    plan.after_millis += rule.millis();
                }
                FaultKind::LateEvents => plan.hold_events_millis += rule.millis(),
                FaultKind::Disconnect => plan.hang_up = true,
                FaultKind::Truncated
                | FaultKind::Garbage
                | FaultKind::ExtraFields
                | FaultKind::NumberFormats => plan.garble = Some(rule.kind),
                _ => plan.upsets.push(rule),
            }
        }
        plan
    }

    fn jitter(&mut self, millis: i64) -> i64 {
        let bound = usize::try_from(millis.max(0)).unwrap_or(0) + 1;
        i64::try_from(self.dice.below(bound)).unwrap_or(0)
    }
}
