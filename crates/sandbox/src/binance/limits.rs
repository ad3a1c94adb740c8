//! Request weights and order counts: told in headers, refused beyond the limit, banned when a
//! client does not listen.

use std::collections::BTreeMap;

use domain::Market;

/// Refused requests within a minute that lead to a ban.
const PATIENCE: u32 = 20;
/// Bans double from two minutes up to three days.
const FIRST_BAN_MILLIS: i64 = 120_000;
const LONGEST_BAN_MILLIS: i64 = 3 * 86_400_000;

/// What counts something per window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Window {
    number: i64,
    used: u32,
}

impl Window {
    /// What was used in the window that holds this time.
    const fn used(self, now: i64, length: i64) -> u32 {
        if self.number == now.div_euclid(length) { self.used } else { 0 }
    }

    fn add(&mut self, amount: u32, now: i64, length: i64) -> u32 {
        let used = self.used(now, length).saturating_add(amount);
        *self = Self { number: now.div_euclid(length), used };
        used
    }
}

/// Come back after so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch {
    /// 429, or 418 once banned.
    pub(crate) status: u16,
    pub(crate) retry_after_secs: i64,
    /// When a ban ends, in milliseconds.
    pub(crate) until: i64,
}

/// A limit of orders: its window in milliseconds, how many, and how the venue names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderLimit {
    pub(crate) millis: i64,
    pub(crate) most: u32,
    pub(crate) interval: &'static str,
    pub(crate) number: u32,
    pub(crate) header: &'static str,
}

const fn order_limit(
    seconds: i64,
    most: u32,
    interval: (&'static str, u32),
    header: &'static str,
) -> OrderLimit {
    OrderLimit { millis: seconds * 1_000, most, interval: interval.0, number: interval.1, header }
}

const SPOT: [OrderLimit; 2] = [
    order_limit(10, 100, ("SECOND", 10), "x-mbx-order-count-10s"),
    order_limit(86_400, 200_000, ("DAY", 1), "x-mbx-order-count-1d"),
];
const FUTURES: [OrderLimit; 2] = [
    order_limit(10, 300, ("SECOND", 10), "x-mbx-order-count-10s"),
    order_limit(60, 1_200, ("MINUTE", 1), "x-mbx-order-count-1m"),
];

/// The limits of orders of a kind of market.
pub(crate) const fn order_limits(market: Market) -> &'static [OrderLimit; 2] {
    match market {
        Market::Spot => &SPOT,
        Market::LinearPerpetual | Market::InversePerpetual => &FUTURES,
    }
}

/// Weight a minute.
pub(crate) const fn weight_limit(market: Market) -> u32 {
    match market {
        Market::Spot => 6_000,
        Market::LinearPerpetual | Market::InversePerpetual => 2_400,
    }
}

/// All counters. There is one address, this machine's, and one weight a product.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    weights: BTreeMap<Market, Window>,
    refused: BTreeMap<Market, Window>,
    orders: BTreeMap<(usize, Market, usize), Window>,
    bans: BTreeMap<Market, (i64, u32)>,
}

impl Limits {
    /// Books a request. Returns what has been used in this minute.
    pub(crate) fn book(&mut self, market: Market, weight: u32, now: i64) -> Result<u32, TooMuch> {
        if let Some((until, _)) = self.bans.get(&market).filter(|(until, _)| *until > now) {
            return Err(banned(*until, now));
        }
        let window = self.weights.entry(market).or_default();
        let sum = window.used(now, 60_000).saturating_add(weight);
        if sum > weight_limit(market) {
            return Err(self.refuse(market, now));
        }
        Ok(window.add(weight, now, 60_000))
    }

    /// Refuses a request; bans those who go on asking.
    pub(crate) fn refuse(&mut self, market: Market, now: i64) -> TooMuch {
        let refused = self.refused.entry(market).or_default().add(1, now, 60_000);
        if refused > PATIENCE {
            return self.ban(market, now);
        }
        let retry_after_secs = 60 - now.rem_euclid(60_000) / 1_000;
        TooMuch { status: 429, retry_after_secs, until: 0 }
    }

    /// Bans, the longer the more often it was necessary.
    pub(crate) fn ban(&mut self, market: Market, now: i64) -> TooMuch {
        let times = self.bans.get(&market).map_or(0, |(_, times)| *times);
        let length = FIRST_BAN_MILLIS.saturating_mul(1 << times.min(20)).min(LONGEST_BAN_MILLIS);
        self.bans.insert(market, (now + length, times + 1));
        banned(now + length, now)
    }

    /// What was used in this minute.
    pub(crate) fn used(&self, market: Market, now: i64) -> u32 {
        self.weights.get(&market).map_or(0, |window| window.used(now, 60_000))
    }

    /// Counts orders of an account. False when there were too many.
    pub(crate) fn book_orders(
        &mut self,
        account: usize,
        market: Market,
        count: u32,
        now: i64,
    ) -> bool {
        let counts = self.order_counts(account, market, now);
        let fits = |(limit, used): (&OrderLimit, &u32)| used + count <= limit.most;
        if !order_limits(market).iter().zip(&counts).all(fits) {
            return false;
        }
        for (index, limit) in order_limits(market).iter().enumerate() {
            self.orders.entry((account, market, index)).or_default().add(count, now, limit.millis);
        }
        true
    }

    /// Orders of an account in each window.
    pub(crate) fn order_counts(&self, account: usize, market: Market, now: i64) -> [u32; 2] {
        let limits = order_limits(market);
        [0, 1].map(|index| {
            let window = self.orders.get(&(account, market, index));
            window.map_or(0, |window| window.used(now, limits[index].millis))
        })
    }
}

const fn banned(until: i64, now: i64) -> TooMuch {
    TooMuch { status: 418, retry_after_secs: (until - now + 999) / 1_000, until }
}
