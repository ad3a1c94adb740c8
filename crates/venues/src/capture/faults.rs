//! Damage on purpose: book changes dropped, repeated or swapped.

use std::{collections::BTreeMap, str::FromStr};

/// How much damage of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// Changes left out. Each is one gap.
    pub drop: u32,
    /// Changes played twice. None is a gap.
    pub duplicate: u32,
    /// Changes played after their successor. Each is one gap.
    pub swap: u32,
}

/// A text that is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} is not drop=N, duplicate=N or swap=N; write them separated by commas")]
pub struct FaultPlanError {
    /// The part that was not understood.
    part: String,
}

impl FromStr for FaultPlan {
    type Err = FaultPlanError;

    fn from_str(text: &str) -> Result<Self, FaultPlanError> {
        let mut plan = Self::default();
        for part in text.split(',') {
            let wrong = || FaultPlanError { part: part.to_owned() };
            let (kind, count) = part.trim().split_once('=').ok_or_else(wrong)?;
            let count = count.parse().map_err(|_| wrong())?;
            match kind {
                "drop" => plan.drop = count,
                "duplicate" => plan.duplicate = count,
                "swap" => plan.swap = count,
                _ => return Err(wrong()),
            }
        }
        Ok(plan)
    }
}

/// What happens to one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Drop,
    Duplicate,
    Swap,
}

impl FaultPlan {
    /// Chooses which of `changes` book changes are damaged: spread over the whole recording,
    /// with at least three sound ones between two, so that each can be told apart.
    pub(super) fn place(self, changes: u64, seed: u64) -> BTreeMap<u64, Fault> {
        /// Sound changes between two damaged ones.
        const APART: u64 = 4;
        /// Sound changes at either end: a first or a last change is not missed by anybody.
        const MARGIN: u64 = 8;
        let kinds = [
            (Fault::Drop, self.drop),
            (Fault::Duplicate, self.duplicate),
            (Fault::Swap, self.swap),
        ];
        let mut faults: Vec<Fault> =
            kinds.iter().flat_map(|(fault, count)| (0..*count).map(|_| *fault)).collect();
        let mut dice = Dice(seed);
        for index in (1..faults.len()).rev() {
            let other = usize::try_from(dice.below(index as u64 + 1)).unwrap_or(0);
            faults.swap(index, other);
        }
        let usable = changes.saturating_sub(2 * MARGIN);
        faults.truncate(usize::try_from(usable / (2 * APART)).unwrap_or(usize::MAX));
        let stretch = usable / (faults.len() as u64).max(1);
        let place = |(index, fault)| {
            let slack = stretch.saturating_sub(APART).max(1);
            (MARGIN + index as u64 * stretch + dice.below(slack), fault)
        };
        faults.into_iter().enumerate().map(place).collect()
    }
}

/// A small seeded generator (Steele, Lea and Flood 2014, `SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}
