//! What a firm does: look at sessions, submit its numbers, collect its result, audit the nodes.
//!
//! No node is believed alone. At most one of the three lies, so whatever all three say alike is
//! true, and whatever they say differently is an error that names the nodes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{
    ClientError,
    config::ClientConfig,
    conversation::{Conversation, with_all},
};
use crate::{
    net::{
        NodeIndex,
        hello::Mode,
        identity::Identity,
        tls::{Dialer, fresh_bytes},
    },
    node::{
        Programs, SessionTerms,
        exchange::{
            ComponentPlace, NodeResult, Progress, PublicResult, Reply, Request, SessionView,
            Submission, commit, commitment_of,
        },
        log::{self, Event, LogPlace},
        program::{Secret, SecretNumbers, SharePair},
        statistics::RunStatistics,
    },
};

/// How often the same shares are sent to a node whose answer was lost.
const ATTEMPTS: usize = 3;

/// How long one question for a result may wait; longer waits are several questions.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// A session as all three nodes describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedSession {
    /// Its terms, the same at all nodes.
    pub terms: SessionTerms,
    /// How far each node is.
    pub progress: [Progress; 3],
    /// How many submissions each node has.
    pub submissions: [usize; 3],
    /// Whether each node has the own submission.
    pub submitted: [bool; 3],
}

/// Proof of a submission: keep it to audit the nodes later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// For which session.
    pub session: u64,
    /// Who submitted.
    pub participant: String,
    /// Hash of the session's terms.
    pub terms_hash: String,
    /// Hash of the commitments to all components.
    pub commitment: String,
    /// Where each node has written it down.
    pub places: [LogPlace; 3],
}

/// One participant's result. The own numbers cannot be shown by accident.
pub struct OwnResult {
    /// Which session.
    pub session: u64,
    /// What everybody may know.
    pub public: serde_json::Value,
    /// Whose inputs counted.
    pub contributors: Vec<String>,
    /// What was done about cheaters.
    pub mode: Mode,
    /// Numbers for this participant only, each list with its name.
    pub own: Vec<(String, SecretNumbers)>,
    /// What the run cost at each node.
    pub statistics: [RunStatistics; 3],
}

/// A participant with its certificate.
pub struct Participant {
    config: ClientConfig,
    dialer: Dialer,
    programs: Programs,
}

impl Participant {
    /// Reads the certificates.
    ///
    /// # Errors
    /// [`ClientError::Identity`].
    pub fn new(config: ClientConfig, programs: Programs) -> Result<Self, ClientError> {
        let identity = Identity::read(&config.authority, &config.certificate, &config.key)?;
        let dialer = Dialer::new(Arc::new(identity))?;
        Ok(Self { config, dialer, programs })
    }

    fn ask(
        &self,
        node: NodeIndex,
        request: &Request,
        extra: Duration,
    ) -> Result<Reply, ClientError> {
        let mut conversation = Conversation::open(&self.config, &self.dialer, node)?;
        let reply = conversation.ask(request, extra);
        conversation.close();
        reply
    }

    /// The sessions to which this participant is invited.
    ///
    /// # Errors
    /// [`ClientError::NodesDisagree`] when the nodes describe a session differently.
    pub fn sessions(&self) -> Result<Vec<AgreedSession>, ClientError> {
        let [first, second, third] =
            with_all(|node| match self.ask(node, &Request::Sessions, Duration::ZERO)? {
                Reply::Sessions(views) => Ok(views),
                _ => Err(wrong_reply(node)),
            })?;
        let mut agreed = Vec::with_capacity(first.len());
        for view in first {
            let session = view.terms.session;
            let find = |views: &[SessionView]| {
                views.iter().find(|one| one.terms.session == session).cloned()
            };
            // A node that was restarted no longer lists the session; it tells when asked.
            let (Some(second), Some(third)) = (find(&second), find(&third)) else { continue };
            if view.terms != second.terms || view.terms != third.terms {
                let what = format!("the terms of session {session}");
                return Err(ClientError::NodesDisagree { what });
            }
            let terms = view.terms.clone();
            let views = [view, second, third];
            agreed.push(AgreedSession {
                progress: views.each_ref().map(|view| view.progress.clone()),
                submissions: views.each_ref().map(|view| view.submissions),
                submitted: views.each_ref().map(|view| view.submitted),
                terms,
            });
        }
        Ok(agreed)
    }

    /// Opens a session at all three nodes.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when a node does not want it or this participant may not.
    pub fn open(&self, terms: &SessionTerms) -> Result<[LogPlace; 3], ClientError> {
        let unsuitable = |error: crate::node::program::Unsuitable| ClientError::Input(error.0);
        self.programs.of(terms).map_err(unsuitable)?;
        with_all(|node| {
            let request = Request::Open(Box::new(terms.clone()));
            match self.ask(node, &request, Duration::ZERO)? {
                Reply::Noted(place) => Ok(place),
                _ => Err(wrong_reply(node)),
            }
        })
    }

    /// Finds one session and makes sure that all three nodes have the same terms.
    ///
    /// # Errors
    /// [`ClientError::NoSession`] when it is not there for this participant.
    pub fn session(&self, session: u64) -> Result<AgreedSession, ClientError> {
        let mut sessions = self.sessions()?;
        sessions.retain(|one| one.terms.session == session);
        sessions.pop().ok_or(ClientError::NoSession { session })
    }

    /// Submits numbers to a session whose terms are known: nodes with other terms refuse.
    ///
    /// # Errors
    /// [`ClientError`]. If only some nodes took the shares, the input does not count.
    pub fn submit(&self, terms: &SessionTerms, numbers: &[i128]) -> Result<Receipt, ClientError> {
        let unsuitable = |error: crate::node::program::Unsuitable| ClientError::Input(error.0);
        let program = self.programs.of(terms).map_err(unsuitable)?;
        let name = &self.config.participant;
        let session = terms.session;
        let participant = terms.number_of(name).ok_or(ClientError::NoSession { session })?;
        let components = program.share(terms, participant, numbers).map_err(unsuitable)?;
        let terms_hash = terms.hash();
        let mut nonces = Zeroizing::new([[0; 32]; 3]);
        for nonce in nonces.iter_mut() {
            *nonce = fresh_bytes()?;
        }
        let commitments = [0_u8, 1, 2].map(|component| {
            let place = ComponentPlace { session, terms_hash: &terms_hash, participant, component };
            let index = usize::from(component);
            commit(place, &nonces[index], &components[index])
        });
        let places = with_all(|node| {
            let (first, second) = (node.get(), node.next().get());
            let request = Request::Submit(Box::new(Submission {
                session,
                terms_hash,
                commitments,
                shares: SharePair {
                    first: components[first].clone(),
                    second: components[second].clone(),
                },
                nonces: [nonces[first], nonces[second]],
            }));
            self.hand_over(node, &request)
        })?;
        Ok(Receipt {
            session,
            participant: name.clone(),
            terms_hash: hex::encode(terms_hash),
            commitment: hex::encode(commitment_of(&commitments)),
            places,
        })
    }

    /// The same shares may be sent again: the node gives the same receipt.
    fn hand_over(&self, node: NodeIndex, request: &Request) -> Result<LogPlace, ClientError> {
        let mut attempts = 1;
        loop {
            match self.ask(node, request, Duration::ZERO) {
                Ok(Reply::Noted(place)) => return Ok(place),
                Ok(_) => return Err(wrong_reply(node)),
                Err(ClientError::Unreachable { .. }) if attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Collects the own result, waiting for it if it is on its way.
    ///
    /// # Errors
    /// [`ClientError::NotYet`], [`ClientError::NoResult`] with each node's reason, or
    /// [`ClientError::NodesDisagree`] when somebody lies.
    pub fn result(&self, terms: &SessionTerms, wait: Duration) -> Result<OwnResult, ClientError> {
        let end = Instant::now() + wait;
        let results = loop {
            let rest = end.saturating_duration_since(Instant::now());
            match self.ask_for_results(terms.session, rest.min(LONGEST_WAIT)) {
                Err(ClientError::NotYet { .. }) if !rest.is_zero() => {}
                other => break other?,
            }
        };
        same_everywhere(&results, terms)?;
        let program = self.programs.of(terms).map_err(|error| ClientError::Input(error.0))?;
        let mut own = Vec::new();
        for position in 0..results[0].private.len() {
            let (name, components) = own_components(&results, position)?;
            let numbers = program
                .combine(&components)
                .map_err(|error| ClientError::NodesDisagree { what: error.0 })?;
            own.push((name, numbers));
        }
        let PublicResult { public, contributors, mode, .. } = results[0].shared.clone();
        let statistics = results.map(|result| result.statistics);
        let session = terms.session;
        Ok(OwnResult { session, public, contributors, mode, own, statistics })
    }

    fn ask_for_results(
        &self,
        session: u64,
        wait: Duration,
    ) -> Result<[NodeResult; 3], ClientError> {
        let wait_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
        let request = Request::Result { session, wait_ms };
        let answers = with_all(|node| match self.ask(node, &request, wait)? {
            Reply::Result(result) => Ok(Ok(*result)),
            Reply::NoResult(progress) => Ok(Err(progress)),
            _ => Err(wrong_reply(node)),
        })?;
        all_done(session, answers)
    }

    /// Reads the logs of all nodes, checks their chains, and checks that they still say what they
    /// promised. Gives the number of entries of each.
    ///
    /// # Errors
    /// [`ClientError::Log`], naming the node.
    pub fn audit(&self, receipts: &[Receipt]) -> Result<[usize; 3], ClientError> {
        with_all(|node| {
            let lines = self.log_of(node)?;
            let promised: Vec<LogPlace> =
                receipts.iter().map(|receipt| receipt.places[node.get()].clone()).collect();
            let broken = |source| ClientError::Log { node, source };
            let entries =
                log::verify(lines.iter().map(String::as_str), &promised).map_err(broken)?;
            for (receipt, place) in receipts.iter().zip(&promised) {
                let written = usize::try_from(place.index).ok().and_then(|at| entries.get(at));
                let expected = Event::Submitted {
                    session: receipt.session,
                    participant: receipt.participant.clone(),
                    commitment: receipt.commitment.clone(),
                };
                if written.is_none_or(|entry| entry.event != expected) {
                    return Err(broken(log::LogError::Replaced { index: place.index }));
                }
            }
            Ok(entries.len())
        })
    }

    /// All lines of a node's log.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn log_of(&self, node: NodeIndex) -> Result<Vec<String>, ClientError> {
        let mut conversation = Conversation::open(&self.config, &self.dialer, node)?;
        let mut lines = Vec::new();
        loop {
            let from = lines.len() as u64;
            match conversation.ask(&Request::Log { from }, Duration::ZERO)? {
                Reply::Log(more) if more.is_empty() => break,
                Reply::Log(more) => lines.extend(more),
                _ => return Err(wrong_reply(node)),
            }
        }
        conversation.close();
        Ok(lines)
    }
}

fn wrong_reply(node: NodeIndex) -> ClientError {
    ClientError::Misbehaved { node, what: "it answered another question".to_owned() }
}

fn all_done(
    session: u64,
    answers: [Result<NodeResult, Progress>; 3],
) -> Result<[NodeResult; 3], ClientError> {
    let mut reasons = Vec::new();
    let mut waiting = false;
    for (node, answer) in NodeIndex::ALL.into_iter().zip(&answers) {
        match answer {
            Ok(_) => {}
            Err(Progress::Failed(reason)) => reasons.push((node, reason.clone())),
            Err(_) => waiting = true,
        }
    }
    if !reasons.is_empty() {
        return Err(ClientError::NoResult { session, reasons });
    }
    match answers {
        [Ok(first), Ok(second), Ok(third)] if !waiting => Ok([first, second, third]),
        _ => Err(ClientError::NotYet { session }),
    }
}

fn same_everywhere(results: &[NodeResult; 3], terms: &SessionTerms) -> Result<(), ClientError> {
    let [first, others @ ..] = results;
    let names = |result: &NodeResult| -> Vec<String> {
        result.private.iter().map(|(name, _)| name.clone()).collect()
    };
    for other in others {
        if other.shared != first.shared || names(other) != names(first) {
            let what = format!("the result of session {}", terms.session);
            return Err(ClientError::NodesDisagree { what });
        }
    }
    if first.shared.terms_hash != hex::encode(terms.hash()) {
        let what = format!("what session {} is about", terms.session);
        return Err(ClientError::NodesDisagree { what });
    }
    Ok(())
}

/// Each component comes from two nodes, which must agree.
fn own_components(
    results: &[NodeResult; 3],
    position: usize,
) -> Result<(String, [Secret; 3]), ClientError> {
    let pairs = results.each_ref().map(|result| &result.private[position]);
    for node in NodeIndex::ALL {
        let holder = &pairs[node.get()].1.first;
        let second = &pairs[node.previous().get()].1.second;
        if !bool::from(holder.ct_eq(second)) {
            let what = format!(
                "component {} of `{}`: {node} or {} lies",
                node.get(),
                pairs[0].0,
                node.previous()
            );
            return Err(ClientError::NodesDisagree { what });
        }
    }
    Ok((pairs[0].0.clone(), pairs.map(|(_, pair)| pair.first.clone())))
}
