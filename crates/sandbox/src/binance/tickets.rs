//! Reads orders out of request parameters, with the venue's words for what is wrong.

use domain::{Instrument, Market, Side};
use rust_decimal::Decimal;

use super::{
    query::{Complaint, Parameters, illegal},
    refusals::Route,
};
use crate::trading::{
    order::Ticket,
    words::{Force, SelfTrade, Type, Working},
};

const NUMBER: &str = "^([0-9]{1,20})(\\.[0-9]{1,20})?$";
/// Decimals that the venue reads.
const DECIMALS: u32 = 8;

fn unneeded(name: &str) -> Complaint {
    Complaint::new(-1106, format!("Parameter '{name}' sent when not required."))
}

impl Parameters {
    /// A number that may be absent.
    pub(super) fn decimal(&self, name: &str) -> Result<Option<Decimal>, Complaint> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| {
            (1..=20).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        // More than a quadrillion of anything is a mistake, and would not fit exact products.
        let number = text.parse::<Decimal>().ok().filter(|number| number.normalize().scale() <= 20);
        match number {
            Some(number) if digits(whole) && digits(fraction) && whole.len() <= 15 => {
                let number = number.normalize();
                if number.scale() > DECIMALS {
                    let text = format!("Parameter '{name}' has too much precision.");
                    return Err(Complaint::new(-1111, text));
                }
                Ok(Some(number))
            }
            _ => Err(illegal(name, NUMBER)),
        }
    }

    /// A number that must be there.
    fn needed(&self, name: &str) -> Result<Decimal, Complaint> {
        self.decimal(name)?.ok_or_else(|| Complaint::missing(name))
    }

    /// A whole number that may be absent.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Complaint> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| illegal(name, "^[0-9]{1,20}$"))
    }

    /// The number of an order.
    pub(super) fn id(&self, name: &str) -> Result<Option<u64>, Complaint> {
        Ok(self.integer(name)?.and_then(|number| u64::try_from(number).ok()))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Complaint> {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(illegal(name, "true|false")),
        }
    }

    /// A client's name for an order.
    pub(super) fn client_id(&self, name: &str) -> Result<Option<&str>, Complaint> {
        let Some(id) = self.get(name).filter(|id| !id.is_empty()) else { return Ok(None) };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        if id.len() <= 36 && id.bytes().all(plain) {
            Ok(Some(id))
        } else {
            Err(illegal(name, "^[a-zA-Z0-9-_]{1,36}$"))
        }
    }

    fn text(&self, name: &str) -> Result<&str, Complaint> {
        self.get(name).filter(|text| !text.is_empty()).ok_or_else(|| Complaint::missing(name))
    }

    pub(super) fn side(&self) -> Result<Side, Complaint> {
        match self.text("side")? {
            "BUY" => Ok(Side::Buy),
            "SELL" => Ok(Side::Sell),
            _ => Err(Complaint::new(-1117, "Invalid side.")),
        }
    }

    fn order_type(&self) -> Result<Type, Complaint> {
        Type::read(self.text("type")?).ok_or_else(|| Complaint::new(-1116, "Invalid orderType."))
    }

    fn force(&self) -> Result<Option<Force>, Complaint> {
        let Some(text) = self.get("timeInForce").filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let force =
            Force::read(text).ok_or_else(|| Complaint::new(-1115, "Invalid timeInForce."))?;
        Ok(Some(force))
    }

    fn self_trade(&self, usual: SelfTrade) -> Result<SelfTrade, Complaint> {
        match self.get("selfTradePreventionMode") {
            None | Some("") => Ok(usual),
            Some(text) => SelfTrade::read(text).ok_or_else(|| {
                Complaint::new(
                    -1100,
                    "Illegal characters found in parameter 'selfTradePreventionMode'.",
                )
            }),
        }
    }

    fn absent(&self, names: &[&str]) -> Result<(), Complaint> {
        let sent = names.iter().find(|name| self.get(name).is_some_and(|text| !text.is_empty()));
        sent.map_or(Ok(()), |name| Err(unneeded(name)))
    }

    /// The name of the order a request is about.
    pub(super) fn order_name(&self) -> Result<(Option<u64>, Option<&str>), Complaint> {
        let name = (self.id("orderId")?, self.client_id("origClientOrderId")?);
        if name == (None, None) {
            let text =
                "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!";
            return Err(Complaint::new(-1102, text));
        }
        Ok(name)
    }
}

/// A spot order.
pub(super) fn spot(
    parameters: &Parameters,
    account: usize,
    instrument: &Instrument,
) -> Result<Ticket, Complaint> {
    let (side, kind) = (parameters.side()?, parameters.order_type()?);
    let mut ticket = Ticket::new(account, instrument, side, kind);
    parameters.client_id("newClientOrderId")?.unwrap_or_default().clone_into(&mut ticket.client_id);
    ticket.self_trade = parameters.self_trade(SelfTrade::ExpireMaker)?;
    let force = parameters.force()?;
    if matches!(force, Some(Force::Gtx | Force::Gtd)) {
        return Err(Complaint::new(-1115, "Invalid timeInForce."));
    }
    let limited = matches!(kind, Type::Limit | Type::StopLossLimit | Type::TakeProfitLimit);
    if limited {
        ticket.force = force.ok_or_else(|| Complaint::missing("timeInForce"))?;
    } else if force.is_some() {
        return Err(unneeded("timeInForce"));
    } else if kind != Type::LimitMaker {
        ticket.force = Force::Ioc;
    }
    match kind {
        Type::Limit | Type::LimitMaker => parameters.absent(&["stopPrice", "quoteOrderQty"])?,
        Type::Market => parameters.absent(&["price", "stopPrice"])?,
        Type::StopLoss | Type::TakeProfit => parameters.absent(&["price", "quoteOrderQty"])?,
        Type::StopLossLimit | Type::TakeProfitLimit => parameters.absent(&["quoteOrderQty"])?,
        _ => return Err(Complaint::new(-1116, "Invalid orderType.")),
    }
    if kind == Type::Market {
        let quote = parameters.decimal("quoteOrderQty")?;
        if quote.is_some() && parameters.decimal("quantity")?.is_some() {
            return Err(Complaint::new(-1128, "Combination of optional parameters invalid."));
        }
        ticket.quote_quantity = quote.unwrap_or_default();
    }
    if ticket.quote_quantity.is_zero() {
        ticket.quantity = parameters.needed("quantity")?;
    }
    if limited || kind == Type::LimitMaker {
        ticket.price = parameters.needed("price")?;
    }
    if kind.is_conditional() {
        ticket.stop_price = parameters.needed("stopPrice")?;
    }
    positive(&ticket, Route::Spot)?;
    Ok(ticket)
}

/// Zero is not a price; quantities of zero fail the filters.
fn positive(ticket: &Ticket, route: Route) -> Result<(), Complaint> {
    let limited = !ticket.kind.takes_any_price() && ticket.price.is_zero();
    match route {
        Route::Spot if limited => Err(Complaint::new(-1013, "Filter failure: PRICE_FILTER")),
        Route::Futures if limited => Err(Complaint::new(-4001, "Price less than 0.")),
        _ => Ok(()),
    }
}

/// What both kinds of USD-M orders have in common.
fn futures_blank(
    parameters: &Parameters,
    account: usize,
    instrument: &Instrument,
) -> Result<Ticket, Complaint> {
    let (side, kind) = (parameters.side()?, parameters.order_type()?);
    let mut ticket = Ticket::new(account, instrument, side, kind);
    if !matches!(parameters.get("positionSide"), None | Some("" | "BOTH")) {
        let text = "Order's position side does not match user's setting.";
        return Err(Complaint::new(-4061, text));
    }
    ticket.self_trade = parameters.self_trade(SelfTrade::ExpireMaker)?;
    ticket.reduce_only = parameters.flag("reduceOnly")?;
    ticket.close_position = parameters.flag("closePosition")?;
    ticket.good_till = parameters.integer("goodTillDate")?.unwrap_or_default();
    if ticket.reduce_only && ticket.close_position {
        return Err(unneeded("reduceOnly"));
    }
    let priced = matches!(kind, Type::Limit | Type::Stop | Type::TakeProfit);
    let force = parameters.force()?;
    if kind == Type::Limit {
        ticket.force = force.ok_or_else(|| Complaint::missing("timeInForce"))?;
    } else if priced {
        ticket.force = force.unwrap_or(Force::Gtc);
    } else {
        ticket.force = Force::Ioc;
    }
    if ticket.force == Force::Gtd && ticket.good_till == 0 {
        return Err(Complaint::missing("goodTillDate"));
    }
    if priced {
        ticket.price = parameters.needed("price")?;
        precise(instrument, ticket.price, instrument.price_scale().decimals().max(2))?;
        positive(&ticket, Route::Futures)?;
    }
    if !ticket.close_position {
        ticket.quantity = parameters.needed("quantity")?;
        precise(instrument, ticket.quantity, instrument.quantity_scale().decimals())?;
    }
    Ok(ticket)
}

fn precise(_: &Instrument, number: Decimal, decimals: u32) -> Result<(), Complaint> {
    if number.scale() > decimals {
        return Err(Complaint::new(-1111, "Precision is over the maximum defined for this asset."));
    }
    Ok(())
}

/// An ordinary USD-M order: limit or market.
pub(super) fn futures(
    parameters: &Parameters,
    account: usize,
    instrument: &Instrument,
) -> Result<Ticket, Complaint> {
    let kind = parameters.order_type()?;
    if kind.is_conditional() {
        let text = "Order type not supported for this endpoint. Please use the Algo Order API \
                    endpoints instead.";
        return Err(Complaint::new(-4120, text));
    }
    if kind == Type::LimitMaker {
        return Err(Complaint::new(-1116, "Invalid orderType."));
    }
    if parameters.flag("closePosition")? {
        return Err(Complaint::new(
            -4136,
            "Target strategy invalid for orderType MARKET,closePosition true",
        ));
    }
    let mut ticket = futures_blank(parameters, account, instrument)?;
    parameters.client_id("newClientOrderId")?.unwrap_or_default().clone_into(&mut ticket.client_id);
    Ok(ticket)
}

/// A conditional USD-M order, and the callback rate of a trailing one in percent.
pub(super) fn algo(
    parameters: &Parameters,
    account: usize,
    instrument: &Instrument,
) -> Result<(Ticket, Decimal), Complaint> {
    if parameters.get("algoType") != Some("CONDITIONAL") {
        return Err(Complaint::missing("algoType"));
    }
    let kind = parameters.order_type()?;
    let known = matches!(
        kind,
        Type::Stop
            | Type::StopMarket
            | Type::TakeProfit
            | Type::TakeProfitMarket
            | Type::TrailingStopMarket
    );
    if !known {
        return Err(Complaint::new(-1116, "Invalid orderType."));
    }
    let mut ticket = futures_blank(parameters, account, instrument)?;
    parameters.client_id("clientAlgoId")?.unwrap_or_default().clone_into(&mut ticket.client_id);
    if let Some(text) = parameters.get("workingType").filter(|text| !text.is_empty()) {
        ticket.working = Working::read(text)
            .ok_or_else(|| illegal("workingType", "CONTRACT_PRICE|MARK_PRICE"))?;
    }
    let mut callback = Decimal::ZERO;
    if kind == Type::TrailingStopMarket {
        callback = parameters.needed("callbackRate")?;
        if !(Decimal::new(1, 1)..=Decimal::TEN).contains(&callback) {
            return Err(Complaint::new(-2007, "Invalid callBack rate."));
        }
        ticket.stop_price = parameters.decimal("activatePrice")?.unwrap_or_default();
    } else {
        ticket.stop_price = parameters.needed("triggerPrice")?;
    }
    let market = instrument.spec().market;
    debug_assert!(market == Market::LinearPerpetual, "algo orders exist on USD-M only");
    Ok((ticket, callback))
}
