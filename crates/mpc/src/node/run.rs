//! One run: the three nodes meet, agree whose inputs count, compute, and confirm to each other
//! that all have the same result. Only then is there one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use super::{
    board::Board,
    config::NodeConfig,
    exchange::PublicResult,
    program::{Outcome, PairKeys, ProgramError, SharePair, Task},
    roster,
    server::now_ms,
    session::{Finished, Held, RunOrder},
    statistics::{Phase, RunStatistics},
    terms::SessionTerms,
};
use crate::net::{
    ChannelError, NodeIndex, TlsChannel,
    cheat::CheatingChannel,
    hello::Agreement,
    meeting::{LogHeads, Meeting, MeetingError},
    tls::Dialer,
    traffic::{Traffic, nanoseconds},
};

/// What does not change from run to run.
pub(super) struct Surroundings<'a> {
    pub(super) me: NodeIndex,
    pub(super) config: &'a NodeConfig,
    pub(super) dialer: &'a Dialer,
    pub(super) board: &'a Mutex<Board>,
}

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error(transparent)]
    Meeting(#[from] MeetingError),
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("{have} whole submissions where at least {need} are needed")]
    TooFew { have: usize, need: usize },
    #[error(transparent)]
    Log(#[from] super::log::LogError),
}

/// Hash of the part of a result that all nodes must have in common.
pub(super) fn public_hash(shared: &PublicResult) -> [u8; 32] {
    let json = serde_json::to_vec(shared).expect("a public result is text, numbers and lists");
    Sha256::new_with_prefix(b"algopioneer mpc result 1").chain_update(json).finalize().into()
}

fn participants_hash(config: &NodeConfig, terms: &SessionTerms) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(b"algopioneer mpc participants 1");
    for name in &terms.participants {
        let known = config.participants.iter().find(|one| one.name == *name);
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update(known.map(|one| *one.fingerprint.bytes()).unwrap_or_default());
    }
    hash.finalize().into()
}

/// Times the phases of a run.
struct Stopwatch {
    last: Instant,
    before: Traffic,
    statistics: RunStatistics,
}

impl Stopwatch {
    fn lap(&mut self, name: &str, traffic: &Traffic) {
        let elapsed_ns = nanoseconds(self.last.elapsed());
        let part = traffic.since(&self.before);
        self.statistics.phases.push(Phase {
            name: name.to_owned(),
            elapsed_ns,
            traffic: part.total(),
        });
        if name == "compute" {
            self.statistics.compute = part;
        }
        self.last = Instant::now();
        self.before = *traffic;
    }
}

impl Surroundings<'_> {
    /// Does everything from the meeting to the confirmation.
    ///
    /// # Errors
    /// [`RunError`]; the other nodes were told, and inputs and shares are erased.
    pub(super) fn run(&self, order: RunOrder) -> Result<Finished, RunError> {
        let RunOrder { terms, terms_hash, program, mut submissions, callers, log_head } = order;
        let mut watch = Stopwatch {
            last: Instant::now(),
            before: Traffic::default(),
            statistics: RunStatistics::default(),
        };
        let agreement = Agreement {
            session: terms.session,
            function: program.name().1,
            parameters: terms_hash,
            participants: participants_hash(self.config, &terms),
            nodes: self.config.nodes.each_ref().map(|node| node.fingerprint),
            mode: terms.mode,
            limits: terms.limits,
        };
        let meeting = Meeting {
            me: self.me,
            agreement: &agreement,
            nodes: &self.config.nodes,
            dialer: self.dialer,
            log_head,
            limit: self.patience(&terms),
        };
        let (mut channel, heads) = meeting.hold(&callers)?;
        watch.lap("meet", &channel.traffic());

        let contributors = self.agree(&mut channel, &terms, &submissions, &heads)?;
        submissions.retain(|number, _| contributors.contains(number));
        watch.lap("agree", &channel.traffic());

        let inputs = submissions.into_values().map(|held| held.shares).collect();
        let outcome = self.compute(&mut channel, &*program, &terms, &contributors, inputs)?;
        watch.lap("compute", &channel.traffic());
        watch.statistics.work = outcome.work;

        let names = names_of(&terms, &contributors);
        let shared = PublicResult {
            terms_hash: hex::encode(terms_hash),
            public: outcome.public,
            contributors: names,
            mode: terms.mode,
        };
        roster::must_agree(&mut channel, "result", public_hash(&shared))?;
        watch.lap("confirm", &channel.traffic());
        if let Err(error) = channel.finish() {
            // All three have confirmed: whoever leaves early takes nothing with it.
            tracing::debug!(session = terms.session, %error, "a node left before the goodbye");
        }
        let mut private: BTreeMap<usize, Vec<(String, SharePair)>> = BTreeMap::new();
        for part in outcome.private {
            if let Some(number) = contributors.get(part.contributor) {
                private.entry(*number).or_default().push((part.name, part.shares));
            }
        }
        Ok(Finished { shared, statistics: watch.statistics, private })
    }

    /// Whoever has everything early waits for a node that lacks something until its deadline.
    fn patience(&self, terms: &SessionTerms) -> Duration {
        let until_deadline = Duration::from_millis(terms.deadline_ms.saturating_sub(now_ms()));
        until_deadline + Duration::from_millis(self.config.limits.gather_ms.into())
    }

    fn agree(
        &self,
        channel: &mut TlsChannel,
        terms: &SessionTerms,
        submissions: &BTreeMap<usize, Held>,
        heads: &LogHeads,
    ) -> Result<Vec<usize>, RunError> {
        let commitments: Vec<Option<[u8; 32]>> = (0..terms.participants.len())
            .map(|number| submissions.get(&number).map(|held| held.commitment))
            .collect();
        let contributors = roster::contributors(channel, &commitments)?;
        let (have, need) = (contributors.len(), usize::from(terms.minimum_contributors));
        if have < need {
            let error = RunError::TooFew { have, need };
            channel.abort(&error.to_string());
            return Err(error);
        }
        let names = names_of(terms, &contributors);
        self.board.lock().unwrap_or_else(PoisonError::into_inner).agreed(
            terms.session,
            &names,
            heads,
            now_ms(),
        )?;
        Ok(contributors)
    }

    fn compute(
        &self,
        channel: &mut TlsChannel,
        program: &dyn super::program::Program,
        terms: &SessionTerms,
        contributors: &[usize],
        inputs: Vec<SharePair>,
    ) -> Result<Outcome, RunError> {
        let key = |channel: &TlsChannel, node| {
            channel
                .pair_key(node)
                .map(|key| zeroize::Zeroizing::new(*key))
                .ok_or(ChannelError::Unexpected { from: node, what: "no common key".to_owned() })
        };
        let next = key(channel, self.me.next())?;
        let previous = key(channel, self.me.previous())?;
        let task = Task {
            terms,
            contributors,
            inputs,
            keys: PairKeys { next: &next, previous: &previous },
            limits: terms.limits,
        };
        let computed = match self.config.cheat {
            Some(cheat) => program.run(task, &mut CheatingChannel::new(channel, cheat)),
            None => program.run(task, channel),
        };
        Ok(computed.inspect_err(|error| channel.abort(&error.to_string()))?)
    }
}

fn names_of(terms: &SessionTerms, numbers: &[usize]) -> Vec<String> {
    let numbers: BTreeSet<usize> = numbers.iter().copied().collect();
    let named = terms.participants.iter().enumerate();
    named.filter(|(number, _)| numbers.contains(number)).map(|(_, name)| name.clone()).collect()
}
