//! Takes events, such as those that a venue's translator makes of recorded frames.

use std::path::Path;

use domain::{
    Instrument, Instruments, Level, Lots, MarketData, MarketEvent, Side, Ticks, Timestamp,
    event::{MarkPrice, Quote, Trade},
};

use super::{ImportReport, Intake, IntakeSettings, KindOf, Order, SeriesId, Target, cells};
use crate::{
    error::ImportError,
    kind::{Interval, Kind, RATE_DECIMALS, RATIO_DECIMALS, REFERENCE_DECIMALS, Row, at},
    number::Number,
    place::InstrumentKey,
    read::hash_of,
    status::Status,
};

/// Takes the events of some instruments in the order of their receive times.
///
/// Nothing is changed before [`EventIntake::commit`].
pub struct EventIntake {
    intake: Intake,
    lanes: Vec<Lane>,
    row: u64,
}

struct Lane {
    key: InstrumentKey,
    tick: i64,
    lot: i64,
    last: Option<Timestamp>,
    /// Place among the events of the same time.
    sequence: i64,
}

impl EventIntake {
    /// Begins an import of events of these instruments, made from these files.
    ///
    /// # Errors
    /// As [`Intake::begin`], and [`ImportError::Open`] of a file.
    pub fn begin(
        target: Target,
        settings: IntakeSettings,
        instruments: &Instruments,
        files: &[&Path],
    ) -> Result<Self, ImportError> {
        let mut intake = Intake::begin(target, settings)?;
        for file in files {
            let sha256 = hash_of(file)?;
            intake.source(file, sha256, "frames", Order::Rising);
        }
        if files.is_empty() {
            intake.source(Path::new("events"), String::new(), "events", Order::Rising);
        }
        let lanes = instruments.iter().map(|one| Lane::new(&mut intake, one));
        let lanes = lanes.collect::<Result<_, _>>()?;
        Ok(Self { intake, lanes, row: 0 })
    }

    /// Takes an event that was received at this time.
    ///
    /// # Errors
    /// [`ImportError::Row`] when time goes back or a number does not fit.
    pub fn event(
        &mut self,
        received: Timestamp,
        event: &MarketEvent<'_>,
    ) -> Result<(), ImportError> {
        self.row += 1;
        let lane = &mut self.lanes[event.instrument.index()];
        if lane.last.is_some_and(|last| received < last) {
            let reason = "the receive time goes back".to_owned();
            return Err(self.intake.wrong(self.row, "time", reason));
        }
        lane.sequence = if lane.last == Some(received) { lane.sequence + 1 } else { 0 };
        lane.last = Some(received);
        let times = Times { received, exchange: event.exchange_time };
        self.data(event.instrument.index(), times, &event.data)
    }

    /// Completes the import.
    ///
    /// # Errors
    /// As [`Intake::commit`], and [`ImportError::Empty`] without any event.
    pub fn commit(self) -> Result<ImportReport, ImportError> {
        self.intake.end_of_source()?;
        self.intake.commit()
    }

    fn data(
        &mut self,
        lane: usize,
        times: Times,
        data: &MarketData<'_>,
    ) -> Result<(), ImportError> {
        match data {
            MarketData::BookSnapshot { update_id, bids, asks } => {
                let ids = (*update_id, *update_id);
                self.levels(lane, times, true, ids, bids, asks)
            }
            MarketData::BookDiff { first_update_id, last_update_id, bids, asks } => {
                let ids = (*first_update_id, *last_update_id);
                self.levels(lane, times, false, ids, bids, asks)
            }
            MarketData::BookLost(loss) => self.status(lane, times, Status::of_loss(*loss)),
            MarketData::FeedSilent => self.status(lane, times, Status::FeedSilent),
            MarketData::FeedLive => self.status(lane, times, Status::FeedLive),
            MarketData::Quote(quote) => self.quote(lane, times, quote),
            MarketData::Trade(trade) => self.trade(lane, times, Kind::Trades, trade),
            MarketData::AggregateTrade(trade) => {
                self.trade(lane, times, Kind::AggregateTrades, trade)
            }
            MarketData::Mark(mark) => self.mark(lane, times, mark),
            MarketData::Bar(bar) => {
                let seconds = u32::try_from(bar.end.since(bar.start).as_nanos() / 1_000_000_000);
                let interval = seconds.ok().and_then(Interval::from_secs);
                let interval = interval.ok_or_else(|| {
                    self.intake.wrong(self.row, "end", "a bar of no usual length".into())
                })?;
                let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close]
                    .map(|price| self.price(lane, "open", price));
                let volume = self.quantity(lane, bar.volume)?;
                let (start, end) = (bar.start.as_nanos(), bar.end.as_nanos());
                let row = Row::of(&[start, end, open?, high?, low?, close?, volume]);
                self.push(lane, Kind::Bars(interval), row)
            }
            MarketData::Funding(funding) => {
                let rate = self.fixed("rate", funding.rate.decimal(), RATE_DECIMALS)?;
                let price = funding.price.map(domain::Price::decimal);
                let price = price.map(|price| self.fixed("price", price, REFERENCE_DECIMALS));
                let mut row = Row::of(&[times.received.as_nanos(), rate]);
                row.set(2, price.transpose()?);
                self.push(lane, Kind::Funding, row)
            }
            MarketData::Split(split) => {
                let ratio = self.fixed("split_ratio", split.ratio.decimal(), RATIO_DECIMALS)?;
                let mut row = Row::of(&[times.received.as_nanos(), 0, ratio]);
                row.set(3, None);
                self.push(lane, Kind::Actions, row)
            }
            MarketData::Dividend(dividend) => {
                let atto = dividend.per_unit.atto();
                let decimals = Number::parse(&crate::number::fixed_text(atto, 18));
                let value = decimals.and_then(|number| number.at(RATIO_DECIMALS));
                let value =
                    value.map_err(|reason| self.intake.wrong(self.row, "dividend", reason))?;
                let mut row = Row::of(&[times.received.as_nanos(), 1, 0, value]);
                row.set(2, None);
                self.push(lane, Kind::Actions, row)
            }
        }
    }

    fn levels(
        &mut self,
        lane: usize,
        times: Times,
        snapshot: bool,
        ids: (u64, u64),
        bids: &[Level],
        asks: &[Level],
    ) -> Result<(), ImportError> {
        let head = self.head(lane, times);
        let (first, last) = (self.id("first_update_id", ids.0)?, self.id("last_update_id", ids.1)?);
        let sides = bids.iter().map(|level| (1, level)).chain(asks.iter().map(|level| (0, level)));
        let mut count = 0;
        for (bid, level) in sides {
            let price = self.price(lane, "price", level.price)?;
            let quantity = self.quantity(lane, level.quantity)?;
            let rest = [count, first, last, i64::from(snapshot), 0, bid, price, quantity];
            self.push(lane, Kind::Depth, head.row(&rest))?;
            count += 1;
        }
        if count > 0 {
            return Ok(());
        }
        let rest = [0, first, last, i64::from(snapshot), Status::NoLevel.code(), 0, 0, 0];
        self.push(lane, Kind::Depth, head.row(&rest))
    }

    fn status(&mut self, lane: usize, times: Times, status: Status) -> Result<(), ImportError> {
        let row = self.head(lane, times).row(&[0, 0, 0, 0, status.code(), 0, 0, 0]);
        self.push(lane, Kind::Depth, row)
    }

    fn quote(&mut self, lane: usize, times: Times, quote: &Quote) -> Result<(), ImportError> {
        let rest = [
            self.id("update_id", quote.update_id)?,
            self.price(lane, "bid_price", quote.bid.price)?,
            self.quantity(lane, quote.bid.quantity)?,
            self.price(lane, "ask_price", quote.ask.price)?,
            self.quantity(lane, quote.ask.quantity)?,
        ];
        let row = self.head(lane, times).row(&rest);
        self.push(lane, Kind::Quotes, row)
    }

    fn trade(
        &mut self,
        lane: usize,
        times: Times,
        kind: Kind,
        trade: &Trade,
    ) -> Result<(), ImportError> {
        let rest = [
            self.id("id", trade.id)?,
            self.price(lane, "price", trade.price)?,
            self.quantity(lane, trade.quantity)?,
            i64::from(trade.aggressor == Side::Buy),
        ];
        let row = self.head(lane, times).row(&rest);
        self.push(lane, kind, row)
    }

    fn mark(&mut self, lane: usize, times: Times, mark: &MarkPrice) -> Result<(), ImportError> {
        let price = self.fixed("mark", mark.mark.decimal(), REFERENCE_DECIMALS)?;
        let mut row = self.head(lane, times).row(&[price]);
        let index =
            mark.index.map(|index| self.fixed("index", index.decimal(), REFERENCE_DECIMALS));
        row.set(4, index.transpose()?);
        let rate =
            mark.funding_rate.map(|rate| self.fixed("funding_rate", rate.decimal(), RATE_DECIMALS));
        row.set(5, rate.transpose()?);
        row.set(6, mark.next_funding.map(Timestamp::as_nanos));
        self.push(lane, Kind::Marks, row)
    }

    fn push(&mut self, lane: usize, kind: Kind, row: Row) -> Result<(), ImportError> {
        cells::check(kind, &row)
            .map_err(|(field, reason)| self.intake.wrong(self.row, field, reason))?;
        let key = self.lanes[lane].key.clone();
        let id: SeriesId = self.intake.series(&key, KindOf::Known(kind))?;
        self.intake.push_row(id, self.row, row)
    }

    fn head(&self, lane: usize, times: Times) -> Head {
        Head { times, sequence: self.lanes[lane].sequence }
    }

    fn price(&self, lane: usize, field: &str, price: Ticks) -> Result<i64, ImportError> {
        price
            .get()
            .checked_mul(self.lanes[lane].tick)
            .ok_or_else(|| self.intake.wrong(self.row, field, "the price does not fit".into()))
    }

    fn quantity(&self, lane: usize, quantity: Lots) -> Result<i64, ImportError> {
        quantity.get().checked_mul(self.lanes[lane].lot).ok_or_else(|| {
            self.intake.wrong(self.row, "quantity", "the quantity does not fit".into())
        })
    }

    fn id(&self, field: &str, id: u64) -> Result<i64, ImportError> {
        i64::try_from(id)
            .map_err(|_| self.intake.wrong(self.row, field, format!("{id} does not fit")))
    }

    fn fixed(
        &self,
        field: &str,
        value: rust_decimal::Decimal,
        decimals: u8,
    ) -> Result<i64, ImportError> {
        Number::from_decimal(value)
            .at(decimals)
            .map_err(|reason| self.intake.wrong(self.row, field, reason))
    }
}

impl Lane {
    fn new(intake: &mut Intake, instrument: &Instrument) -> Result<Self, ImportError> {
        let key = intake.instrument(instrument)?;
        let mantissa = |step: rust_decimal::Decimal| {
            let number = Number::from_decimal(step);
            number.at(number.decimals()).map_err(|reason| ImportError::unstated(&key, reason))
        };
        let tick = mantissa(instrument.spec().tick_size.decimal())?;
        let lot = mantissa(instrument.spec().lot_size.decimal())?;
        Ok(Self { key, tick, lot, last: None, sequence: 0 })
    }
}

#[derive(Clone, Copy)]
struct Times {
    received: Timestamp,
    exchange: Option<Timestamp>,
}

/// The first columns of every kind of tick.
struct Head {
    times: Times,
    sequence: i64,
}

impl Head {
    fn row(&self, rest: &[i64]) -> Row {
        let mut values = [0; crate::kind::WIDTH];
        values[at::TIME] = self.times.received.as_nanos();
        values[at::SEQUENCE] = self.sequence;
        values[at::ID..at::ID + rest.len()].copy_from_slice(rest);
        let mut row = Row { values, absent: 0 };
        row.set(at::EXCHANGE_TIME, self.times.exchange.map(Timestamp::as_nanos));
        row
    }
}
