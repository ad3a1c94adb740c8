//! Reads what can be traded, and in which steps, from the `exchangeInfo` end points.

use domain::{Market, Money, Price, Qty, instrument::InstrumentSpec};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::VENUE;
use crate::FrameError;

/// An instrument of the venue's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedInstrument {
    /// Its facts.
    pub spec: InstrumentSpec,
    /// Whether orders are taken now.
    pub trading: bool,
}

/// The venue's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeInfo {
    /// The instruments that can be used here.
    pub instruments: Vec<ListedInstrument>,
    /// Symbols left out, and why: dated futures, or facts that make no sense.
    pub left_out: Vec<(String, String)>,
}

impl ExchangeInfo {
    /// The instrument of a symbol in upper case.
    #[must_use]
    pub fn find(&self, symbol: &str) -> Option<&ListedInstrument> {
        self.instruments.iter().find(|one| one.spec.symbol == symbol)
    }
}

#[derive(Deserialize)]
struct Body<'f> {
    #[serde(borrow)]
    symbols: Vec<Symbol<'f>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Symbol<'f> {
    #[serde(rename = "symbol")]
    name: String,
    status: Option<String>,
    /// What COIN-M calls the status.
    contract_status: Option<String>,
    contract_type: Option<String>,
    base_asset: String,
    quote_asset: String,
    #[serde(borrow)]
    filters: Vec<Filter<'f>>,
}

/// All filters in one; which members are there depends on the type. The numbers stay as
/// written, with or without quotes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'f> {
    #[serde(rename = "filterType")]
    kind: String,
    #[serde(borrow)]
    tick_size: Option<&'f RawValue>,
    #[serde(borrow)]
    step_size: Option<&'f RawValue>,
    #[serde(borrow)]
    min_qty: Option<&'f RawValue>,
    #[serde(borrow)]
    max_qty: Option<&'f RawValue>,
    #[serde(borrow)]
    min_notional: Option<&'f RawValue>,
    /// What futures call the smallest value.
    #[serde(borrow)]
    notional: Option<&'f RawValue>,
}

/// Reads the list of one market.
///
/// # Errors
/// [`FrameError`] when it is no such list, for example the venue's error object.
pub fn read_exchange_info(market: Market, body: &[u8]) -> Result<ExchangeInfo, FrameError> {
    let body: Body = serde_json::from_slice(body)
        .map_err(|error| FrameError { channel: "exchangeInfo", reason: error.to_string() })?;
    let mut info = ExchangeInfo::default();
    for symbol in &body.symbols {
        match read_symbol(market, symbol) {
            Ok(listed) => info.instruments.push(listed),
            Err(reason) => info.left_out.push((symbol.name.clone(), reason)),
        }
    }
    Ok(info)
}

fn read_symbol(market: Market, symbol: &Symbol<'_>) -> Result<ListedInstrument, String> {
    if let Some(kind) = symbol.contract_type.as_deref().filter(|kind| *kind != "PERPETUAL") {
        return Err(format!("a contract of type {kind:?}, not a perpetual"));
    }
    let status = symbol.status.as_ref().or(symbol.contract_status.as_ref());
    let status = status.ok_or("it has no status")?;
    let filter = |name| symbol.filters.iter().find(|filter| filter.kind == name);
    let price = filter("PRICE_FILTER").ok_or("it has no PRICE_FILTER")?;
    let lot = filter("LOT_SIZE").ok_or("it has no LOT_SIZE")?;
    let value = filter("NOTIONAL").or_else(|| filter("MIN_NOTIONAL"));
    let value = value.and_then(|filter| filter.min_notional.or(filter.notional));
    let spec = InstrumentSpec {
        venue: VENUE.into(),
        market,
        symbol: symbol.name.clone(),
        base: symbol.base_asset.clone(),
        quote: symbol.quote_asset.clone(),
        tick_size: number::<Price>("tickSize", price.tick_size)?.ok_or("it has no tickSize")?,
        lot_size: number::<Qty>("stepSize", lot.step_size)?.ok_or("it has no stepSize")?,
        min_quantity: number("minQty", lot.min_qty)?.unwrap_or_default(),
        max_quantity: number("maxQty", lot.max_qty)?.unwrap_or_default(),
        min_notional: number::<Money>("minNotional", value)?.unwrap_or_default(),
    };
    if spec.lot_size == Qty::ZERO {
        return Err("its stepSize is zero".into());
    }
    Ok(ListedInstrument { spec, trading: status == "TRADING" })
}

fn number<T>(name: &str, raw: Option<&RawValue>) -> Result<Option<T>, String>
where
    T: std::str::FromStr<Err = domain::NumberError>,
{
    let Some(raw) = raw else { return Ok(None) };
    let text = raw.get().trim_matches('"');
    text.parse().map(Some).map_err(|error: T::Err| format!("{name}: {error}"))
}
