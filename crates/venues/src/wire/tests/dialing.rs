//! Opening connections: what is refused, when, and why.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::Span;
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};

use super::server::{Server, response};
use crate::wire::{
    DialLimits, DialStage, ReadOutcome, Socket, SocketLimits, TrustedRoots, WireError,
    address::Address, dialer::DialSetup,
};

fn dial(url: &str, limit: Duration, roots: &TrustedRoots) -> Result<Socket, WireError> {
    let limits = DialLimits { resolve: limit, connect: limit, tls: limit, upgrade: limit };
    DialSetup::new(limits, SocketLimits::default(), roots).unwrap().dial(url, 5)
}

const LONG: Duration = Duration::from_secs(20);

#[test]
fn addresses_are_taken_apart_or_refused_with_a_reason() {
    let address = Address::parse("wss://fstream.binance.com/public/stream?streams=a").unwrap();
    assert_eq!(
        (address.secure, address.host.as_str(), address.port),
        (true, "fstream.binance.com", 443)
    );
    let address = Address::parse("ws://[::1]:9001/ws").unwrap();
    assert_eq!((address.secure, address.host.as_str(), address.port), (false, "::1", 9001));
    for url in ["https://a.example/ws", "ws://", "wss://user:pw@a.example/", "a b", "ws://a:99999/"]
    {
        assert!(matches!(Address::parse(url), Err(WireError::BadAddress { .. })), "{url}");
    }
}

#[test]
fn an_error_never_shows_the_query_of_an_address() {
    let error = Address::parse("http://a.example/ws?listenKey=secret").unwrap_err();
    assert!(!error.to_line().contains("secret"), "{}", error.to_line());
}

#[test]
fn a_closed_port_is_unreachable_while_connecting() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error =
        dial(&format!("ws://127.0.0.1:{port}/"), LONG, &TrustedRoots::default()).unwrap_err();
    assert!(matches!(error, WireError::Unreachable { stage: DialStage::Connect, .. }), "{error}");
}

#[test]
fn a_refused_upgrade_carries_the_status_and_the_pause_the_venue_asks_for() {
    let server = Server::http(|_, _| response("429 Too Many", "Retry-After: 7\r\n", ""));
    let error = dial(&server.ws_url(), LONG, &TrustedRoots::default()).unwrap_err();
    assert!(matches!(error, WireError::Refused { status: 429, .. }), "{error}");
    assert_eq!(error.retry_after(), Some(Span::from_secs(7)));
}

#[test]
fn a_server_that_never_answers_the_upgrade_costs_no_more_than_the_limit() {
    let server = Server::start(|_, mut connection| {
        let mut sink = Vec::new();
        let _ = connection.read_to_end(&mut sink);
    });
    let error = dial(&server.ws_url(), Duration::from_millis(100), &TrustedRoots::default());
    let error = error.unwrap_err();
    assert!(matches!(error, WireError::Unreachable { stage: DialStage::Upgrade, .. }), "{error}");
}

#[test]
fn a_server_that_drips_its_answer_for_ever_costs_no_more_than_the_limit() {
    let server = Server::start(|_, mut connection| {
        let _ = connection.write_all(b"HTTP/1.1 101 Switching Protocols\r\nX: ");
        while connection.write_all(b"a").is_ok() {
            std::thread::yield_now();
        }
    });
    let begin = Instant::now();
    let result = dial(&server.ws_url(), Duration::from_millis(300), &TrustedRoots::default());
    assert!(matches!(result, Err(WireError::Unreachable { stage: DialStage::Upgrade, .. })));
    assert!(begin.elapsed() < LONG);
}

/// A TLS server with a fresh certificate for `localhost`, which greets and stays.
fn tls_server() -> (Server, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let server = Server::start(move |_, connection| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let Ok(mut web) = tungstenite::accept(StreamOwned::new(session, connection)) else {
            return;
        };
        for index in 0..100 {
            web.write(format!("{index} {}", "x".repeat(5000)).into()).unwrap();
        }
        web.flush().unwrap();
        while web.read().is_ok() {}
    });
    (server, certificate.to_vec())
}

#[test]
fn a_certificate_signed_by_an_added_root_is_accepted_and_every_frame_is_read() {
    let (server, certificate) = tls_server();
    let roots = TrustedRoots::with_extra(vec![certificate]);
    let url = format!("wss://localhost:{}/ws", server.port());
    let mut socket = dial(&url, LONG, &roots).unwrap();
    let deadline = Instant::now() + LONG;
    let mut read = 0;
    while read < 100 {
        match socket.read().unwrap() {
            ReadOutcome::Frame(frame) => {
                assert!(frame.starts_with(format!("{read} x").as_bytes()));
                read += 1;
            }
            other => assert_eq!(other, ReadOutcome::Idle),
        }
        assert!(Instant::now() < deadline);
    }
}

#[test]
fn an_unknown_certificate_is_untrusted_and_a_plain_server_is_no_tls() {
    let (server, _) = tls_server();
    let url = format!("wss://localhost:{}/ws", server.port());
    let error = dial(&url, LONG, &TrustedRoots::default()).unwrap_err();
    assert!(matches!(error, WireError::Untrusted { .. }), "{error}");

    let plain = Server::http(|_, _| response("200 OK", "", ""));
    let url = format!("wss://localhost:{}/ws", plain.port());
    let error = dial(&url, Duration::from_secs(2), &TrustedRoots::default()).unwrap_err();
    assert!(matches!(error, WireError::Unreachable { stage: DialStage::Tls, .. }), "{error}");
}
