//! Looks on during a back-test and remembers what a report needs, in bounded memory.
//!
//! It reads the same records that a journal would hold. What is bounded here (lists of fills
//! and round trips) is handed on whole to a [`Listener`], who may write it to a file.

use domain::{
    AccountEvent, AccountEventKind, Event, Fill, Instruments, MarketData, MarketEvent, Money,
    OrderId, Record, RecordSink, ReportKind, Stamped, StrategyId, Timestamp,
};
use engine::{
    Engine,
    performance::{RoundTrip, RoundTrips},
};

use crate::{
    Bucket, ChartSeries, Finished, Outcome, Witness,
    months::Months,
    outcome::{Costs, LeftOut, Marker},
};

/// Fills and round trips kept for the report.
const KEPT: usize = 20_000;
/// Buckets of a chart.
const BUCKETS: usize = 4_096;

/// Hears of everything that is not kept for ever.
pub trait Listener {
    /// A round trip ended.
    fn round_trip(&mut self, trip: &RoundTrip);
    /// The account after a market event that moved it.
    fn equity(&mut self, point: &EquityPoint);
}

/// Hears nothing.
impl Listener for () {
    fn round_trip(&mut self, _trip: &RoundTrip) {}
    fn equity(&mut self, _point: &EquityPoint) {}
}

/// The account at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EquityPoint {
    /// When.
    pub time: Timestamp,
    /// Cash plus positions.
    pub equity: Money,
    /// Cash.
    pub cash: Money,
    /// The worth of all positions, without sign.
    pub exposure: Money,
    /// How far equity is below its highest value so far, from 0 to 1.
    pub drawdown: f64,
}

/// Collects an [`Outcome`].
pub struct Recorder<L> {
    listener: L,
    instruments: Instruments,
    strategies: Vec<String>,
    opening_equity: Money,
    peak: Money,
    last: Option<(Money, Money)>,
    equity: ChartSeries,
    drawdown: ChartSeries,
    exposure: ChartSeries,
    months: Months,
    prices: Vec<ChartSeries>,
    trips: RoundTrips,
    /// Whose each open order is, by order id.
    owners: Vec<(OrderId, StrategyId)>,
    markers: Vec<Marker>,
    round_trips: Vec<RoundTrip>,
    left_out: LeftOut,
    costs: Costs,
}

impl<L: Listener> Recorder<L> {
    /// Ready to look on at a run of `engine`.
    pub fn new(engine: &Engine, listener: L) -> Self {
        let instruments = engine.instruments().clone();
        let strategies: Vec<String> = engine.strategy_names().map(str::to_owned).collect();
        let opening_equity = engine.portfolio().equity();
        Self {
            listener,
            opening_equity,
            peak: opening_equity,
            last: None,
            equity: ChartSeries::new(BUCKETS),
            drawdown: ChartSeries::new(BUCKETS),
            exposure: ChartSeries::new(BUCKETS),
            months: Months::new(opening_equity.to_f64()),
            prices: vec![ChartSeries::new(BUCKETS); instruments.len()],
            trips: RoundTrips::new(strategies.len(), instruments.len()),
            owners: Vec::new(),
            markers: Vec::new(),
            round_trips: Vec::new(),
            left_out: LeftOut::default(),
            costs: Costs::default(),
            instruments,
            strategies,
        }
    }

    /// The result, and the listener back.
    pub fn outcome(mut self, mut finished: Finished) -> (Outcome, L) {
        for cost in finished.broker.take_costs() {
            self.costs.spread += cost.spread;
            self.costs.impact += cost.impact;
            self.costs.slippage += cost.slippage;
        }
        let outcome = Outcome {
            open_trips: self.trips.open().copied().collect(),
            instruments: self.instruments,
            strategies: self.strategies,
            span: finished.span,
            events: finished.events,
            stopped: finished.stopped,
            opening_equity: self.opening_equity,
            performance: finished.engine.performance(),
            snapshot: finished.engine.snapshot(),
            equity: self.equity,
            drawdown: self.drawdown,
            exposure: self.exposure,
            months: self.months.finish(),
            returns: finished.engine.returns().0,
            prices: self.prices,
            markers: self.markers,
            round_trips: self.round_trips,
            left_out: self.left_out,
            costs: self.costs,
        };
        (outcome, self.listener)
    }

    fn input(&mut self, input: &Stamped<'_>) {
        match &input.event {
            Event::Report(report) => {
                if let ReportKind::Filled(fill) = &report.kind {
                    let place = self.owners.binary_search_by_key(&fill.order, |(order, _)| *order);
                    let strategy = place.map_or(StrategyId::new(0), |at| self.owners[at].1);
                    self.fill(strategy, fill, false);
                }
            }
            Event::Account(event) => self.account(event),
            Event::Market(_) | Event::Control(_) | Event::Clock => {}
        }
    }

    fn fill(&mut self, strategy: StrategyId, fill: &Fill, liquidation: bool) {
        self.costs.fees += fill.fee;
        let instrument = self.instruments.get(fill.instrument);
        self.costs.traded += instrument.notional(fill.price, fill.quantity).unwrap_or_default();
        if self.markers.len() < KEPT {
            self.markers.push(Marker {
                time: fill.time,
                strategy,
                instrument: fill.instrument,
                side: fill.side,
                price: fill.price,
                quantity: fill.quantity,
            });
        } else {
            self.left_out.markers += 1;
        }
        // The account has the same numbers; what does not fit stopped the engine before.
        if let Ok(Some(trip)) = self.trips.fill(strategy, fill, &self.instruments, liquidation) {
            self.ended(&trip);
        }
    }

    fn ended(&mut self, trip: &RoundTrip) {
        self.listener.round_trip(trip);
        if self.round_trips.len() < KEPT {
            self.round_trips.push(*trip);
        } else {
            self.left_out.round_trips += 1;
        }
    }

    fn account(&mut self, event: &AccountEvent) {
        let received = event.amount;
        match event.kind {
            AccountEventKind::Funding => self.costs.funding -= received,
            AccountEventKind::Borrow => self.costs.borrow -= received,
            AccountEventKind::Dividend => self.costs.dividends -= received,
            AccountEventKind::Split { position } => {
                self.costs.cash_in_lieu -= received;
                self.trips.carry(event.strategy, event.instrument, received);
                self.trips.split(event.strategy, event.instrument, position);
                return;
            }
            AccountEventKind::Liquidation { fill } => {
                self.costs.liquidations += 1;
                return self.fill(event.strategy, &fill, true);
            }
        }
        self.trips.carry(event.strategy, event.instrument, received);
    }

    fn price(&mut self, time: Timestamp, event: &MarketEvent<'_>, engine: &Engine) {
        let place = event.instrument.index();
        match &event.data {
            MarketData::Bar(bar) => {
                let scale = self.instruments.get(event.instrument).price_scale();
                let price = |ticks: domain::Ticks| scale.to_f64(ticks.get());
                self.prices[place].push_bucket(&Bucket {
                    from: time,
                    to: time,
                    first: price(bar.open),
                    last: price(bar.close),
                    low: price(bar.low),
                    high: price(bar.high),
                });
            }
            MarketData::BookDiff { .. }
            | MarketData::BookSnapshot { .. }
            | MarketData::Quote(_) => {
                if let Some(price) = engine.price(event.instrument) {
                    self.prices[place].push(time, price);
                }
            }
            _ => {}
        }
    }
}

impl<L: Listener> RecordSink for Recorder<L> {
    fn record(&mut self, record: &Record<'_>) {
        match record {
            Record::Input(stamped) => self.input(stamped),
            Record::Placed(order) => {
                // Orders get their ids in order, so the newest of a bounded list are enough.
                if self.owners.len() == 2 * OWNERS {
                    self.owners.drain(..OWNERS);
                }
                self.owners.push((order.id, order.strategy));
            }
            _ => {}
        }
    }
}

/// Orders whose owner is remembered: far more than may be open at once.
const OWNERS: usize = 4_096;

impl<L: Listener> Witness for Recorder<L> {
    fn after(&mut self, time: Timestamp, event: &MarketEvent<'_>, engine: &Engine) {
        self.price(time, event, engine);
        let portfolio = engine.portfolio();
        let (equity, cash) = (portfolio.equity(), portfolio.cash());
        if self.last == Some((equity, cash)) {
            return;
        }
        self.last = Some((equity, cash));
        self.peak = self.peak.max(equity);
        let exposure = portfolio.gross_exposure();
        let share = |part: Money, whole: Money| {
            if whole > Money::ZERO { part.to_f64() / whole.to_f64() } else { 0.0 }
        };
        let drawdown = share(self.peak - equity, self.peak);
        self.equity.push(time, equity.to_f64());
        self.months.push(time, equity.to_f64());
        self.drawdown.push(time, drawdown);
        self.exposure.push(time, share(exposure, equity));
        self.listener.equity(&EquityPoint { time, equity, cash, exposure, drawdown });
    }
}
