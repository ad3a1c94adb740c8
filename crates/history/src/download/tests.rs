//! What is planned, how requests are spaced, and what becomes of answers.

use std::{
    collections::VecDeque,
    io::{self, Read},
    time::Duration,
};

use domain::Market;
use proptest::prelude::*;

use super::{
    Allowance, Answer, Day, DownloadError, Http, Limiter, Order, Origin, Surroundings, What,
    fetcher::{Fetcher, Found},
    page::{Form, Page},
    plan::{Batch, Proof, plan},
};
use crate::kind::Interval;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn order(origin: Origin, market: Market, what: What) -> Order {
    let symbol = if origin == Origin::Coinbase { "BTC-USD" } else { "BTCUSDT" }.to_owned();
    let (first, last) = (day("2024-01-01"), day("2024-03-31"));
    Order { origin, market, symbol, what, first, last }
}

fn planned(order: &Order, first: &str, last: &str) -> Vec<Batch> {
    let days: Vec<Day> = day(first).to(day(last)).collect();
    plan(order, &days).unwrap()
}

fn addresses(batches: &[Batch]) -> Vec<&str> {
    batches.iter().flatten().map(|piece| piece.address.as_str()).collect()
}

#[test]
fn whole_months_are_one_file_and_the_rest_is_by_days() {
    let bars = order(Origin::BinanceVision, Market::Spot, What::Bars(Interval::MINUTE));
    let batches = planned(&bars, "2024-01-30", "2024-03-01");
    assert_eq!(
        addresses(&batches),
        [
            "/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-30.zip",
            "/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01-31.zip",
            "/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-02.zip",
            "/data/spot/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2024-03-01.zip",
        ]
    );
    assert_eq!(batches.len(), 3, "one import a month");
    assert_eq!(batches[1][0].proof, Proof::Checksum { divisible: true });
}

#[test]
fn what_the_archive_has_by_months_only_is_fetched_by_months() {
    let funding = order(Origin::BinanceVision, Market::LinearPerpetual, What::Funding);
    assert_eq!(
        addresses(&planned(&funding, "2024-01-31", "2024-02-01")),
        [
            "/data/futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2024-01.zip",
            "/data/futures/um/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2024-02.zip",
        ]
    );
    let weekly = What::Bars("1w".parse().unwrap());
    let weekly = order(Origin::BinanceVision, Market::Spot, weekly);
    let batches = planned(&weekly, "2024-01-02", "2024-01-03");
    assert_eq!(
        addresses(&batches),
        ["/data/spot/monthly/klines/BTCUSDT/1w/BTCUSDT-1w-2024-01.zip"]
    );
    assert_eq!(batches[0][0].proof, Proof::Checksum { divisible: false });
}

#[test]
fn pages_hold_as_many_rows_as_the_venue_allows() {
    let spot = order(Origin::Binance, Market::Spot, What::Bars(Interval::MINUTE));
    let batches = planned(&spot, "2024-01-01", "2024-01-02");
    assert_eq!(
        addresses(&batches),
        [
            "/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1704067200000\
             &endTime=1704127199999&limit=1000",
            "/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1704127200000\
             &endTime=1704187199999&limit=1000",
            "/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1704187200000\
             &endTime=1704239999999&limit=1000",
        ]
    );
    let usdm = order(Origin::Binance, Market::LinearPerpetual, What::Bars(Interval::HOUR));
    let batches = planned(&usdm, "2024-01-01", "2024-03-31");
    assert_eq!(batches.iter().flatten().count(), 2, "1,500 hours are 62 days and a half");
    let coinbase = order(Origin::Coinbase, Market::Spot, What::Bars(Interval::DAY));
    assert_eq!(
        addresses(&planned(&coinbase, "2024-01-01", "2024-01-02")),
        ["/api/v3/brokerage/market/products/BTC-USD/candles?start=1704067200\
             &end=1704239999&granularity=ONE_DAY&limit=350"]
    );
}

#[test]
fn days_that_are_there_are_not_planned() {
    let bars = order(Origin::Binance, Market::Spot, What::Bars(Interval::HOUR));
    let days = [day("2024-01-01"), day("2024-01-03")];
    let batches = plan(&bars, &days).unwrap();
    let spans: Vec<_> = batches.iter().flatten().map(|piece| (piece.first, piece.last)).collect();
    assert_eq!(spans, [(days[0], days[0]), (days[1], days[1])]);
}

#[test]
fn nonsense_is_not_a_day() {
    for text in ["", "2024-1-1", "2024-02-30", "20240101", "1969-12-31", "2262-01-01", "today"] {
        assert!(text.parse::<Day>().is_err(), "{text:?}");
    }
    assert_eq!(day("2024-02-28").next().next().to_string(), "2024-03-01");
}

proptest! {
    #[test]
    fn pages_cover_the_days_without_gap_or_overlap(
        first in 0_usize..400,
        length in 0_usize..120,
        seconds in prop::sample::select(vec![60_u32, 300, 3_600, 86_400]),
        coinbase in any::<bool>(),
    ) {
        let what = What::Bars(Interval::from_secs(seconds).unwrap());
        let origin = if coinbase { Origin::Coinbase } else { Origin::Binance };
        let first_day = day("2024-01-01").to(day("2026-12-31")).nth(first).unwrap();
        let days: Vec<Day> = first_day.to(day("2026-12-31")).take(length + 1).collect();
        let batches = plan(&order(origin, Market::Spot, what), &days).unwrap();
        let mut from = days[0].start_secs() * 1_000;
        for piece in batches.iter().flatten() {
            let Proof::Rows(page) = &piece.proof else { panic!("pages are proved by their rows") };
            prop_assert_eq!(page.from_ms, from);
            let rows = (page.to_ms - page.from_ms) / 1_000 / i64::from(seconds);
            prop_assert!(rows > 0 && rows <= i64::from(page.most));
            from = page.to_ms;
        }
        prop_assert_eq!(from, days[days.len() - 1].next().start_secs() * 1_000);
    }

    #[test]
    fn no_span_of_time_holds_more_than_the_allowance(
        requests in prop::collection::vec((1_u32..=10, 0_u64..3_000), 1..200),
    ) {
        let allowance = Allowance { most: 20, span: Duration::from_secs(10) };
        let mut limiter = Limiter::new(allowance);
        let mut now = Duration::ZERO;
        let mut sent: Vec<(Duration, u32)> = Vec::new();
        for (weight, pause) in requests {
            now += Duration::from_millis(pause);
            now += limiter.delay(now, weight);
            prop_assert!(limiter.delay(now, weight).is_zero());
            limiter.book(now, weight);
            sent.push((now, weight));
            let within = sent.iter().filter(|(time, _)| *time + allowance.span > now);
            prop_assert!(within.map(|(_, weight)| *weight).sum::<u32>() <= allowance.most);
        }
    }
}

#[test]
fn what_others_use_counts_too() {
    let mut limiter = Limiter::new(Allowance { most: 100, span: Duration::from_mins(1) });
    limiter.book(Duration::ZERO, 2);
    limiter.observe(Duration::ZERO, 99);
    assert!(limiter.delay(Duration::from_secs(1), 1).is_zero());
    assert_eq!(limiter.delay(Duration::from_secs(1), 2), Duration::from_secs(59));
    assert!(limiter.delay(Duration::from_mins(1), 2).is_zero());
}

fn page(form: Form) -> Page {
    let (path, query) = ("/api/v3/klines".to_owned(), "symbol=BTCUSDT".to_owned());
    Page { form, path, query, from_ms: 86_400_000, to_ms: 3 * 86_400_000, most: 2 }
}

#[test]
fn an_answer_tells_the_days_of_its_rows() {
    let klines = page(Form::Klines(Interval::HOUR));
    let kept = klines.kept(b"[[86400000,\"1\"],\n[172800000,\"2\"]]").unwrap();
    assert!(!kept.contains(&b'\n'), "one answer is one line");
    let days: Vec<_> = klines.days(&kept).unwrap().into_iter().collect();
    assert_eq!(days, [(day("1970-01-02"), 1), (day("1970-01-03"), 1)]);
    let candles = page(Form::Candles("ONE_HOUR"));
    let body = br#"{"candles":[{"start":"172800","low":"1"},{"start":"86400","low":"1"}]}"#;
    assert_eq!(candles.days(&candles.kept(body).unwrap()).unwrap().len(), 2);
    let funding = page(Form::Funding);
    let kept = funding.kept(br#"[{"fundingTime":86400003,"fundingRate":"0.1"}]"#).unwrap();
    assert_eq!(funding.days(&kept).unwrap().len(), 1);
    assert!(funding.days(&funding.kept(b"[]").unwrap()).unwrap().is_empty());
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let klines = page(Form::Klines(Interval::HOUR));
    let cases = [
        ("[[86399999]]", "not between"),
        ("[[259200000]]", "not between"),
        ("[[1],[2],[3]]", "3 rows"),
        ("[[\"x\"]]", "begin with a time"),
        ("{\"code\":-1}", "invalid type"),
    ];
    for (body, complaint) in cases {
        let kept = klines.kept(body.as_bytes()).unwrap();
        let error = klines.days(&kept).unwrap_err();
        assert!(error.contains(complaint), "{body}: {error}");
    }
    assert!(klines.kept(b"<html>").is_err());
}

/// Status, `Retry-After` and body, or why there is no answer.
type Answered = Result<(u16, Option<u64>, &'static str), String>;

/// Answers from a list.
#[derive(Default)]
struct Scripted {
    answers: VecDeque<Answered>,
    asked: Vec<String>,
}

impl Http for Scripted {
    fn get(&mut self, url: &str) -> Result<Answer, String> {
        self.asked.push(url.to_owned());
        let (status, retry_after, body) = self.answers.pop_front().unwrap()?;
        let cut = body.strip_suffix('~');
        let body: Box<dyn Read> = match cut {
            Some(half) => Box::new(half.as_bytes().chain(Broken)),
            None => Box::new(body.as_bytes()),
        };
        let retry_after = retry_after.map(Duration::from_secs);
        Ok(Answer { status, retry_after, used_weight: None, body })
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

/// A clock that jumps.
#[derive(Default)]
struct Jumping {
    now: Duration,
}

impl Surroundings for Jumping {
    fn now(&self) -> Duration {
        self.now
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    fn jitter(&mut self, most: Duration) -> Duration {
        most / 2
    }

    fn stopped(&self) -> bool {
        self.now >= Duration::from_hours(1)
    }
}

type Script = Vec<Result<(u16, Option<u64>, &'static str), String>>;

/// What came, and how much time passed.
fn fetched(script: Script) -> (Result<(Found, Vec<u8>), DownloadError>, Duration) {
    let mut http = Scripted { answers: script.into(), ..Scripted::default() };
    let mut around = Jumping::default();
    let allowance = Allowance { most: 100, span: Duration::from_secs(1) };
    let limiter = Limiter::new(allowance);
    let mut fetcher = Fetcher {
        base: "http://x",
        http: &mut http,
        around: &mut around,
        limiter,
        requests: 0,
        bytes: 0,
    };
    let mut body = Vec::new();
    let result = fetcher.get("/a", 1, &mut body);
    assert!(http.answers.is_empty() && http.asked.iter().all(|url| url == "http://x/a"));
    (result.map(|found| (found, body)), around.now)
}

#[test]
fn a_cut_answer_and_a_failing_venue_are_asked_again_after_growing_pauses() {
    let script = vec![Ok((200, None, "hal~")), Ok((502, None, "")), Err("refused".into())];
    let script = script.into_iter().chain([Ok((200, None, "all"))]).collect();
    let (result, time) = fetched(script);
    assert_eq!(result.unwrap(), (Found::There, b"all".to_vec()));
    assert_eq!(time, Duration::from_millis(375 + 750 + 1_500));
}

#[test]
fn a_pause_that_the_venue_asks_for_is_kept() {
    let (result, time) =
        fetched(vec![Ok((429, Some(7), "")), Ok((418, None, "")), Ok((404, None, ""))]);
    assert_eq!(result.unwrap().0, Found::NotThere);
    assert_eq!(time, Duration::from_secs(67));
}

#[test]
fn what_cannot_be_had_is_given_up() {
    let (result, time) = fetched(vec![Ok((418, Some(86_400), ""))]);
    assert!(matches!(result, Err(DownloadError::SentAway { seconds: 86_400, .. })));
    assert_eq!(time, Duration::ZERO);
    let (result, _) = fetched(vec![Ok((400, None, "bad symbol"))]);
    let error = result.unwrap_err().to_string();
    assert!(error.contains("400") && error.contains("bad symbol"), "{error}");
    let (result, _) = fetched(vec![Err("no route".into()); 6]);
    assert!(matches!(result, Err(DownloadError::Unreachable { attempts: 6, .. })));
}
