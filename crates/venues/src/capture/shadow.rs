//! The undamaged book behind a damaged stream, to answer depth requests like a venue.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A book of texts: what the venue sent, digit by digit.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    bids: BTreeMap<Decimal, [String; 2]>,
    asks: BTreeMap<Decimal, [String; 2]>,
    last_update_id: Option<u64>,
    /// Changes from before the recorded snapshot.
    early: Vec<Change>,
}

#[derive(Debug, Deserialize)]
struct Envelope {
    data: Change,
}

#[derive(Debug, Deserialize)]
struct Change {
    u: u64,
    b: Vec<[String; 2]>,
    a: Vec<[String; 2]>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Answer {
    #[serde(rename = "lastUpdateId")]
    last_update_id: u64,
    bids: Vec<[String; 2]>,
    asks: Vec<[String; 2]>,
}

impl Shadow {
    /// Takes a book change.
    pub(super) fn change(&mut self, frame: &[u8]) {
        let Ok(Envelope { data }) = serde_json::from_slice(frame) else { return };
        if self.last_update_id.is_some() { self.apply(&data) } else { self.early.push(data) }
    }

    /// Takes the recorded snapshot.
    pub(super) fn snapshot(&mut self, body: &[u8]) {
        let Ok(answer) = serde_json::from_slice::<Answer>(body) else { return };
        (self.bids, self.asks) = (BTreeMap::new(), BTreeMap::new());
        self.last_update_id = Some(answer.last_update_id);
        set(&mut self.bids, &answer.bids);
        set(&mut self.asks, &answer.asks);
        for change in std::mem::take(&mut self.early) {
            self.apply(&change);
        }
    }

    fn apply(&mut self, change: &Change) {
        if self.last_update_id.is_some_and(|known| change.u <= known) {
            return;
        }
        set(&mut self.bids, &change.b);
        set(&mut self.asks, &change.a);
        self.last_update_id = Some(change.u);
    }

    /// The venue's answer now; `None` before the recorded snapshot.
    pub(super) fn answer(&self) -> Option<Vec<u8>> {
        let answer = Answer {
            last_update_id: self.last_update_id?,
            bids: self.bids.values().rev().cloned().collect(),
            asks: self.asks.values().cloned().collect(),
        };
        serde_json::to_vec(&answer).ok()
    }
}

fn set(side: &mut BTreeMap<Decimal, [String; 2]>, levels: &[[String; 2]]) {
    for level in levels {
        let (Ok(price), Ok(quantity)) = (level[0].parse(), level[1].parse::<Decimal>()) else {
            continue;
        };
        if quantity.is_zero() {
            side.remove(&price);
        } else {
            side.insert(price, level.clone());
        }
    }
}
