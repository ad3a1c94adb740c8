//! One session at one node, from the first submission to the last collected result.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
};

use super::{
    exchange::{
        ComponentPlace, NodeResult, Progress, PublicResult, Refusal, Submission, commit,
        commitment_of,
    },
    log::LogPlace,
    program::{Program, SharePair},
    statistics::RunStatistics,
    terms::SessionTerms,
};
use crate::net::{NodeIndex, meeting::Caller};

/// Two nodes call once each; more are mistaken.
const CALLERS: usize = 4;

/// A participant's shares, kept until the run.
pub(super) struct Held {
    pub(super) commitment: [u8; 32],
    pub(super) shares: SharePair,
    pub(super) receipt: LogPlace,
}

/// Everything a run needs from its session.
pub(super) struct RunOrder {
    pub(super) terms: Arc<SessionTerms>,
    pub(super) terms_hash: [u8; 32],
    pub(super) program: Arc<dyn Program>,
    /// By number of the participant.
    pub(super) submissions: BTreeMap<usize, Held>,
    pub(super) callers: Receiver<Caller>,
    pub(super) log_head: [u8; 32],
}

/// What a run gave, at this node.
pub(super) struct Finished {
    pub(super) shared: PublicResult,
    pub(super) statistics: RunStatistics,
    /// By number of the participant, each part with its name.
    pub(super) private: BTreeMap<usize, Vec<(String, SharePair)>>,
}

enum State {
    Open { submissions: BTreeMap<usize, Held>, callers: Receiver<Caller> },
    Running,
    Finished(Box<Finished>),
    Failed(String),
}

pub(super) struct Session {
    pub(super) terms: Arc<SessionTerms>,
    pub(super) terms_hash: [u8; 32],
    program: Arc<dyn Program>,
    /// Bytes of one component of each participant's input.
    component_bytes: Vec<usize>,
    mailbox: SyncSender<Caller>,
    submitted: BTreeSet<usize>,
    collected: BTreeSet<usize>,
    state: State,
    /// Unix time in milliseconds since which nothing can change any more.
    ended_ms: Option<u64>,
}

impl Session {
    pub(super) fn new(
        terms: SessionTerms,
        program: Arc<dyn Program>,
        component_bytes: Vec<usize>,
    ) -> Self {
        let (mailbox, callers) = sync_channel(CALLERS);
        Self {
            terms_hash: terms.hash(),
            terms: Arc::new(terms),
            program,
            component_bytes,
            mailbox,
            submitted: BTreeSet::new(),
            collected: BTreeSet::new(),
            state: State::Open { submissions: BTreeMap::new(), callers },
            ended_ms: None,
        }
    }

    /// Bytes of the two components of one input.
    pub(super) fn input_bytes(&self, participant: usize) -> usize {
        self.component_bytes.get(participant).map_or(0, |bytes| 2 * bytes)
    }

    /// Bytes of all inputs that are waiting here.
    pub(super) fn held_bytes(&self) -> usize {
        match &self.state {
            State::Open { submissions, .. } => {
                submissions.keys().map(|participant| self.input_bytes(*participant)).sum()
            }
            _ => 0,
        }
    }

    pub(super) fn progress(&self) -> Progress {
        match &self.state {
            State::Open { .. } => Progress::Open,
            State::Running => Progress::Running,
            State::Finished(_) => Progress::Finished,
            State::Failed(reason) => Progress::Failed(reason.clone()),
        }
    }

    pub(super) fn submissions(&self) -> &BTreeSet<usize> {
        &self.submitted
    }

    pub(super) fn ended_ms(&self) -> Option<u64> {
        self.ended_ms
    }

    /// Unix time in milliseconds at which something must happen.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        matches!(self.state, State::Open { .. }).then_some(self.terms.deadline_ms)
    }

    fn is_complete(&self) -> bool {
        self.submitted.len() == self.terms.participants.len()
    }

    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        self.next_deadline().is_some_and(|deadline| now_ms >= deadline) || {
            matches!(self.state, State::Open { .. }) && self.is_complete()
        }
    }

    /// Whether a submission can be taken. Gives the old receipt if the very same one came before.
    pub(super) fn check(
        &self,
        me: NodeIndex,
        participant: usize,
        submission: &Submission,
        now_ms: u64,
    ) -> Result<Option<LogPlace>, Refusal> {
        let session = self.terms.session;
        if submission.terms_hash != self.terms_hash {
            let here = hex::encode(self.terms_hash);
            let yours = hex::encode(submission.terms_hash);
            return Err(Refusal::DifferentTerms { session, here, yours });
        }
        let State::Open { submissions, .. } = &self.state else {
            return Err(Refusal::Closed(session));
        };
        if let Some(held) = submissions.get(&participant) {
            let same = held.commitment == commitment_of(&submission.commitments);
            return if same {
                Ok(Some(held.receipt.clone()))
            } else {
                Err(Refusal::AlreadySubmitted(session))
            };
        }
        if now_ms >= self.terms.deadline_ms {
            return Err(Refusal::Closed(session));
        }
        self.check_shares(me, participant, submission).map_err(Refusal::Unsuitable).map(|()| None)
    }

    fn check_shares(
        &self,
        me: NodeIndex,
        participant: usize,
        submission: &Submission,
    ) -> Result<(), String> {
        let components = [
            (me, &submission.shares.first, &submission.nonces[0]),
            (me.next(), &submission.shares.second, &submission.nonces[1]),
        ];
        for (node, bytes, nonce) in components {
            let component = number(node);
            let (found, expected) = (bytes.len(), self.input_bytes(participant) / 2);
            if found != expected {
                return Err(format!("component {component} has {found} bytes, not {expected}"));
            }
            let (session, terms_hash) = (self.terms.session, &self.terms_hash);
            let place = ComponentPlace { session, terms_hash, participant, component };
            if commit(place, nonce, bytes) != submission.commitments[node.get()] {
                return Err(format!("component {component} is not what its commitment says"));
            }
        }
        Ok(())
    }

    pub(super) fn hold(&mut self, participant: usize, held: Held) {
        if let State::Open { submissions, .. } = &mut self.state {
            submissions.insert(participant, held);
            self.submitted.insert(participant);
        }
    }

    /// A node has called for this session.
    pub(super) fn call(&self, caller: Caller) -> Result<(), (Box<Caller>, String)> {
        match &self.state {
            State::Open { .. } | State::Running => match self.mailbox.try_send(caller) {
                Ok(()) => Ok(()),
                Err(TrySendError::Full(caller) | TrySendError::Disconnected(caller)) => Err((
                    Box::new(caller),
                    "this node does not take more calls for the session".to_owned(),
                )),
            },
            State::Finished(_) => Err((Box::new(caller), "the session is over".to_owned())),
            State::Failed(reason) => Err((Box::new(caller), reason.clone())),
        }
    }

    /// Gives everything to the run; nothing if the session is not open.
    pub(super) fn start(&mut self, log_head: [u8; 32]) -> Option<RunOrder> {
        match std::mem::replace(&mut self.state, State::Running) {
            State::Open { submissions, callers } => Some(RunOrder {
                terms: self.terms.clone(),
                terms_hash: self.terms_hash,
                program: self.program.clone(),
                submissions,
                callers,
                log_head,
            }),
            other => {
                self.state = other;
                None
            }
        }
    }

    pub(super) fn finish(&mut self, finished: Finished, now_ms: u64) {
        self.state = State::Finished(Box::new(finished));
        self.ended_ms = Some(now_ms);
    }

    /// Ends without a result. Nodes that wait for this one are told.
    pub(super) fn fail(&mut self, reason: &str, now_ms: u64) {
        let before = std::mem::replace(&mut self.state, State::Failed(reason.to_owned()));
        self.ended_ms = Some(now_ms);
        if let State::Open { callers, .. } = before {
            for caller in callers.try_iter() {
                caller.refuse(reason);
            }
        }
    }

    /// What a participant may have, and whether it is the first time that it asks.
    pub(super) fn collect(&mut self, participant: usize) -> Result<(NodeResult, bool), Progress> {
        let State::Finished(finished) = &self.state else { return Err(self.progress()) };
        let own = finished.private.get(&participant).map(Vec::as_slice).unwrap_or_default();
        let copy =
            |pair: &SharePair| SharePair { first: pair.first.clone(), second: pair.second.clone() };
        let private = own.iter().map(|(name, pair)| (name.clone(), copy(pair))).collect();
        let result = NodeResult {
            shared: finished.shared.clone(),
            statistics: finished.statistics.clone(),
            private,
        };
        Ok((result, self.collected.insert(participant)))
    }
}

/// A component's number is that of its first holder.
fn number(node: NodeIndex) -> u8 {
    u8::try_from(node.get()).expect("there are three nodes")
}
