//! A storm of gaps does not become a storm of requests.

use domain::{Market, Span, Timestamp};

use super::{Session, at};
use crate::{
    FetchError, MarketFeed,
    binance::{
        ResyncPolicy,
        throttle::{FeedThrottle, Requests},
    },
};

/// When requests happen if one is wanted all the time and each is answered at once.
fn request_times(policy: &ResyncPolicy, until: i64) -> Vec<i64> {
    let (mut feed, mut requests) = (FeedThrottle::default(), Requests::NONE);
    let mut times = Vec::new();
    for millis in 0..until {
        if requests.ask(at(millis), &mut feed, policy) {
            requests.answered();
            times.push(millis);
        }
    }
    times
}

#[test]
fn the_wait_doubles_up_to_its_limit() {
    let policy = ResyncPolicy { longest_wait: Span::from_secs(3), ..ResyncPolicy::default() };
    let expected = [0, 500, 1_500, 3_500, 6_500, 9_500, 12_500];
    assert_eq!(request_times(&policy, 13_000), expected);
}

#[test]
fn the_wait_never_overflows() {
    let policy = ResyncPolicy {
        first_wait: Span::from_secs(1_000_000_000),
        longest_wait: Span::from_nanos(i64::MAX),
        ..ResyncPolicy::default()
    };
    let (mut feed, mut requests) = (FeedThrottle::default(), Requests::NONE);
    assert!(requests.ask(at(0), &mut feed, &policy));
    requests.answered();
    assert!(!requests.ask(at(1_000_000), &mut feed, &policy));
    assert!(requests.ask(Timestamp::MAX, &mut feed, &policy));
}

#[test]
fn instruments_share_a_least_interval() {
    let policy = ResyncPolicy::default();
    let mut feed = FeedThrottle::default();
    let (mut one, mut other) = (Requests::NONE, Requests::NONE);
    assert!(one.ask(at(0), &mut feed, &policy));
    assert!(!other.ask(at(249), &mut feed, &policy));
    assert!(other.ask(at(250), &mut feed, &policy));
}

#[test]
fn a_book_that_stayed_in_sync_is_fetched_at_once_and_a_flapping_one_is_not() {
    let half_a_minute = Span::from_secs(30);
    let policy = ResyncPolicy {
        longest_wait: half_a_minute,
        forgive_after: half_a_minute,
        ..ResyncPolicy::default()
    };
    for (in_sync, at_once) in [(29_000, false), (31_000, true)] {
        let (mut feed, mut requests) = (FeedThrottle::default(), Requests::NONE);
        let mut now = 0;
        for _ in 0..10 {
            now += 31_000;
            assert!(requests.ask(at(now), &mut feed, &policy));
            requests.answered();
        }
        requests.synced(at(now));
        now += in_sync;
        requests.lost(at(now), &policy);
        let first = requests.ask(at(now), &mut feed, &policy);
        requests.answered();
        let second = requests.ask(at(now + 600), &mut feed, &policy);
        assert_eq!((first, second), (at_once, at_once), "in sync for {in_sync} ms");
    }
}

#[test]
fn a_request_without_an_answer_is_given_up_and_repeated() {
    let mut session = Session::new(Market::Spot);
    session.diff(10, 101, 110, 0);
    session.clock(9_000);
    assert_eq!(session.requested(), 1);
    session.clock(10_100);
    assert_eq!(session.requested(), 2);
    assert_eq!(session.feed.health().counters.snapshots_failed, 1);
}

#[test]
fn a_throttled_answer_silences_all_instruments() {
    let mut session = Session::new(Market::Spot);
    session.diff(10, 101, 110, 0);
    let request = session.depth_request();
    let retry_after = Span::from_secs(20);
    let answer = Err(FetchError::Throttled { retry_after });
    session.feed.on_response(&request, answer, at(50), &mut session.said).unwrap();
    session
        .frame(60, r#"{"e":"depthUpdate","E":1,"s":"ETHUSDT","U":5,"u":6,"b":[],"a":[]}"#)
        .unwrap();
    session.clock(20_049);
    assert_eq!(session.requested(), 1);
    session.clock(20_050);
    session.clock(20_300);
    assert_eq!(session.requested(), 3);
}

#[test]
fn a_thousand_gaps_in_a_minute_cost_few_requests() {
    let mut session = Session::new(Market::LinearPerpetual);
    for step in 0..1_000_u64 {
        let millis = i64::try_from(step * 60).unwrap();
        session.diff(millis, step * 10, step * 10 + 5, step * 10 - step.min(1));
        session.clock(millis + 1);
        session.snapshot(millis + 2, step * 10 + 5);
    }
    let counters = session.feed.health().counters;
    assert!(counters.sequence_gaps > 900, "{} gaps", counters.sequence_gaps);
    assert!(session.requested() <= 33, "{} requests", session.requested());
}
