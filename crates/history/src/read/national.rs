//! The best bid and ask over all exchanges, from the quotes of each.

use std::collections::BTreeMap;

/// Price and size; none when the exchange has taken its quote back.
type Side = Option<(i64, i64)>;

/// Keeps each exchange's quote, and tells when the best of them changes.
#[derive(Default)]
pub(super) struct NationalQuotes {
    exchanges: BTreeMap<String, (Side, Side)>,
    last: Option<[i64; 4]>,
}

impl NationalQuotes {
    /// Takes `time,bid,bid size,ask,ask size,exchange,..`; a side of price zero has not
    /// changed. Gives the best bid and ask with the sizes quoted there, when they changed.
    ///
    /// # Errors
    /// What is wrong with the row.
    pub(super) fn take(&mut self, fields: &[&str]) -> Result<Option<[i64; 4]>, String> {
        let [_, bid, bid_size, ask, ask_size, exchange, ..] = fields else {
            return Err(format!("{} fields instead of 8", fields.len()));
        };
        let number = |text: &str| {
            let value: i64 = text.parse().map_err(|_| format!("{text:?} is not a whole number"))?;
            if value < 0 { Err(format!("{text} is negative")) } else { Ok(value) }
        };
        let quote = self.exchanges.entry((*exchange).to_owned()).or_default();
        let (bid, bid_size) = (number(bid)?, number(bid_size)?);
        let (ask, ask_size) = (number(ask)?, number(ask_size)?);
        if bid > 0 {
            quote.0 = (bid_size > 0).then_some((bid, bid_size));
        }
        if ask > 0 {
            quote.1 = (ask_size > 0).then_some((ask, ask_size));
        }
        let best = self.best();
        let changed = best.is_some() && best != self.last;
        self.last = best;
        Ok(best.filter(|_| changed))
    }

    fn best(&self) -> Option<[i64; 4]> {
        let bid = self.exchanges.values().filter_map(|quote| quote.0).max()?;
        let asks = self.exchanges.values().filter_map(|quote| quote.1);
        // Of equal prices the larger size.
        let ask = asks.min_by_key(|(price, size)| (*price, -size))?;
        Some([bid.0, bid.1, ask.0, ask.1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_all_exchanges_is_told_when_it_changes() {
        let mut quotes = NationalQuotes::default();
        let mut take = |line: &str| {
            quotes.take(&line.split(',').collect::<Vec<_>>()).unwrap().map(|best| best.to_vec())
        };
        assert_eq!(take("1,100,5,0,0,P,1,0"), None);
        assert_eq!(take("2,0,0,110,7,P,1,0"), Some(vec![100, 5, 110, 7]));
        assert_eq!(take("3,101,2,109,1,K,1,0"), Some(vec![101, 2, 109, 1]));
        assert_eq!(take("4,99,9,0,0,Q,1,0"), None);
        // A quote of size zero is taken back.
        assert_eq!(take("5,101,0,0,0,K,1,0"), Some(vec![100, 5, 109, 1]));
        assert!(NationalQuotes::default().take(&["1", "x"]).is_err());
    }
}
