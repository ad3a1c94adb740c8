//! Which column of a table is which field.

use crate::{error::ImportError, kind::Kind};

/// What a field of a table can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Time,
    End,
    ExchangeTime,
    Open,
    High,
    Low,
    Close,
    Volume,
    /// How many trades a bar is made of.
    Count,
    Dividend,
    Split,
    Id,
    Price,
    Quantity,
    Side,
    TakerBuys,
    BuyerIsMaker,
    BidPrice,
    BidQuantity,
    AskPrice,
    AskQuantity,
    Rate,
    Mark,
    Index,
    NextFunding,
    Sequence,
    Level,
    FirstUpdate,
    LastUpdate,
    Snapshot,
    Status,
    Bid,
    Symbol,
}

use Field::{
    AskPrice, AskQuantity, Bid, BidPrice, BidQuantity, BuyerIsMaker, Close, Count, Dividend, End,
    ExchangeTime, FirstUpdate, High, Id, Index, LastUpdate, Level, Low, Mark, NextFunding, Open,
    Price, Quantity, Rate, Sequence, Side, Snapshot, Split, Status, Symbol, TakerBuys, Time,
    Volume,
};

/// The names under which a field is found, without regard to case and punctuation. A name
/// that comes first is preferred.
const NAMES: &[(Field, &str, &[&str])] = &[
    (
        Time,
        "time",
        &[
            "start",
            "opentime",
            "localtimestamp",
            "time",
            "timestamp",
            "date",
            "datetime",
            "ts",
            "calctime",
            "fundingtime",
            "transacttime",
            "transactiontime",
            "unix",
            "unixtime",
        ],
    ),
    (End, "end", &["end"]),
    (ExchangeTime, "exchange_time", &["exchangetime"]),
    (Open, "open", &["open", "openprice", "o"]),
    (High, "high", &["high", "highprice", "h"]),
    (Low, "low", &["low", "lowprice", "l"]),
    (Close, "close", &["close", "closeprice", "c", "last"]),
    (Volume, "volume", &["volume", "vol", "v", "volumebtc", "basevolume"]),
    (Count, "count", &["count", "trades", "numberoftrades", "tradecount"]),
    (Dividend, "dividend", &["dividend", "dividendamount", "dividends"]),
    (Split, "split_ratio", &["splitratio", "splitcoefficient", "split", "stocksplits"]),
    (Id, "id", &["id", "tradeid", "aggtradeid", "updateid", "tid"]),
    (Price, "price", &["price", "p"]),
    (Quantity, "quantity", &["quantity", "qty", "amount", "size", "volume", "q"]),
    (Side, "side", &["side", "takerside", "aggressor"]),
    (TakerBuys, "taker_buys", &["takerbuys"]),
    (BuyerIsMaker, "is_buyer_maker", &["isbuyermaker", "buyermaker", "wasthebuyerthemaker"]),
    (BidPrice, "bid_price", &["bidprice", "bestbidprice", "bid"]),
    (
        BidQuantity,
        "bid_quantity",
        &["bidquantity", "bidamount", "bidsize", "bidqty", "bestbidqty", "bidvolume"],
    ),
    (AskPrice, "ask_price", &["askprice", "bestaskprice", "ask"]),
    (
        AskQuantity,
        "ask_quantity",
        &["askquantity", "askamount", "asksize", "askqty", "bestaskqty", "askvolume"],
    ),
    (Rate, "rate", &["rate", "fundingrate", "lastfundingrate"]),
    (Mark, "mark", &["mark", "markprice"]),
    (Index, "index", &["index", "indexprice"]),
    (NextFunding, "next_funding", &["nextfunding", "fundingtimestamp", "nextfundingtime"]),
    (Sequence, "sequence", &["sequence", "order"]),
    (Level, "level", &["level"]),
    (FirstUpdate, "first_update_id", &["firstupdateid"]),
    (LastUpdate, "last_update_id", &["lastupdateid"]),
    (Snapshot, "snapshot", &["snapshot", "issnapshot"]),
    (Status, "status", &["status"]),
    (Bid, "bid", &["bid"]),
    (Symbol, "symbol", &["symbol", "pair", "ticker", "instrument"]),
];

impl Field {
    /// Its name in messages and in `--column`.
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(field, ..)| *field == self).map_or("", |(_, name, _)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, one, _)| *one == name).map(|(field, ..)| *field)
    }
}

/// What a kind needs, and what it can use.
const fn fields_of(kind: Kind) -> (&'static [Field], &'static [Field]) {
    match kind {
        Kind::Bars(_) => (&[Time, Close], &[End, Open, High, Low, Volume, Count, Dividend, Split]),
        Kind::Trades | Kind::AggregateTrades => {
            (&[Time, Price, Quantity], &[ExchangeTime, Id, Side, TakerBuys, BuyerIsMaker, Sequence])
        }
        Kind::Quotes => {
            (&[Time, BidPrice, BidQuantity, AskPrice, AskQuantity], &[ExchangeTime, Id, Sequence])
        }
        Kind::Funding => (&[Time, Rate], &[Mark, Price]),
        Kind::Marks => (&[Time, Mark], &[ExchangeTime, Sequence, Index, Rate, NextFunding]),
        Kind::Actions => (&[Time], &[Sequence, Split, Dividend]),
        Kind::Depth => (
            &[Time, Price, Quantity],
            &[ExchangeTime, Sequence, Level, FirstUpdate, LastUpdate, Snapshot, Status, Bid, Side],
        ),
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

/// The places of a table's fields.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    places: Vec<(Field, usize)>,
    /// Places and values that a row must have to be taken.
    filters: Vec<(usize, String)>,
    pub(super) width: usize,
    names: Vec<String>,
}

impl Layout {
    /// Finds the fields of a kind in a header.
    ///
    /// # Errors
    /// What is missing, as a sentence.
    pub(super) fn find(
        kind: Kind,
        header: &[&str],
        stated: &[(String, String)],
        filters: &[(String, String)],
    ) -> Result<Self, String> {
        let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let column = |name: &str| {
            let place = header.iter().position(|one| *one == name);
            let place = place.or_else(|| names.iter().position(|one| *one == plain(name)));
            place.ok_or_else(|| {
                format!("there is no column {name:?}; there are {}", header.join(", "))
            })
        };
        let mut chosen = Vec::new();
        for (field, name) in stated {
            let known = Field::from_name(field);
            let known = known.ok_or_else(|| format!("--column {field}: there is no such field"))?;
            chosen.push((known, column(name)?));
        }
        let (needed, useful) = fields_of(kind);
        for field in needed.iter().chain(useful).chain(&[Symbol]) {
            if chosen.iter().any(|(one, _)| one == field) {
                continue;
            }
            let known = NAMES.iter().find(|(one, ..)| one == field);
            let aliases = known.map_or(&[][..], |(.., aliases)| aliases);
            let place = aliases.iter().find_map(|name| names.iter().position(|one| one == name));
            chosen.extend(place.map(|place| (*field, place)));
        }
        let has = |field: &Field| chosen.iter().any(|(one, _)| one == field);
        let missing: Vec<_> =
            needed.iter().filter(|field| !has(field)).map(|field| field.name()).collect();
        if !missing.is_empty() {
            return Err(format!(
                "no column for {} in the header {}; state --column {}=NAME",
                missing.join(", "),
                header.join(","),
                missing[0],
            ));
        }
        if matches!(kind, Kind::Bars(_)) && has(&Open) != (has(&High) && has(&Low)) {
            return Err("bars need open, high and low, or only a close".into());
        }
        let filters = filters
            .iter()
            .map(|(name, value)| Ok((column(name)?, value.clone())))
            .collect::<Result<_, String>>()?;
        let names = header.iter().map(|name| (*name).to_owned()).collect();
        Ok(Self { places: chosen, filters, width: header.len(), names })
    }

    /// Which column has this field.
    pub(super) fn place(&self, field: Field) -> Option<usize> {
        self.places.iter().find(|(one, _)| *one == field).map(|(_, place)| *place)
    }

    /// The name of a column in messages.
    pub(super) fn column(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }

    /// Whether a row is wanted.
    pub(super) fn wants(&self, fields: &[&str]) -> bool {
        self.filters
            .iter()
            .all(|(place, value)| fields.get(*place).is_some_and(|field| field.trim() == value))
    }
}

/// Splits a line at a delimiter outside double quotes.
pub(super) fn split<'a>(line: &'a str, delimiter: char, out: &mut Vec<&'a str>) {
    out.clear();
    let mut quoted = false;
    let mut start = 0;
    for (place, character) in line.char_indices() {
        match character {
            '"' => quoted = !quoted,
            _ if character == delimiter && !quoted => {
                out.push(bare(&line[start..place]));
                start = place + character.len_utf8();
            }
            _ => {}
        }
    }
    out.push(bare(&line[start..]));
}

fn bare(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).unwrap_or(field)
}

/// The delimiter that a line has most of.
pub(super) fn delimiter_of(line: &str) -> char {
    let count = |one: &char| line.matches(*one).count();
    [',', ';', '\t', '|'].into_iter().rev().max_by_key(count).unwrap_or(',')
}

/// Whether a line is data: its first field begins with a digit.
pub(super) fn is_data(line: &str) -> bool {
    line.trim_start_matches(['"', '-', '+', '.']).starts_with(|c: char| c.is_ascii_digit())
}

pub(super) fn missing_header(path: &std::path::Path) -> ImportError {
    let reason = "there is no header; state --header time,open,high,low,close,volume or the like";
    ImportError::Columns { path: path.to_owned(), reason: reason.into() }
}
