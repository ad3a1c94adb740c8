//! All sessions of a node and its log: who may do what, and what is due.
//!
//! Time arrives as an argument and nothing here waits, so every rule can be tested alone. Whatever
//! a participant is promised is in the log before it is promised.

use std::collections::BTreeMap;

use super::{
    config::NodeConfig,
    exchange::{Progress, Refusal, Reply, SessionView, Submission, commitment_of},
    log::{Event, Fate, Log, LogError, LogPlace},
    program::Programs,
    session::{Finished, Held, RunOrder, Session},
    terms::SessionTerms,
};
use crate::net::{
    NodeIndex,
    meeting::{Caller, LogHeads},
};

/// A reply stays well below the largest frame.
const LOG_REPLY_BYTES: usize = 1 << 20;

pub(super) struct Board {
    me: NodeIndex,
    config: NodeConfig,
    programs: Programs,
    log: Log,
    sessions: BTreeMap<u64, Session>,
}

impl Board {
    pub(super) fn new(me: NodeIndex, config: NodeConfig, programs: Programs, log: Log) -> Self {
        Self { me, config, programs, log, sessions: BTreeMap::new() }
    }

    pub(super) fn note(&mut self, event: Event, now_ms: u64) -> Result<LogPlace, LogError> {
        self.log.append(now_ms, event)
    }

    /// Opens a session, or says why not. The same terms may be opened again until somebody has
    /// submitted: participants do not have to agree who is first.
    pub(super) fn open(&mut self, terms: SessionTerms, now_ms: u64) -> Result<LogPlace, Refusal> {
        let number = terms.session;
        if let Some(session) = self.sessions.get(&number)
            && session.progress() == Progress::Open
            && session.terms_hash != terms.hash()
        {
            let here = hex::encode(session.terms_hash);
            let yours = hex::encode(terms.hash());
            return Err(Refusal::DifferentTerms { session: number, here, yours });
        }
        if self.log.fate(number) == Some(Fate::Burnt) {
            return Err(Refusal::Replayed(number));
        }
        self.config.accepts(&terms).map_err(Refusal::Unsuitable)?;
        let unsuitable = |error: super::program::Unsuitable| Refusal::Unsuitable(error.0);
        let program = self.programs.of(&terms).map_err(unsuitable)?;
        let component_bytes: Vec<usize> = (0..terms.participants.len())
            .map(|participant| program.input_bytes(&terms, participant))
            .collect::<Result<_, _>>()
            .map_err(unsuitable)?;
        let limit = self.config.limits.submission_bytes;
        if let Some(bytes) = component_bytes.iter().find(|bytes| **bytes > limit / 2) {
            let text = format!("inputs of 2 x {bytes} bytes, at most {limit} allowed");
            return Err(Refusal::Unsuitable(text));
        }
        if now_ms >= terms.deadline_ms {
            return Err(Refusal::Closed(number));
        }
        self.forget(now_ms);
        if !self.sessions.contains_key(&number)
            && self.sessions.len() >= self.config.limits.sessions
        {
            return Err(Refusal::Full(format!("{} sessions", self.sessions.len())));
        }
        let terms_hash = hex::encode(terms.hash());
        let place = self
            .note(Event::Opened { terms: terms.clone(), terms_hash }, now_ms)
            .map_err(|error| Refusal::NoLog(error.to_string()))?;
        self.sessions
            .entry(number)
            .or_insert_with(|| Session::new(terms, program, component_bytes));
        Ok(place)
    }

    /// The session and the participant's number in it.
    fn invited(
        &mut self,
        number: u64,
        participant: &str,
    ) -> Result<(&mut Session, usize), Refusal> {
        let burnt = self.log.fate(number) == Some(Fate::Burnt);
        let unknown = if burnt { Refusal::Replayed } else { Refusal::UnknownSession };
        let session = self.sessions.get_mut(&number).ok_or(unknown(number))?;
        let place = session.terms.number_of(participant);
        place.map(|place| (session, place)).ok_or(Refusal::UnknownSession(number))
    }

    pub(super) fn submit(
        &mut self,
        participant: &str,
        submission: Submission,
        now_ms: u64,
    ) -> Result<LogPlace, Refusal> {
        let (me, limits) = (self.me, self.config.limits);
        let held: usize = self.sessions.values().map(Session::held_bytes).sum();
        let (session, place) = self.invited(submission.session, participant)?;
        if let Some(receipt) = session.check(me, place, &submission, now_ms)? {
            return Ok(receipt);
        }
        if held + session.input_bytes(place) > limits.all_submission_bytes {
            return Err(Refusal::Full(format!("{held} bytes of inputs are waiting")));
        }
        let commitment = commitment_of(&submission.commitments);
        let event = Event::Submitted {
            session: submission.session,
            participant: participant.to_owned(),
            commitment: hex::encode(commitment),
        };
        let receipt =
            self.note(event, now_ms).map_err(|error| Refusal::NoLog(error.to_string()))?;
        let held = Held { commitment, shares: submission.shares, receipt: receipt.clone() };
        if let Some(session) = self.sessions.get_mut(&submission.session) {
            session.hold(place, held);
        }
        Ok(receipt)
    }

    /// Another node wants to run a session.
    pub(super) fn call(&self, caller: Caller) {
        let number = caller.header.session;
        let refused = match self.sessions.get(&number) {
            Some(session) => session.call(caller),
            None => Err((Box::new(caller), format!("session {number} is not open at this node"))),
        };
        if let Err((caller, reason)) = refused {
            caller.refuse(&reason);
        }
    }

    /// When something will be due next, in Unix milliseconds.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        self.sessions.values().filter_map(Session::next_deadline).min()
    }

    /// Starts what is due, at most so many runs. Sessions that cannot have a result are ended.
    pub(super) fn start_due(&mut self, now_ms: u64, most: usize) -> Vec<RunOrder> {
        let due: Vec<u64> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.is_due(now_ms))
            .map(|(number, _)| *number)
            .collect();
        let mut orders = Vec::new();
        for number in due {
            let Some(session) = self.sessions.get(&number) else { continue };
            let (have, need) =
                (session.submissions().len(), usize::from(session.terms.minimum_contributors));
            if have < need {
                let reason = format!("{have} submissions where at least {need} are needed");
                self.fail(number, &reason, now_ms);
            } else if orders.len() < most {
                orders.extend(self.start(number, have, now_ms));
            }
        }
        orders
    }

    fn start(&mut self, number: u64, submissions: usize, now_ms: u64) -> Option<RunOrder> {
        if let Err(error) = self.note(Event::RunStarted { session: number, submissions }, now_ms) {
            self.fail(number, &error.to_string(), now_ms);
            return None;
        }
        let log_head = self.log.head();
        let session = self.sessions.get_mut(&number)?;
        session.start(log_head)
    }

    /// The nodes have met and know whose inputs count.
    pub(super) fn agreed(
        &mut self,
        number: u64,
        contributors: &[String],
        heads: &LogHeads,
        now_ms: u64,
    ) -> Result<LogPlace, LogError> {
        let event = Event::Agreed {
            session: number,
            contributors: contributors.to_vec(),
            other_logs: heads.map(|(_, head)| hex::encode(head)),
        };
        self.note(event, now_ms)
    }

    pub(super) fn finish(&mut self, number: u64, finished: Finished, now_ms: u64) {
        let total = finished.statistics.total().traffic;
        let event = Event::Finished {
            session: number,
            public_hash: hex::encode(super::run::public_hash(&finished.shared)),
            sent_bytes: total.sent_bytes,
            rounds: total.rounds,
        };
        match self.note(event, now_ms) {
            Ok(_) => {
                if let Some(session) = self.sessions.get_mut(&number) {
                    session.finish(finished, now_ms);
                }
            }
            // A result that is not in the log does not exist.
            Err(error) => self.fail(number, &error.to_string(), now_ms),
        }
    }

    pub(super) fn fail(&mut self, number: u64, reason: &str, now_ms: u64) {
        let event = Event::Aborted { session: number, reason: reason.to_owned() };
        if let Err(error) = self.note(event, now_ms) {
            tracing::error!(session = number, %error, "the end of a session is not in the log");
        }
        if let Some(session) = self.sessions.get_mut(&number) {
            session.fail(reason, now_ms);
        }
    }

    /// A participant's result, if the session is over.
    pub(super) fn collect(
        &mut self,
        number: u64,
        participant: &str,
        now_ms: u64,
    ) -> Result<Reply, Refusal> {
        let (session, place) = self.invited(number, participant)?;
        let (result, first) = match session.collect(place) {
            Ok(collected) => collected,
            Err(progress) => return Ok(Reply::NoResult(progress)),
        };
        if first {
            let event = Event::Collected { session: number, participant: participant.to_owned() };
            self.note(event, now_ms).map_err(|error| Refusal::NoLog(error.to_string()))?;
        }
        Ok(Reply::Result(Box::new(result)))
    }

    /// Whether a participant's session is still on its way to a result.
    pub(super) fn is_pending(&self, number: u64) -> bool {
        let progress = self.sessions.get(&number).map(Session::progress);
        matches!(progress, Some(Progress::Open | Progress::Running))
    }

    pub(super) fn views(&self, participant: &str) -> Vec<SessionView> {
        let invited = |session: &Session| {
            session.terms.number_of(participant).map(|place| SessionView {
                terms: (*session.terms).clone(),
                progress: session.progress(),
                submissions: session.submissions().len(),
                submitted: session.submissions().contains(&place),
            })
        };
        self.sessions.values().filter_map(invited).collect()
    }

    pub(super) fn log_lines(&self, from: u64) -> Result<Vec<String>, LogError> {
        self.log.lines(from, LOG_REPLY_BYTES)
    }

    /// Drops sessions whose results had their time.
    fn forget(&mut self, now_ms: u64) {
        let keep = self.config.limits.keep_results_ms;
        self.sessions.retain(|_, session| session.ended_ms().is_none_or(|end| now_ms < end + keep));
    }
}
