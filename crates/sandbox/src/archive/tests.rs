//! The past is made up, but it is one past.

use super::past::{Past, first_bar, minutes_of};

const PAST: Past = Past { seed: 7 };

#[test]
fn bars_follow_each_other_and_contain_their_ends() {
    let mut before = PAST.candle("BTC", 28_000_000, 1);
    for minute in 28_000_001..28_003_000 {
        let bar = PAST.candle("BTC", minute, 1);
        assert_eq!(bar.open, before.close);
        assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close));
        assert!(bar.low > 0 && bar.volume > 0);
        before = bar;
    }
}

#[test]
fn a_long_bar_is_the_sum_of_the_short_ones() {
    let long = PAST.candle("ETH", 28_000_020, 60);
    let short: Vec<_> = (0..12).map(|part| PAST.candle("ETH", 28_000_020 + part * 5, 5)).collect();
    assert_eq!(long.open, short[0].open);
    assert_eq!(long.close, short[11].close);
    assert_eq!(Some(long.high), short.iter().map(|bar| bar.high).max());
    assert_eq!(Some(long.low), short.iter().map(|bar| bar.low).min());
    assert_eq!(long.volume, short.iter().map(|bar| bar.volume).sum::<u64>());
}

#[test]
fn seeds_and_coins_have_pasts_of_their_own() {
    let bar = PAST.candle("BTC", 28_000_000, 60);
    assert_eq!(bar, PAST.candle("BTC", 28_000_000, 60));
    assert_ne!(bar, PAST.candle("ETH", 28_000_000, 60));
    assert_ne!(bar, Past { seed: 8 }.candle("BTC", 28_000_000, 60));
}

#[test]
fn bars_begin_where_the_venue_begins_them() {
    // 2024-01-01 was a Monday.
    let monday = 1_704_067_200_000;
    assert_eq!(first_bar(monday, 10_080) * 60_000, monday);
    assert_eq!(first_bar(monday + 1, 10_080) * 60_000, monday + 7 * 86_400_000);
    assert_eq!(first_bar(monday + 1, 5) * 60_000, monday + 300_000);
    assert_eq!(minutes_of("4h"), Some(240));
    assert_eq!(minutes_of("1s"), None);
    assert_eq!(minutes_of("m"), None);
}
