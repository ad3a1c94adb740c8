//! The functions of this crate as programs of a node.
//!
//! Components of inputs and outputs travel as field elements of 16 bytes. A run is set up for
//! exactly those who contribute: a function is built from the session's terms and their number.

use std::{sync::Arc, time::Instant};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    program::{
        Outcome, PrivateShares, Program, ProgramError, Secret, SecretNumbers, SharePair, Task,
        Unsuitable,
    },
    statistics::Work,
    terms::SessionTerms,
};
use crate::{
    engine::{Clock, Limits, Mode as EngineMode, RunError, Session, Statistics},
    field::Fe,
    function::{Function, PublicOutput},
    net::{
        Channel,
        hello::{Mode, RunLimits},
        tls::fresh_bytes,
        traffic::nanoseconds,
    },
    share::{InputShares, NodeRandomness, Numbers, reconstruct, split},
};

const ELEMENT_BYTES: usize = 16;
const COUNT_BYTES: usize = 4;

/// What a field element holds with a sign. The functions' own rules are stricter.
const NUMBER_BITS: u32 = 126;

/// Products of bits that one product of field elements takes as much room as.
const BITS_PER_NUMBER: u64 = 16;

/// A function that is set up for some contributors of a session.
pub struct Prepared {
    /// The function.
    pub function: Box<dyn Function>,
    /// For each of the function's participants, the place in the list of contributors; nothing for
    /// one who is absent and counts as having submitted zeros.
    pub seats: Vec<Option<usize>>,
}

struct Adapted<B> {
    name: &'static str,
    build: B,
}

/// A function as a program. Its number in frames is made from its name. `build` sets it up for some
/// contributors of a session.
#[must_use]
pub fn adapt<B>(name: &'static str, build: B) -> Arc<dyn Program>
where
    B: Fn(&SessionTerms, &[usize]) -> Result<Prepared, Unsuitable> + Send + Sync + 'static,
{
    Arc::new(Adapted { name, build })
}

struct WallClock(Instant);

impl Clock for WallClock {
    fn now_ns(&self) -> u64 {
        nanoseconds(self.0.elapsed())
    }
}

impl<B> Adapted<B>
where
    B: Fn(&SessionTerms, &[usize]) -> Result<Prepared, Unsuitable>,
{
    fn count(&self, terms: &SessionTerms, participant: usize) -> Result<usize, Unsuitable> {
        let everybody: Vec<usize> = (0..terms.participants.len()).collect();
        let counts = (self.build)(terms, &everybody)?.function.input_counts();
        let (have, need) = (counts.len(), terms.participants.len());
        if have != need {
            return Err(Unsuitable(format!(
                "the parameters are for {have} participants, not {need}"
            )));
        }
        Ok(counts[participant])
    }
}

impl<B> Program for Adapted<B>
where
    B: Fn(&SessionTerms, &[usize]) -> Result<Prepared, Unsuitable> + Send + Sync,
{
    fn name(&self) -> (&'static str, u32) {
        let [first, second, third, fourth, ..] = <[u8; 32]>::from(Sha256::digest(self.name));
        (self.name, u32::from_le_bytes([first, second, third, fourth]))
    }

    fn input_bytes(&self, terms: &SessionTerms, participant: usize) -> Result<usize, Unsuitable> {
        Ok(ELEMENT_BYTES * self.count(terms, participant)?)
    }

    fn share(
        &self,
        terms: &SessionTerms,
        participant: usize,
        numbers: &[i128],
    ) -> Result<[Secret; 3], Unsuitable> {
        let count = self.count(terms, participant)?;
        if numbers.len() != count {
            let found = numbers.len();
            return Err(Unsuitable(format!("{found} numbers where {count} are needed")));
        }
        if numbers.iter().any(|number| number.unsigned_abs() >= 1 << NUMBER_BITS) {
            return Err(Unsuitable(format!("a number has more than {NUMBER_BITS} bits")));
        }
        let elements: Zeroizing<Vec<Fe>> =
            Zeroizing::new(numbers.iter().map(|number| Fe::from_i128(*number)).collect());
        let seed = fresh_bytes().map_err(|error| Unsuitable(error.to_string()))?;
        let parcels = split(&elements, &Zeroizing::new(seed));
        Ok(parcels.map(|parcel| pair_of(&parcel).first))
    }

    fn run(&self, task: Task<'_>, channel: &mut dyn Channel) -> Result<Outcome, ProgramError> {
        let stopped = |reason: String| ProgramError::Stopped { reason };
        let Prepared { function, seats } =
            (self.build)(task.terms, task.contributors).map_err(|error| stopped(error.0))?;
        let nonce = fresh_bytes().map_err(|error| stopped(error.to_string()))?;
        let randomness =
            NodeRandomness { own_key: *task.keys.previous, next_key: *task.keys.next, nonce };
        let name_of = |seat: usize| {
            let place = seats.get(seat).copied().flatten().unwrap_or(usize::MAX);
            let number = task.contributors.get(place).copied().unwrap_or(usize::MAX);
            task.terms.participants.get(number).map_or("nobody", String::as_str)
        };
        let mut inputs = Vec::with_capacity(seats.len());
        for (seat, count) in function.input_counts().into_iter().enumerate() {
            let place = seats.get(seat).copied().flatten();
            inputs.push(match place.and_then(|place| task.inputs.get(place)) {
                Some(pair) => parcel_of(&pair.first, &pair.second).map_err(|error| {
                    stopped(format!("the input of `{}`: {}", name_of(seat), error.0))
                })?,
                None => InputShares::from(Numbers::zeros(count)),
            });
        }
        let clock = WallClock(Instant::now());
        let session = session_of(&task);
        let done = session.run(&*function, inputs, &randomness, channel, &clock);
        let done = done.map_err(|error| match error {
            RunError::Channel { source } => source.into(),
            RunError::InvalidInput { participant } => {
                stopped(format!("the input of `{}` breaks a rule", name_of(participant)))
            }
            other => stopped(other.to_string()),
        })?;
        // What is for somebody who is absent is for nobody.
        let private = done.outputs.private.iter().filter_map(|output| {
            Some(PrivateShares {
                contributor: seats.get(output.participant).copied().flatten()?,
                name: output.name.to_owned(),
                shares: pair_of(&output.shares),
            })
        });
        Ok(Outcome {
            private: private.collect(),
            public: public_value(&done.outputs.public),
            work: work_of(&done.statistics),
        })
    }

    fn combine(&self, components: &[Secret; 3]) -> Result<SecretNumbers, Unsuitable> {
        let [first, second, third] = components;
        let unsuitable = |error: crate::share::ParcelError| Unsuitable(error.to_string());
        let parcels =
            [parcel_of(first, second)?, parcel_of(second, third)?, parcel_of(third, first)?];
        let elements = Zeroizing::new(reconstruct(&parcels).map_err(unsuitable)?);
        Ok(SecretNumbers::new(elements.iter().map(|element| element.signed()).collect()))
    }
}

fn session_of(task: &Task<'_>) -> Session {
    let start = Sha256::new_with_prefix(b"algopioneer mpc run 1").chain_update(task.terms.hash());
    let agreement = task
        .contributors
        .iter()
        .fold(start, |hash, number| hash.chain_update((*number as u64).to_le_bytes()));
    Session {
        id: task.terms.session,
        mode: match task.terms.mode {
            Mode::Malicious => EngineMode::Malicious,
            Mode::SemiHonest => EngineMode::SemiHonest,
        },
        limits: limits_of(task.limits),
        agreement: agreement.finalize().into(),
    }
}

fn limits_of(limits: RunLimits) -> Limits {
    let most = limits.max_gates;
    Limits { bit_gates: most, field_terms: most / BITS_PER_NUMBER }
}

/// The encoding of a parcel without its count, in its two halves.
fn pair_of(parcel: &InputShares) -> SharePair {
    let bytes = Zeroizing::new(parcel.to_bytes());
    let (first, second) = bytes[COUNT_BYTES..].split_at(ELEMENT_BYTES * parcel.len());
    SharePair { first: Secret::new(first.to_vec()), second: Secret::new(second.to_vec()) }
}

fn parcel_of(first: &[u8], second: &[u8]) -> Result<InputShares, Unsuitable> {
    let count = u32::try_from(first.len() / ELEMENT_BYTES).unwrap_or(u32::MAX);
    let mut bytes = Zeroizing::new(Vec::with_capacity(COUNT_BYTES + first.len() + second.len()));
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(first);
    bytes.extend_from_slice(second);
    InputShares::from_bytes(&bytes).map_err(|error| Unsuitable(error.to_string()))
}

/// Numbers that JSON readers cannot hold are written as text.
fn public_value(outputs: &[PublicOutput]) -> Value {
    let number = |value: &i128| match i64::try_from(*value) {
        Ok(small) => Value::from(small),
        Err(_) => Value::from(value.to_string()),
    };
    let entry = |output: &PublicOutput| {
        (output.name.to_owned(), Value::from(output.values.iter().map(number).collect::<Vec<_>>()))
    };
    Value::Object(outputs.iter().map(entry).collect::<Map<_, _>>())
}

fn work_of(statistics: &Statistics) -> Work {
    Work {
        bit_products: statistics.bit_gates,
        field_products: statistics.field_gates,
        checks: statistics.checks,
        check_ns: statistics.check_ns,
        open_ns: statistics.open_ns,
        revealed: statistics
            .openings
            .iter()
            .map(|opened| (opened.label.to_owned(), opened.values))
            .collect(),
    }
}
