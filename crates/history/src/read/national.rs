//! The best bid and ask of a share, from the changes of either side.
//!
//! A row of the ticks is a change of the national best bid or ask, with the exchange that made
//! it; a side of price zero has not changed. Checked against the minute bars of the same days:
//! their closing bid and ask are those of the last row of each side. Keeping a quote for every
//! exchange would be wrong, since an exchange that is no longer the best is not heard of again.

/// Keeps both sides, and tells when one of them changes.
#[derive(Default)]
pub(super) struct NationalQuotes {
    bid: Option<(i64, i64)>,
    ask: Option<(i64, i64)>,
    last: Option<[i64; 4]>,
}

impl NationalQuotes {
    /// Takes `time,bid,bid size,ask,ask size,..`. Gives bid, size, ask and size when they
    /// changed and there are both sides.
    ///
    /// # Errors
    /// What is wrong with the row.
    pub(super) fn take(&mut self, fields: &[&str]) -> Result<Option<[i64; 4]>, String> {
        let [_, bid, bid_size, ask, ask_size, ..] = fields else {
            return Err(format!("{} fields instead of 8", fields.len()));
        };
        let number = |text: &str| {
            let value: i64 = text.parse().map_err(|_| format!("{text:?} is not a whole number"))?;
            if value < 0 { Err(format!("{text} is negative")) } else { Ok(value) }
        };
        let (bid, bid_size) = (number(bid)?, number(bid_size)?);
        let (ask, ask_size) = (number(ask)?, number(ask_size)?);
        if bid > 0 {
            self.bid = Some((bid, bid_size));
        }
        if ask > 0 {
            self.ask = Some((ask, ask_size));
        }
        let (Some(bid), Some(ask)) = (self.bid, self.ask) else { return Ok(None) };
        let best = [bid.0, bid.1, ask.0, ask.1];
        let changed = self.last != Some(best);
        self.last = Some(best);
        Ok(changed.then_some(best))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_told_when_one_changes() {
        let mut quotes = NationalQuotes::default();
        let mut take = |line: &str| {
            quotes.take(&line.split(',').collect::<Vec<_>>()).unwrap().map(|best| best.to_vec())
        };
        assert_eq!(take("1,100,5,0,0,P,1,0"), None);
        assert_eq!(take("2,0,0,110,7,P,1,0"), Some(vec![100, 5, 110, 7]));
        assert_eq!(take("3,101,2,109,1,K,1,0"), Some(vec![101, 2, 109, 1]));
        assert_eq!(take("4,101,2,0,0,Q,1,0"), None);
        assert_eq!(take("5,99,9,0,0,Q,1,0"), Some(vec![99, 9, 109, 1]));
        assert!(NationalQuotes::default().take(&["1", "x", "1", "1", "1"]).is_err());
        assert!(NationalQuotes::default().take(&["1", "-2", "1", "1", "1"]).is_err());
        assert!(NationalQuotes::default().take(&["1"]).is_err());
    }
}
