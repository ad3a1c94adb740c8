//! What participants and nodes say to each other over their encrypted connection.
//!
//! One request, one answer, in frames of kind data whose steps count up. Public things are JSON;
//! shares are bytes that are erased after use. Who asks is known from the certificate, so no
//! request carries a name. Neither side's decisions are made here.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{
    log::LogPlace,
    program::{Secret, SharePair},
    statistics::RunStatistics,
    terms::SessionTerms,
};
use crate::net::hello::Mode;

/// A participant's shares for one node, with commitments that bind what the others get.
pub struct Submission {
    /// For which session.
    pub session: u64,
    /// Hash of the terms as the participant knows them.
    pub terms_hash: [u8; 32],
    /// Commitments to the three components.
    pub commitments: [[u8; 32]; 3],
    /// The two components of this node.
    pub shares: SharePair,
    /// What hides them in their commitments.
    pub nonces: [[u8; 32]; 2],
}

/// Where a component of an input belongs.
#[derive(Clone, Copy)]
pub struct ComponentPlace<'a> {
    /// For which session.
    pub session: u64,
    /// Hash of the session's terms.
    pub terms_hash: &'a [u8; 32],
    /// Number of the participant.
    pub participant: usize,
    /// 0, 1 or 2.
    pub component: u8,
}

/// Commits to one component. Without the nonce, whoever holds the two other components could try
/// likely inputs against the hash.
#[must_use]
pub fn commit(place: ComponentPlace<'_>, nonce: &[u8; 32], component: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(b"algopioneer mpc component 1")
        .chain_update(place.session.to_le_bytes())
        .chain_update(place.terms_hash)
        .chain_update((place.participant as u64).to_le_bytes())
        .chain_update([place.component])
        .chain_update(nonce)
        .chain_update(component)
        .finalize()
        .into()
}

/// One hash for all three commitments.
#[must_use]
pub fn commitment_of(commitments: &[[u8; 32]; 3]) -> [u8; 32] {
    let start = Sha256::new_with_prefix(b"algopioneer mpc commitments 1");
    commitments.iter().fold(start, Sha256::chain_update).finalize().into()
}

/// What a participant asks.
pub enum Request {
    /// Which sessions may I submit to?
    Sessions,
    /// Open this session.
    Open(Box<SessionTerms>),
    /// Here are my shares.
    Submit(Box<Submission>),
    /// What is my result?
    Result {
        /// Of which session.
        session: u64,
        /// How long the node may wait for it before it answers.
        wait_ms: u32,
    },
    /// Show your log from this entry on.
    Log {
        /// Number of the first entry.
        from: u64,
    },
}

/// How far a session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Submissions are taken.
    Open,
    /// The nodes compute.
    Running,
    /// There is a result.
    Finished,
    /// There is none, and never will be.
    Failed(String),
}

/// A session as one of its participants sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// Its public terms.
    pub terms: SessionTerms,
    /// How far it is.
    pub progress: Progress,
    /// How many have submitted.
    pub submissions: usize,
    /// Whether the asking participant has.
    pub submitted: bool,
}

/// The part of a result that is the same for everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublicResult {
    /// Hash of the terms that were computed.
    pub terms_hash: String,
    /// What everybody may know.
    pub public: serde_json::Value,
    /// Whose inputs counted.
    pub contributors: Vec<String>,
    /// What was done about cheaters.
    pub mode: Mode,
}

/// What a node gives to a participant.
pub struct NodeResult {
    /// The part that is the same for everybody.
    pub shared: PublicResult,
    /// What the run cost at this node.
    pub statistics: RunStatistics,
    /// This node's components of the participant's own output, each part with its name.
    pub private: Vec<(String, SharePair)>,
}

/// Why a node does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Ask for the right number.
    #[error("there is no session {0}, or you are not invited to it")]
    UnknownSession(u64),
    /// Open a session with another number.
    #[error("session {0} was used before: each number works once")]
    Replayed(u64),
    /// Ask the other participants and nodes which terms are right.
    #[error("the terms of session {session} are different here: {here}, not {yours}")]
    DifferentTerms {
        /// Which session.
        session: u64,
        /// Hash of the terms here.
        here: String,
        /// Hash in the request.
        yours: String,
    },
    /// Too late: wait for another session.
    #[error("session {0} takes no more submissions")]
    Closed(u64),
    /// One input per session.
    #[error("you have already submitted something else to session {0}")]
    AlreadySubmitted(u64),
    /// The shares, terms or parameters are wrong: correct them.
    #[error("it does not fit: {0}")]
    Unsuitable(String),
    /// Ask somebody else to do it.
    #[error("you may not open sessions here")]
    NotAllowed,
    /// Try again later.
    #[error("the node is full: {0}")]
    Full(String),
    /// Tell the node's owner.
    #[error("the node cannot write its log: {0}")]
    NoLog(String),
    /// The software of one of the two is wrong.
    #[error("the request cannot be read: {0}")]
    Unreadable(String),
}

/// What a node answers.
pub enum Reply {
    /// The asking participant's sessions.
    Sessions(Vec<SessionView>),
    /// Done, and written down here.
    Noted(LogPlace),
    /// Here it is.
    Result(Box<NodeResult>),
    /// Not yet, or never.
    NoResult(Progress),
    /// Lines of the log.
    Log(Vec<String>),
    /// No.
    Refused(Refusal),
}

/// Bytes that are not a request or reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAMessage(pub String);

impl Request {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut out = Secret::new(Vec::new());
        match self {
            Self::Sessions => out.push(1),
            Self::Open(terms) => put_json(&mut out, 2, terms),
            Self::Submit(submission) => {
                // Room for everything, so that no part of it is left behind by a move.
                let SharePair { first, second } = &submission.shares;
                out.reserve_exact(1 + 8 + 32 + 96 + 64 + 8 + first.len() + second.len());
                out.push(3);
                out.extend_from_slice(&submission.session.to_le_bytes());
                out.extend_from_slice(&submission.terms_hash);
                for commitment in &submission.commitments {
                    out.extend_from_slice(commitment);
                }
                for nonce in &submission.nonces {
                    out.extend_from_slice(nonce);
                }
                put_pair(&mut out, &submission.shares);
            }
            Self::Result { session, wait_ms } => {
                out.push(4);
                out.extend_from_slice(&session.to_le_bytes());
                out.extend_from_slice(&wait_ms.to_le_bytes());
            }
            Self::Log { from } => {
                out.push(5);
                out.extend_from_slice(&from.to_le_bytes());
            }
        }
        out
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`NotAMessage`].
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let mut rest = Rest(bytes);
        let [tag] = rest.take()?;
        let request = match tag {
            1 => Self::Sessions,
            2 => Self::Open(rest.json()?),
            3 => Self::Submit(Box::new(Submission {
                session: u64::from_le_bytes(rest.take()?),
                terms_hash: rest.take()?,
                commitments: [rest.take()?, rest.take()?, rest.take()?],
                nonces: [rest.take()?, rest.take()?],
                shares: rest.pair()?,
            })),
            4 => Self::Result {
                session: u64::from_le_bytes(rest.take()?),
                wait_ms: u32::from_le_bytes(rest.take()?),
            },
            5 => Self::Log { from: u64::from_le_bytes(rest.take()?) },
            other => return Err(NotAMessage(format!("there is no request {other}"))),
        };
        rest.end().map(|()| request)
    }
}

impl Reply {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut out = Secret::new(Vec::new());
        match self {
            Self::Sessions(views) => put_json(&mut out, 1, views),
            Self::Noted(place) => put_json(&mut out, 2, place),
            Self::Result(result) => {
                let json = to_json(&(&result.shared, &result.statistics));
                let part = |(name, pair): &(String, SharePair)| {
                    12 + name.len() + pair.first.len() + pair.second.len()
                };
                let shares: usize = result.private.iter().map(part).sum();
                out.reserve_exact(1 + 4 + json.len() + 4 + shares);
                out.push(3);
                put_bytes(&mut out, &json);
                put_count(&mut out, result.private.len());
                for (name, pair) in &result.private {
                    put_bytes(&mut out, name.as_bytes());
                    put_pair(&mut out, pair);
                }
            }
            Self::NoResult(progress) => put_json(&mut out, 4, progress),
            Self::Log(lines) => put_json(&mut out, 5, lines),
            Self::Refused(refusal) => put_json(&mut out, 6, refusal),
        }
        out
    }

    /// From bytes.
    ///
    /// # Errors
    /// [`NotAMessage`].
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let mut rest = Rest(bytes);
        let [tag] = rest.take()?;
        let reply = match tag {
            1 => Self::Sessions(rest.json()?),
            2 => Self::Noted(rest.json()?),
            3 => {
                let (shared, statistics) = from_json(rest.bytes()?)?;
                let mut private = Vec::new();
                for _ in 0..u32::from_le_bytes(rest.take()?) {
                    let name = String::from_utf8_lossy(rest.bytes()?).into_owned();
                    private.push((name, rest.pair()?));
                }
                Self::Result(Box::new(NodeResult { shared, statistics, private }))
            }
            4 => Self::NoResult(rest.json()?),
            5 => Self::Log(rest.json()?),
            6 => Self::Refused(rest.json()?),
            other => return Err(NotAMessage(format!("there is no reply {other}"))),
        };
        rest.end().map(|()| reply)
    }
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("text, numbers and maps with text keys are JSON")
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NotAMessage> {
    serde_json::from_slice(bytes).map_err(|error| NotAMessage(error.to_string()))
}

fn put_json<T: Serialize>(out: &mut Vec<u8>, tag: u8, value: &T) {
    out.push(tag);
    out.extend_from_slice(&to_json(value));
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// What is larger does not fit into a frame and is refused there.
fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_pair(out: &mut Vec<u8>, pair: &SharePair) {
    put_bytes(out, &pair.first);
    put_bytes(out, &pair.second);
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], NotAMessage> {
        let too_short = || NotAMessage("it ends early".to_owned());
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or_else(too_short)?;
        self.0 = rest;
        Ok(*first)
    }

    fn bytes(&mut self) -> Result<&'a [u8], NotAMessage> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let too_short = || NotAMessage("it ends early".to_owned());
        let (first, rest) = self.0.split_at_checked(length).ok_or_else(too_short)?;
        self.0 = rest;
        Ok(first)
    }

    fn pair(&mut self) -> Result<SharePair, NotAMessage> {
        let first = Secret::new(self.bytes()?.to_vec());
        Ok(SharePair { first, second: Secret::new(self.bytes()?.to_vec()) })
    }

    fn json<T: DeserializeOwned>(&mut self) -> Result<T, NotAMessage> {
        from_json(std::mem::take(&mut self.0))
    }

    fn end(&self) -> Result<(), NotAMessage> {
        match self.0.len() {
            0 => Ok(()),
            more => Err(NotAMessage(format!("{more} bytes too many"))),
        }
    }
}
