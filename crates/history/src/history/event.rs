//! From a row to an event.

use std::borrow::Cow;

use domain::{
    InstrumentId, Level, Lots, MarketData, MarketEvent, Money, Price, Rate, Side, Ticks, Timestamp,
    event::{Bar, BookLoss, Dividend, FundingSettlement, MarkPrice, Quote, Split, Trade},
};
use rust_decimal::Decimal;

use crate::{
    kind::{Kind, RATE_DECIMALS, RATIO_DECIMALS, REFERENCE_DECIMALS, at},
    part::Batch,
    status::Status,
};

type Wrong = (&'static str, String);

/// An event without the levels of its book.
pub(super) enum Taken {
    Plain { exchange_time: Option<Timestamp>, data: MarketData<'static> },
    Levels { exchange_time: Option<Timestamp>, snapshot: bool, first: u64, last: u64 },
}

impl Taken {
    /// What the first row of a change of the book says.
    pub(super) fn levels(batch: &Batch, row: usize) -> Result<Self, Wrong> {
        let exchange_time = batch.get(at::EXCHANGE_TIME, row).map(Timestamp::from_nanos);
        let code = batch.columns[7][row];
        let status = Status::of_code(code)
            .ok_or_else(|| ("status", format!("there is no status {code}")))?;
        let plain = |data| Ok(Self::Plain { exchange_time, data });
        match (status, status.loss()) {
            (_, Some(loss)) => plain(lost(loss)),
            (Status::FeedSilent, _) => plain(MarketData::FeedSilent),
            (Status::FeedLive, _) => plain(MarketData::FeedLive),
            _ => Ok(Self::Levels {
                exchange_time,
                snapshot: batch.columns[6][row] != 0,
                first: unsigned("first_update_id", batch.columns[4][row])?,
                last: unsigned("last_update_id", batch.columns[5][row])?,
            }),
        }
    }

    pub(super) fn into_event<'a>(
        self,
        instrument: InstrumentId,
        bids: &'a [Level],
        asks: &'a [Level],
    ) -> MarketEvent<'a> {
        match self {
            Self::Plain { exchange_time, data } => MarketEvent { instrument, exchange_time, data },
            Self::Levels { exchange_time, snapshot, first, last } => {
                let (bids, asks) = (Cow::Borrowed(bids), Cow::Borrowed(asks));
                let data = if snapshot {
                    MarketData::BookSnapshot { update_id: last, bids, asks }
                } else {
                    MarketData::BookDiff {
                        first_update_id: first,
                        last_update_id: last,
                        bids,
                        asks,
                    }
                };
                MarketEvent { instrument, exchange_time, data }
            }
        }
    }
}

const fn lost(loss: BookLoss) -> MarketData<'static> {
    MarketData::BookLost(loss)
}

/// The data of a row of any kind but depth.
pub(super) fn data(kind: Kind, batch: &Batch, row: usize) -> Result<MarketData<'static>, Wrong> {
    let value = |column: usize| batch.columns[column][row];
    let ticks = |column: usize| Ticks::new(value(column));
    let lots = |column: usize| Lots::new(value(column));
    Ok(match kind {
        Kind::Bars(_) => MarketData::Bar(Bar {
            start: Timestamp::from_nanos(value(at::TIME)),
            end: Timestamp::from_nanos(value(at::BAR_END)),
            open: ticks(at::BAR_OPEN),
            high: ticks(3),
            low: ticks(4),
            close: ticks(at::BAR_CLOSE),
            volume: lots(at::BAR_VOLUME),
        }),
        Kind::Trades => MarketData::Trade(trade(batch, row)?),
        Kind::AggregateTrades => MarketData::AggregateTrade(trade(batch, row)?),
        Kind::Quotes => MarketData::Quote(Quote {
            update_id: unsigned("update_id", value(at::ID))?,
            bid: Level { price: ticks(4), quantity: lots(5) },
            ask: Level { price: ticks(6), quantity: lots(7) },
        }),
        Kind::Marks => MarketData::Mark(MarkPrice {
            mark: price("mark", value(3))?,
            index: batch.get(4, row).map(|index| price("index", index)).transpose()?,
            funding_rate: batch.get(5, row).map(rate),
            next_funding: batch.get(6, row).map(Timestamp::from_nanos),
        }),
        Kind::Funding => MarketData::Funding(FundingSettlement {
            rate: rate(value(1)),
            price: batch.get(2, row).map(|value| price("price", value)).transpose()?,
        }),
        Kind::Actions => match (batch.get(2, row), batch.get(3, row)) {
            (Some(ratio), None) => {
                let ratio = Rate::new(Decimal::new(ratio, u32::from(RATIO_DECIMALS)));
                MarketData::Split(Split { ratio })
            }
            (None, Some(amount)) => {
                let atto = i128::from(amount) * 10_i128.pow(18 - u32::from(RATIO_DECIMALS));
                MarketData::Dividend(Dividend { per_unit: Money::from_atto(atto) })
            }
            _ => return Err(("split_ratio", "a row is either a split or a dividend".into())),
        },
        Kind::Depth => return Err(("status", "levels are gathered elsewhere".into())),
    })
}

fn trade(batch: &Batch, row: usize) -> Result<Trade, Wrong> {
    let value = |column: usize| batch.columns[column][row];
    Ok(Trade {
        id: unsigned("id", value(at::ID))?,
        price: Ticks::new(value(4)),
        quantity: Lots::new(value(5)),
        aggressor: if value(6) == 0 { Side::Sell } else { Side::Buy },
    })
}

fn price(column: &'static str, value: i64) -> Result<Price, Wrong> {
    Price::new(Decimal::new(value, u32::from(REFERENCE_DECIMALS)).normalize())
        .map_err(|error| (column, error.to_string()))
}

fn rate(value: i64) -> Rate {
    Rate::new(Decimal::new(value, u32::from(RATE_DECIMALS)).normalize())
}

fn unsigned(column: &'static str, value: i64) -> Result<u64, Wrong> {
    u64::try_from(value).map_err(|_| (column, format!("{value} is negative")))
}
