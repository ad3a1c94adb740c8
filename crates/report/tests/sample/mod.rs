//! A small back-test for tests of reports: made-up bars, a crossing of two means, exact accounts.
//!
//! Figures come from the same product code as those of a real session: round trips, performance,
//! chart series and the made-up market. Only the loop around them is the test's own.

#![allow(clippy::unwrap_used, dead_code, reason = "shared by tests that use different parts")]

use domain::{
    Bar, Fill, InstrumentId, Instruments, Liquidity, Lots, Market, MarketData, Money, NetLots,
    OrderId, RunNumber, Side, Span, StrategyId, Ticks, Timestamp, TradeId,
};
use engine::{
    performance::{PerformanceTracker, RoundTrips},
    snapshot::{EngineSnapshot, PositionSnapshot},
};
use report::{Configuration, DataSource, Facts, MarketSource, Named, StrategyFacts};
use research::{
    ChartSeries, History as _, Month, Outcome,
    experiment::{Delay, Variant},
    lookahead::LookaheadReport,
    outcome::{Costs, LeftOut, Marker},
    recorder::{EquityPoint, Listener},
    sensitivity::Row,
    synthetic::{Synthetic, SyntheticConfig},
};
use testkit::instruments::{instruments, spec};

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    pub bars: u64,
    pub interval: Span,
    /// Bars of the slow mean; the fast one has a quarter of them.
    pub slow: usize,
    pub fee_bps: i128,
    pub opening: i64,
    /// Lots of the first instrument per trade.
    pub lots: i64,
    pub symbols: usize,
}

impl Plan {
    pub const USUAL: Self = Self {
        seed: 7,
        bars: 24 * 365 * 2,
        interval: Span::from_secs(3_600),
        slow: 160,
        fee_bps: 5,
        opening: 100_000,
        lots: 1_000,
        symbols: 2,
    };
}

/// An outcome with all that a report takes.
pub struct Sample {
    pub outcome: Outcome,
    pub facts: Facts,
    pub rows: Vec<Row>,
    pub lookahead: Option<LookaheadReport>,
}

impl Sample {
    pub fn new(plan: Plan) -> Self {
        Self::heard(plan, &mut ())
    }

    pub fn heard(plan: Plan, listener: &mut dyn Hears) -> Self {
        let run =
            |fee_bps, listener: &mut dyn Hears| Run::new(Plan { fee_bps, ..plan }).go(listener);
        let outcome = run(plan.fee_bps, listener);
        let row = |variant: Variant, outcome: &Outcome| Row {
            variant,
            performance: outcome.performance.clone(),
            equity: outcome.snapshot.equity,
            fills: outcome.snapshot.counters.fills,
        };
        let costs = (0..=3_u32).map(|multiple| {
            let outcome = run(plan.fee_bps * i128::from(multiple), &mut ());
            row(Variant { cost_multiple: multiple, ..Variant::AS_CONFIGURED }, &outcome)
        });
        let mut rows: Vec<Row> = costs.collect();
        let delays = [0, 1, 2].map(|bars| {
            let slower = Plan { slow: plan.slow + 8 * bars as usize, ..plan };
            let outcome = Run::new(slower).go(&mut ());
            row(Variant { delay: Delay::Bars(bars), ..Variant::AS_CONFIGURED }, &outcome)
        });
        rows.extend(delays);
        let (first, last) = outcome.span.unwrap_or_default();
        let lookahead = Some(LookaheadReport {
            cuts: vec![first + Span::from_secs(600), last],
            decisions: outcome.markers.len(),
            compared: outcome.markers.len(),
            violation: None,
        });
        Self { outcome, facts: facts(plan), rows, lookahead }
    }
}

/// A listener behind a reference.
pub trait Hears {
    fn trip(&mut self, trip: &engine::performance::RoundTrip);
    fn point(&mut self, point: &EquityPoint);
}

impl<L: Listener> Hears for L {
    fn trip(&mut self, trip: &engine::performance::RoundTrip) {
        self.round_trip(trip);
    }
    fn point(&mut self, point: &EquityPoint) {
        self.equity(point);
    }
}

/// Texts as a careful caller would give them.
pub fn facts(plan: Plan) -> Facts {
    Facts {
        program: "algopioneer 0.1.0".into(),
        command_line: "algopioneer backtest --strategy moving_average --synthetic --seed 7".into(),
        strategy: StrategyFacts {
            kind: "moving_average".into(),
            parameters: vec![
                Named::new("fast", (plan.slow / 4).to_string()),
                Named::new("slow", plan.slow.to_string()),
            ],
        },
        configuration: Configuration {
            text: "[strategy]\nkind = \"moving_average\"\nslow = 160\n\n[costs]\ntaker_fee = \"5 bps\"\n"
                .into(),
            sha256: "5d41402abc4b2a76b9719d911017c592ae0b6f1a0f5d1f2e9d8c7b6a59483726".into(),
        },
        market: MarketSource::Synthetic {
            seed: plan.seed,
            model: "Four regimes, GARCH(1,1) volatility, jumps; two symbols are cointegrated.".into(),
        },
        data: vec![DataSource {
            name: "synthetic bars".into(),
            sha256: "0b6f1a0f5d1f2e9d8c7b6a5948372615d41402abc4b2a76b9719d911017c592ae".into(),
            provenance: "made up by research::synthetic".into(),
        }],
        data_gaps: vec!["BTCUSDT: 2024-02-03 04:00 to 07:00 UTC, 3 bars".into()],
        data_warnings: vec![],
        fill_model: vec![
            "A decision at the close of a bar executes at the open of the next one.".into(),
            "Within a bar, the stop happens before the target.".into(),
            "Orders are small against the volume of a bar.".into(),
        ],
        costs: vec![Named::new("taker fee", "5 bps"), Named::new("half spread", "1 bps")],
        trials: 12,
        sharpe_target: Facts::DEFAULT_SHARPE_TARGET,
        generated_at: None,
    }
}

struct Run {
    plan: Plan,
    table: Instruments,
    cash: Money,
    held: Vec<NetLots>,
    last: Vec<Ticks>,
    closes: Vec<Vec<f64>>,
    wish: Vec<i64>,
    trips: RoundTrips,
    tracker: PerformanceTracker,
    outcome: Outcome,
    number: u64,
    peak: Money,
}

impl Run {
    fn new(plan: Plan) -> Self {
        let specs = [
            spec(Market::LinearPerpetual, "BTC/USDT", "0.1", "0.001"),
            spec(Market::LinearPerpetual, "ETH/USDT", "0.01", "0.01"),
        ];
        let table = instruments(specs.into_iter().take(plan.symbols));
        let opening = Money::from_atto(i128::from(plan.opening) * Money::ATTO_PER_UNIT);
        let count = table.len();
        Self {
            cash: opening,
            held: vec![NetLots::new(0); count],
            last: vec![Ticks::new(0); count],
            closes: vec![Vec::new(); count],
            wish: vec![0; count],
            trips: RoundTrips::new(1, count),
            tracker: PerformanceTracker::new(opening),
            outcome: empty(&table, opening),
            number: 0,
            peak: opening,
            table,
            plan,
        }
    }

    fn go(mut self, listener: &mut dyn Hears) -> Outcome {
        let config = SyntheticConfig {
            seed: self.plan.seed,
            start: Timestamp::from_millis(1_672_531_200_000),
            interval: self.plan.interval,
            bars: self.plan.bars,
            annual_volatility: 0.6,
        };
        let prices = [60_000.0, 3_000.0];
        let mut history =
            Synthetic::new(config, &self.table, &prices[..self.plan.symbols]).unwrap();
        while history.advance().unwrap() {
            let (time, event) = history.current();
            let MarketData::Bar(bar) = event.data else { panic!("only bars are made") };
            self.bar(time, event.instrument, &bar, listener);
        }
        self.finish()
    }

    fn bar(&mut self, time: Timestamp, id: InstrumentId, bar: &Bar, listener: &mut dyn Hears) {
        let place = id.index();
        let now = self.held[place].get();
        if self.wish[place] != now {
            self.trade(bar.start, id, self.wish[place] - now, bar.open, listener);
        }
        self.last[place] = bar.close;
        let scale = self.table.get(id).price_scale();
        self.outcome.prices[place].push_bucket(&research::Bucket {
            from: bar.start,
            to: bar.end,
            first: scale.to_f64(bar.open.get()),
            last: scale.to_f64(bar.close.get()),
            low: scale.to_f64(bar.low.get()),
            high: scale.to_f64(bar.high.get()),
        });
        self.closes[place].push(scale.to_f64(bar.close.get()));
        self.decide(place);
        self.look(time, listener);
    }

    fn decide(&mut self, place: usize) {
        let closes = &self.closes[place];
        let mean = |span: usize| {
            let start = closes.len().checked_sub(span)?;
            Some(closes[start..].iter().sum::<f64>() / span as f64)
        };
        let (Some(fast), Some(slow)) = (mean(self.plan.slow / 4), mean(self.plan.slow)) else {
            return;
        };
        let size = self.plan.lots;
        let gap = fast / slow - 1.0;
        self.wish[place] = match gap {
            gap if gap > 0.004 => size,
            gap if gap < -0.004 => -size,
            gap if gap.abs() < 0.001 => 0,
            _ => self.wish[place],
        };
    }

    fn trade(
        &mut self,
        time: Timestamp,
        id: InstrumentId,
        change: i64,
        price: Ticks,
        listener: &mut dyn Hears,
    ) {
        self.number += 1;
        let side = if change > 0 { Side::Buy } else { Side::Sell };
        let quantity = Lots::new(change.abs());
        let value = self.table.get(id).notional(price, quantity).unwrap();
        let fee = Money::from_atto(value.atto() * self.plan.fee_bps / 10_000);
        let fill = Fill {
            trade: TradeId::new(RunNumber::FIRST, self.number),
            order: OrderId::new(RunNumber::FIRST, self.number),
            instrument: id,
            side,
            price,
            quantity,
            fee,
            liquidity: Liquidity::Taker,
            time,
        };
        self.cash = self.cash - fee + if side == Side::Buy { -value } else { value };
        self.held[id.index()] = NetLots::new(self.held[id.index()].get() + change);
        let costs = &mut self.outcome.costs;
        costs.traded += value;
        costs.fees += fee;
        costs.spread += Money::from_atto(value.atto() / 10_000);
        costs.slippage += Money::from_atto(value.atto() / 20_000);
        self.tracker.traded(value);
        let strategy = StrategyId::new(0);
        let marker = Marker { time, strategy, instrument: id, side, price, quantity };
        if self.outcome.markers.len() < 20_000 {
            self.outcome.markers.push(marker);
        } else {
            self.outcome.left_out.markers += 1;
        }
        if let Some(trip) = self.trips.fill(strategy, &fill, &self.table, false).unwrap() {
            self.tracker.ended(&trip);
            listener.trip(&trip);
            if self.outcome.round_trips.len() < 20_000 {
                self.outcome.round_trips.push(trip);
            } else {
                self.outcome.left_out.round_trips += 1;
            }
        }
    }

    fn worth(&self) -> Vec<Money> {
        let each = self.table.iter().map(|one| {
            let place = one.id().index();
            one.signed_notional(self.last[place], self.held[place]).unwrap()
        });
        each.collect()
    }

    fn look(&mut self, time: Timestamp, listener: &mut dyn Hears) {
        let worth = self.worth();
        let equity = self.cash + worth.iter().copied().sum();
        let exposure: Money = worth.iter().map(|one| one.abs()).sum();
        let outcome = &mut self.outcome;
        let first = outcome.span.map_or(time, |(first, _)| first);
        outcome.span = Some((first, time));
        outcome.events += 1;
        self.tracker.see(time, equity, exposure > Money::ZERO);
        if outcome.equity.last() == Some(equity.to_f64()) {
            return;
        }
        self.peak = self.peak.max(equity);
        let drawdown = (self.peak - equity).to_f64() / self.peak.to_f64();
        outcome.equity.push(time, equity.to_f64());
        outcome.drawdown.push(time, drawdown);
        outcome.exposure.push(time, (exposure.to_f64() / equity.to_f64()).max(0.0));
        month(&mut outcome.months, time, self.plan.opening as f64, equity.to_f64());
        listener.point(&EquityPoint { time, equity, cash: self.cash, exposure, drawdown });
    }

    fn finish(mut self) -> Outcome {
        let worth = self.worth();
        let equity = self.cash + worth.iter().copied().sum();
        let open: Vec<_> = self.trips.open().copied().collect();
        let paper = |trip: &engine::performance::RoundTrip| {
            let cost = trip.entry_value - trip.exit_value;
            let held = worth[trip.instrument.index()].abs();
            if trip.side == Side::Buy { held - cost } else { cost - held }
        };
        let positions = open.iter().map(|trip| PositionSnapshot {
            strategy: "crossing".into(),
            instrument: self.table.get(trip.instrument).to_string(),
            quantity: trip.open_quantity().get().to_string(),
            cost_basis: trip.entry_value,
            realized_pnl: Money::ZERO,
            unrealized_pnl: paper(trip),
            fees: trip.fees,
        });
        let snapshot = &mut self.outcome.snapshot;
        snapshot.positions = positions.collect();
        snapshot.unrealized_pnl = open.iter().map(paper).sum();
        (snapshot.cash, snapshot.equity, snapshot.fees) =
            (self.cash, equity, self.outcome.costs.fees);
        (snapshot.counters.orders, snapshot.counters.fills) = (self.number, self.number);
        self.outcome.open_trips = open;
        self.outcome.performance = self.tracker.performance();
        self.outcome.returns = self.tracker.returns().0;
        self.outcome
    }
}

fn month(months: &mut Vec<Month>, time: Timestamp, opening: f64, equity: f64) {
    let moment = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap();
    let date = jiff::tz::TimeZone::UTC.to_datetime(moment).date();
    let before = months.last().map_or(opening, |last| last.closing);
    match months.last_mut() {
        Some(last) if (last.year, last.month) == (date.year(), date.month()) => {
            last.closing = equity;
        }
        _ => months.push(Month {
            year: date.year(),
            month: date.month(),
            opening: before,
            closing: equity,
        }),
    }
}

/// A session without any event.
pub fn empty(table: &Instruments, opening: Money) -> Outcome {
    Outcome {
        instruments: table.clone(),
        strategies: vec!["crossing".into()],
        span: None,
        events: 0,
        stopped: false,
        opening_equity: opening,
        performance: PerformanceTracker::new(opening).performance(),
        snapshot: EngineSnapshot {
            counters: engine::Counters::default(),
            positions: Vec::new(),
            cash: opening,
            equity: opening,
            realized_pnl: Money::ZERO,
            unrealized_pnl: Money::ZERO,
            fees: Money::ZERO,
            max_drawdown: Money::ZERO,
            open_orders: 0,
            kill_switch: false,
            in_sync: std::collections::BTreeMap::new(),
            commands_sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                .into(),
        },
        equity: ChartSeries::new(4_096),
        drawdown: ChartSeries::new(4_096),
        exposure: ChartSeries::new(4_096),
        months: Vec::new(),
        returns: Vec::new(),
        prices: vec![ChartSeries::new(4_096); table.len()],
        markers: Vec::new(),
        round_trips: Vec::new(),
        left_out: LeftOut::default(),
        open_trips: Vec::new(),
        costs: Costs::default(),
    }
}
