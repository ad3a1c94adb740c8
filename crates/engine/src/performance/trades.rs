//! What finished round trips came to.

use domain::{Money, Span};
use serde::Serialize;

use super::RoundTrip;

/// Sums over finished round trips; constant memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TradeSums {
    count: u64,
    wins: u64,
    losses: u64,
    gained: Money,
    lost: Money,
    best: Option<Money>,
    worst: Option<Money>,
    held: i128,
}

/// Figures about finished round trips, after fees and carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TradeFigures {
    /// How many.
    pub count: u64,
    /// Those that made money.
    pub wins: u64,
    /// Those that lost money.
    pub losses: u64,
    /// Wins over all of them.
    pub win_rate: Option<f64>,
    /// What the winners made over what the losers lost. `None` without a loser.
    pub profit_factor: Option<f64>,
    /// The mean profit, in quote currency: what one more trade can be expected to bring.
    pub expectancy: Option<f64>,
    /// The mean profit of winners, in quote currency.
    pub average_win: Option<f64>,
    /// The mean loss of losers, in quote currency, negative.
    pub average_loss: Option<f64>,
    /// The best profit.
    pub best: Option<Money>,
    /// The worst one.
    pub worst: Option<Money>,
    /// The mean time from first to last fill, in seconds.
    pub average_holding_seconds: Option<f64>,
}

impl TradeSums {
    pub(super) fn add(&mut self, trip: &RoundTrip) {
        let (Some(profit), Some(closed)) = (trip.profit(), trip.closed) else { return };
        self.count += 1;
        if profit > Money::ZERO {
            self.wins += 1;
            self.gained += profit;
        } else if profit < Money::ZERO {
            self.losses += 1;
            self.lost += profit.abs();
        }
        self.best = Some(self.best.map_or(profit, |best| best.max(profit)));
        self.worst = Some(self.worst.map_or(profit, |worst| worst.min(profit)));
        self.held += i128::from(closed.since(trip.opened).as_nanos());
    }

    pub(super) fn figures(&self) -> TradeFigures {
        let over = |sum: f64, count: u64| (count > 0).then(|| sum / number(count));
        let (gained, lost) = (self.gained.to_f64(), self.lost.to_f64());
        let mean_held = self.held / i128::from(self.count.max(1));
        let held = Span::from_nanos(i64::try_from(mean_held).unwrap_or(i64::MAX));
        TradeFigures {
            count: self.count,
            wins: self.wins,
            losses: self.losses,
            win_rate: over(number(self.wins), self.count),
            profit_factor: (lost > 0.0).then(|| gained / lost),
            expectancy: over(gained - lost, self.count),
            average_win: over(gained, self.wins),
            average_loss: over(-lost, self.losses),
            best: self.best,
            worst: self.worst,
            average_holding_seconds: over(held.as_secs_f64(), self.count.min(1)),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn number(count: u64) -> f64 {
    count as f64
}
