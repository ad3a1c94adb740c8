//! Every REST call: path, who may ask, what it weighs, who answers.

use domain::Market;

use super::{
    algo_calls as algo,
    core::{Answer, Call, Core},
    futures_calls as futures, public_calls as public,
    query::Parameters,
    settings_calls as settings, spot_calls as spot,
};
use crate::market::Outlet;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Everybody.
    Open,
    /// Whoever names a key.
    Key,
    /// Whoever signs with it.
    Signed,
}

/// What a call weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Fixed(u32),
    /// With a symbol and without.
    Symbol(u32, u32),
    /// With an order's number and without.
    Order(u32, u32),
    /// By the size of the answer, see `public_calls`.
    Public,
}

impl Weight {
    pub(super) fn of(self, path: &str, market: Market, parameters: &Parameters) -> u32 {
        let sent = |name| parameters.get(name).is_some();
        match self {
            Self::Fixed(weight) => weight,
            Self::Symbol(with, without) => {
                if sent("symbol") {
                    with
                } else {
                    without
                }
            }
            Self::Order(with, without) => {
                if sent("orderId") {
                    with
                } else {
                    without
                }
            }
            Self::Public => public::weight(path, market, parameters),
        }
    }
}

pub(super) type Handler = fn(&mut Core, &Call<'_>, &mut dyn Outlet) -> Answer;

/// One call.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) security: Security,
    pub(super) weight: Weight,
    /// Whether it counts as a new order.
    counts: bool,
    pub(super) run: Handler,
}

const fn open(path: &'static str, run: Handler) -> Route {
    let (security, weight) = (Security::Open, Weight::Public);
    Route { method: "GET", path, security, weight, counts: false, run }
}

const fn keyed(method: &'static str, path: &'static str, run: Handler) -> Route {
    let (security, weight) = (Security::Key, Weight::Fixed(1));
    Route { method, path, security, weight, counts: false, run }
}

const fn signed(method: &'static str, path: &'static str, weight: Weight, run: Handler) -> Route {
    Route { method, path, security: Security::Signed, weight, counts: false, run }
}

const fn order(method: &'static str, path: &'static str, weight: u32, run: Handler) -> Route {
    let (security, weight) = (Security::Signed, Weight::Fixed(weight));
    Route { method, path, security, weight, counts: true, run }
}

use Weight::{Fixed, Order, Symbol};

const ROUTES: &[Route] = &[
    open("/api/v3/ping", public::ping),
    open("/api/v3/time", public::time),
    open("/api/v3/exchangeInfo", public::exchange_info),
    open("/api/v3/depth", public::depth),
    open("/api/v3/klines", public::klines),
    open("/api/v3/ticker/bookTicker", public::book_ticker),
    open("/api/v3/ticker/price", public::ticker_price),
    open("/fapi/v1/ping", public::ping),
    open("/fapi/v1/time", public::time),
    open("/fapi/v1/exchangeInfo", public::exchange_info),
    open("/fapi/v1/depth", public::depth),
    open("/fapi/v1/klines", public::klines),
    open("/fapi/v1/ticker/bookTicker", public::book_ticker),
    open("/fapi/v1/ticker/price", public::ticker_price),
    open("/fapi/v1/premiumIndex", public::premium_index),
    open("/fapi/v1/fundingRate", public::funding_rate),
    open("/dapi/v1/ping", public::ping),
    open("/dapi/v1/time", public::time),
    open("/dapi/v1/exchangeInfo", public::exchange_info),
    open("/dapi/v1/depth", public::depth),
    open("/dapi/v1/klines", public::klines),
    open("/dapi/v1/premiumIndex", public::premium_index),
    open("/dapi/v1/fundingRate", public::funding_rate),
    order("POST", "/api/v3/order", 1, spot::place),
    signed("POST", "/api/v3/order/test", Fixed(1), spot::test),
    signed("DELETE", "/api/v3/order", Fixed(1), spot::cancel),
    signed("GET", "/api/v3/order", Fixed(4), spot::query),
    order("POST", "/api/v3/order/cancelReplace", 1, spot::cancel_replace),
    signed("PUT", "/api/v3/order/amend/keepPriority", Fixed(4), spot::amend),
    signed("GET", "/api/v3/openOrders", Symbol(6, 80), spot::open_orders),
    signed("DELETE", "/api/v3/openOrders", Fixed(1), spot::cancel_all),
    signed("GET", "/api/v3/allOrders", Fixed(20), spot::all_orders),
    signed("GET", "/api/v3/myTrades", Order(5, 20), spot::my_trades),
    signed("GET", "/api/v3/account", Fixed(20), spot::account),
    signed("GET", "/api/v3/account/commission", Fixed(20), spot::commission),
    signed("GET", "/api/v3/rateLimit/order", Fixed(40), spot::order_counts),
    signed("GET", "/sapi/v1/account/apiRestrictions", Fixed(1), spot::api_restrictions),
    open("/sapi/v1/system/status", public::system_status),
    keyed("GET", "/sapi/v1/margin/allPairs", public::no_pairs),
    keyed("GET", "/sapi/v1/margin/isolated/allPairs", public::no_pairs),
    order("POST", "/fapi/v1/order", 0, futures::place),
    signed("POST", "/fapi/v1/order/test", Fixed(0), futures::test),
    order("PUT", "/fapi/v1/order", 1, futures::modify),
    signed("DELETE", "/fapi/v1/order", Fixed(1), futures::cancel),
    signed("GET", "/fapi/v1/order", Fixed(1), futures::query),
    signed("GET", "/fapi/v1/openOrder", Fixed(1), futures::open_order),
    signed("GET", "/fapi/v1/openOrders", Symbol(1, 40), futures::open_orders),
    signed("DELETE", "/fapi/v1/allOpenOrders", Fixed(1), futures::cancel_all),
    signed("GET", "/fapi/v1/allOrders", Fixed(5), futures::all_orders),
    order("POST", "/fapi/v1/batchOrders", 5, futures::place_batch),
    signed("DELETE", "/fapi/v1/batchOrders", Fixed(1), futures::cancel_batch),
    signed("GET", "/fapi/v1/userTrades", Fixed(5), futures::user_trades),
    signed("POST", "/fapi/v1/countdownCancelAll", Fixed(10), futures::countdown),
    signed("GET", "/fapi/v1/rateLimit/order", Fixed(1), spot::order_counts),
    signed("GET", "/fapi/v2/account", Fixed(5), settings::account),
    signed("GET", "/fapi/v3/account", Fixed(5), settings::account),
    signed("GET", "/fapi/v2/balance", Fixed(5), settings::balance),
    signed("GET", "/fapi/v3/balance", Fixed(5), settings::balance),
    signed("GET", "/fapi/v2/positionRisk", Fixed(5), settings::position_risk_all),
    signed("GET", "/fapi/v3/positionRisk", Fixed(5), settings::position_risk),
    signed("POST", "/fapi/v1/leverage", Fixed(1), settings::leverage),
    signed("POST", "/fapi/v1/marginType", Fixed(1), settings::margin_type),
    signed("GET", "/fapi/v1/positionSide/dual", Fixed(30), settings::dual_side),
    signed("POST", "/fapi/v1/positionSide/dual", Fixed(1), settings::set_dual_side),
    signed("GET", "/fapi/v1/multiAssetsMargin", Fixed(30), settings::multi_assets),
    signed("POST", "/fapi/v1/multiAssetsMargin", Fixed(1), settings::set_multi_assets),
    signed("GET", "/fapi/v1/income", Fixed(30), settings::income),
    signed("GET", "/fapi/v1/commissionRate", Fixed(20), settings::commission_rate),
    signed("GET", "/fapi/v1/leverageBracket", Fixed(1), settings::leverage_bracket),
    keyed("POST", "/fapi/v1/listenKey", settings::open_listen_key),
    keyed("PUT", "/fapi/v1/listenKey", settings::keep_listen_key),
    keyed("DELETE", "/fapi/v1/listenKey", settings::close_listen_key),
    order("POST", "/fapi/v1/algoOrder", 0, algo::place),
    signed("DELETE", "/fapi/v1/algoOrder", Fixed(1), algo::cancel),
    signed("GET", "/fapi/v1/algoOrder", Fixed(1), algo::query),
    signed("GET", "/fapi/v1/openAlgoOrders", Symbol(1, 40), algo::open_orders),
    signed("GET", "/fapi/v1/allAlgoOrders", Fixed(5), algo::all_orders),
    signed("DELETE", "/fapi/v1/algoOpenOrders", Fixed(1), algo::cancel_all),
];

/// The calls that clients can also make over the spot WebSocket API.
const METHODS: [(&str, &str, &str); 16] = [
    ("ping", "GET", "/api/v3/ping"),
    ("time", "GET", "/api/v3/time"),
    ("exchangeInfo", "GET", "/api/v3/exchangeInfo"),
    ("depth", "GET", "/api/v3/depth"),
    ("klines", "GET", "/api/v3/klines"),
    ("order.place", "POST", "/api/v3/order"),
    ("order.test", "POST", "/api/v3/order/test"),
    ("order.cancel", "DELETE", "/api/v3/order"),
    ("order.cancelReplace", "POST", "/api/v3/order/cancelReplace"),
    ("order.amend.keepPriority", "PUT", "/api/v3/order/amend/keepPriority"),
    ("order.status", "GET", "/api/v3/order"),
    ("openOrders.status", "GET", "/api/v3/openOrders"),
    ("openOrders.cancelAll", "DELETE", "/api/v3/openOrders"),
    ("account.status", "GET", "/api/v3/account"),
    ("allOrders", "GET", "/api/v3/allOrders"),
    ("myTrades", "GET", "/api/v3/myTrades"),
];

impl Route {
    pub(super) fn market(&self) -> Market {
        if self.path.starts_with("/fapi") {
            Market::LinearPerpetual
        } else if self.path.starts_with("/dapi") {
            Market::InversePerpetual
        } else {
            Market::Spot
        }
    }

    /// How many new orders a request holds: one at least where it may hold any.
    pub(super) fn orders(&self, parameters: &Parameters) -> u32 {
        if !self.counts {
            return 0;
        }
        let list = parameters.get("batchOrders");
        let list = list.and_then(|text| serde_json::from_str::<Vec<serde_json::Value>>(text).ok());
        list.map_or(1, |list| u32::try_from(list.len()).unwrap_or(u32::MAX).max(1))
    }
}

/// The call of a method and a path.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method == method && route.path == path)
}

/// The call behind a method of the WebSocket API.
pub(super) fn find_method(name: &str) -> Option<&'static Route> {
    let (_, method, path) = METHODS.iter().find(|(known, ..)| *known == name)?;
    find(method, path)
}
