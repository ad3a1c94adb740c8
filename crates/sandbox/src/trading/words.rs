//! The venue's words for orders: types, times in force, states.

use serde::{Deserialize, Serialize};

/// An enum whose variants are the venue's words.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub(crate) enum $name { $(#[serde(rename = $text)] $variant),+ }

        impl $name {
            pub(crate) const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

/// Reads a word of a client.
macro_rules! readable {
    ($($name:ident { $($variant:ident),+ })+) => {
        $(impl $name {
            /// The variant of a word, `None` for a word the venue does not know.
            pub(crate) fn read(text: &str) -> Option<Self> {
                [$(Self::$variant),+].into_iter().find(|known| known.text() == text)
            }
        })+
    };
}

readable! {
    Type {
        Limit, Market, LimitMaker, StopLoss, StopLossLimit, TakeProfit, TakeProfitLimit, Stop,
        StopMarket, TakeProfitMarket, TrailingStopMarket
    }
    Force { Gtc, Ioc, Fok, Gtx, Gtd }
    SelfTrade { None, ExpireTaker, ExpireMaker, ExpireBoth, Decrement, Transfer }
    Working { Contract, Mark }
}

words! {
    /// What an order is. The second half exists on USD-M as algo orders only.
    Type {
        Limit = "LIMIT",
        Market = "MARKET",
        LimitMaker = "LIMIT_MAKER",
        StopLoss = "STOP_LOSS",
        StopLossLimit = "STOP_LOSS_LIMIT",
        TakeProfit = "TAKE_PROFIT",
        TakeProfitLimit = "TAKE_PROFIT_LIMIT",
        Stop = "STOP",
        StopMarket = "STOP_MARKET",
        TakeProfitMarket = "TAKE_PROFIT_MARKET",
        TrailingStopMarket = "TRAILING_STOP_MARKET",
        Liquidation = "LIQUIDATION",
    }
}

words! {
    /// How long an order may work.
    Force { Gtc = "GTC", Ioc = "IOC", Fok = "FOK", Gtx = "GTX", Gtd = "GTD" }
}

words! {
    /// What happens when two orders of one account would meet.
    SelfTrade {
        None = "NONE",
        ExpireTaker = "EXPIRE_TAKER",
        ExpireMaker = "EXPIRE_MAKER",
        ExpireBoth = "EXPIRE_BOTH",
        Decrement = "DECREMENT",
        Transfer = "TRANSFER",
    }
}

words! {
    /// Where an order is in its life.
    Status {
        New = "NEW",
        PartiallyFilled = "PARTIALLY_FILLED",
        Filled = "FILLED",
        Canceled = "CANCELED",
        Rejected = "REJECTED",
        Expired = "EXPIRED",
        ExpiredInMatch = "EXPIRED_IN_MATCH",
    }
}

words! {
    /// What just happened to an order.
    Execution {
        New = "NEW",
        Canceled = "CANCELED",
        Replaced = "REPLACED",
        Amendment = "AMENDMENT",
        Rejected = "REJECTED",
        Trade = "TRADE",
        Expired = "EXPIRED",
        TradePrevention = "TRADE_PREVENTION",
        Calculated = "CALCULATED",
    }
}

words! {
    /// Which price triggers a conditional order.
    Working { Contract = "CONTRACT_PRICE", Mark = "MARK_PRICE" }
}

words! {
    /// The life of a conditional order of USD-M.
    AlgoStatus {
        New = "NEW",
        Canceled = "CANCELED",
        Triggered = "TRIGGERED",
        Finished = "FINISHED",
        Rejected = "REJECTED",
        Expired = "EXPIRED",
    }
}

words! {
    /// Why money moved on USD-M.
    IncomeType {
        Commission = "COMMISSION",
        RealizedPnl = "REALIZED_PNL",
        FundingFee = "FUNDING_FEE",
        InsuranceClear = "INSURANCE_CLEAR",
        Transfer = "TRANSFER",
    }
}

impl Type {
    /// Whether it waits for a trigger.
    pub(crate) const fn is_conditional(self) -> bool {
        !matches!(self, Self::Limit | Self::Market | Self::LimitMaker | Self::Liquidation)
    }

    /// Whether it takes any price, once it works.
    pub(crate) const fn takes_any_price(self) -> bool {
        matches!(
            self,
            Self::Market
                | Self::StopLoss
                | Self::TakeProfit
                | Self::StopMarket
                | Self::TakeProfitMarket
                | Self::TrailingStopMarket
        )
    }

    /// Whether it triggers when the price moves the way that hurts: up for buyers.
    pub(crate) const fn is_stop(self) -> bool {
        matches!(
            self,
            Self::StopLoss
                | Self::StopLossLimit
                | Self::Stop
                | Self::StopMarket
                | Self::TrailingStopMarket
        )
    }
}

impl Status {
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }
}
