//! What becomes of a request.

use std::time::Duration;

use domain::Span;

use super::server::{Server, response};
use crate::{
    venue::FetchError,
    wire::{FetchLimits, TrustedRoots, fetcher::Worker},
};

fn worker(limits: FetchLimits) -> Worker {
    Worker::new(limits, &TrustedRoots::default())
}

fn quick() -> FetchLimits {
    FetchLimits { min_interval: Duration::ZERO, ..FetchLimits::default() }
}

#[test]
fn a_body_arrives_as_it_was_sent() {
    let server =
        Server::http(|_, path| response("200 OK", "", &format!("{{\"path\":\"{path}\"}}")));
    let body = worker(quick()).get(&server.http_url("/api/v3/depth?symbol=BTCUSDT")).unwrap();
    assert_eq!(body, b"{\"path\":\"/api/v3/depth?symbol=BTCUSDT\"}");
}

#[test]
fn a_host_that_asks_us_to_wait_is_left_alone_without_another_request() {
    for status in ["429 Too Many Requests", "418 Teapot", "503 Busy"] {
        let server = Server::http(move |_, _| response(status, "Retry-After: 30\r\n", ""));
        let worker = worker(quick());
        let url = server.http_url("/");
        let first = worker.get(&url);
        assert_eq!(first, Err(FetchError::Throttled { retry_after: Span::from_secs(30) }));
        let connections = server.accepted();
        match worker.get(&url) {
            Err(FetchError::Throttled { retry_after }) => {
                assert!(retry_after <= Span::from_secs(30) && retry_after > Span::ZERO);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(server.accepted(), connections);
    }
}

#[test]
fn a_host_whose_weight_is_used_up_is_left_alone_after_the_answer() {
    let header = "X-MBX-USED-WEIGHT-1M: 5000\r\n";
    let server = Server::http(move |_, _| response("200 OK", header, "body"));
    let used_weight = Some(("x-mbx-used-weight-1m".to_owned(), 4_800));
    let worker = worker(FetchLimits { used_weight, ..quick() });
    let url = server.http_url("/");
    assert_eq!(worker.get(&url).unwrap(), b"body");
    assert!(matches!(worker.get(&url), Err(FetchError::Throttled { .. })));
}

#[test]
fn failures_of_the_server_are_unanswered_and_ours_are_refused() {
    let server = Server::http(|_, path| match path {
        "/down" => response("502 Bad Gateway", "", "x"),
        "/away" => response("302 Found", "Location: http://example.invalid/\r\n", ""),
        _ => response("400 Bad Request", "", "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}"),
    });
    let worker = worker(quick());
    let down = worker.get(&server.http_url("/down"));
    assert_eq!(down, Err(FetchError::Unanswered { reason: "HTTP status 502".into() }));
    match worker.get(&server.http_url("/depth")) {
        Err(FetchError::Refused { status: 400, reason }) => assert!(reason.contains("-1121")),
        other => panic!("{other:?}"),
    }
    let away = worker.get(&server.http_url("/away"));
    assert!(matches!(away, Err(FetchError::Refused { status: 302, .. })), "{away:?}");
}

#[test]
fn too_long_a_body_and_too_long_a_wait_are_unanswered() {
    let server = Server::http(|_, path| match path {
        "/long" => response("200 OK", "", &"x".repeat(2_000)),
        // Promises more than it sends.
        _ => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx".to_owned(),
    });
    let limits = FetchLimits { body_bytes: 1_000, total: Duration::from_millis(200), ..quick() };
    let worker = worker(limits);
    for path in ["/long", "/short"] {
        let result = worker.get(&server.http_url(path));
        assert!(matches!(result, Err(FetchError::Unanswered { .. })), "{path}: {result:?}");
    }
}
