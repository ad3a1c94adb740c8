//! What a socket makes of what a server sends.

use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use domain::Timestamp;
use tungstenite::{Message, WebSocket};

use super::server::Server;
use crate::wire::{
    DialLimits, ReadOutcome, Socket, SocketLimits, TrustedRoots, WireError, dialer::DialSetup,
};

fn open(server: &Server, limits: SocketLimits, per_second: u32) -> Socket {
    let setup = DialSetup::new(DialLimits::default(), limits, &TrustedRoots::default()).unwrap();
    setup.dial(&server.ws_url(), per_second).unwrap()
}

/// Reads until something other than silence comes; fails after twenty seconds.
fn next(socket: &mut Socket) -> Result<String, WireError> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match socket.read()? {
            ReadOutcome::Frame(bytes) => return Ok(String::from_utf8_lossy(bytes).into_owned()),
            ReadOutcome::Closed(reason) => return Ok(reason),
            ReadOutcome::Alive => return Ok("alive".into()),
            ReadOutcome::Idle => {
                assert!(Instant::now() < deadline, "nothing came");
                std::thread::yield_now();
            }
        }
    }
}

/// Keeps the connection open until the client goes away.
fn linger(mut web: WebSocket<TcpStream>) {
    while web.read().is_ok() {}
}

#[test]
fn a_frame_that_comes_byte_by_byte_arrives_whole() {
    let server = Server::web_socket(|_, mut web| {
        for byte in b"\x81\x05hello\x81\x02ok" {
            web.get_mut().write_all(&[*byte]).unwrap();
            web.get_mut().flush().unwrap();
        }
        linger(web);
    });
    let mut socket = open(&server, SocketLimits::default(), 5);
    assert_eq!(next(&mut socket).unwrap(), "hello");
    assert_eq!(next(&mut socket).unwrap(), "ok");
    assert_eq!((socket.frames_read(), socket.bytes_read()), (2, 7));
}

#[test]
fn fragments_are_joined_even_with_a_ping_between_them() {
    let server = Server::web_socket(|_, mut web| {
        let fragments = b"\x01\x03abc\x89\x01!\x00\x03def\x80\x03ghi";
        web.get_mut().write_all(fragments).unwrap();
        linger(web);
    });
    let mut socket = open(&server, SocketLimits::default(), 5);
    assert_eq!(next(&mut socket).unwrap(), "alive");
    assert_eq!(next(&mut socket).unwrap(), "abcdefghi");
}

#[test]
fn a_ping_is_answered_with_its_own_payload() {
    let server = Server::web_socket(|_, mut web| {
        web.send(Message::Ping("42".into())).unwrap();
        let answer = web.read().unwrap();
        web.send(Message::text(format!("{answer:?}"))).unwrap();
        linger(web);
    });
    let mut socket = open(&server, SocketLimits::default(), 5);
    assert_eq!(next(&mut socket).unwrap(), "alive");
    assert_eq!(next(&mut socket).unwrap(), format!("{:?}", Message::Pong("42".into())));
}

#[test]
fn a_message_beyond_the_limit_is_refused_before_it_is_received() {
    let server = Server::web_socket(|_, mut web| {
        // Announces 1 GiB and sends almost nothing of it.
        let header = [0x81, 127, 0, 0, 0, 0, 0x40, 0, 0, 0];
        web.get_mut().write_all(&header).unwrap();
        linger(web);
    });
    let limits = SocketLimits { message_bytes: 1000, ..SocketLimits::default() };
    let mut socket = open(&server, limits, 5);
    assert!(matches!(next(&mut socket), Err(WireError::Misbehaved { .. })));
}

#[test]
fn many_fragments_cannot_grow_beyond_the_limit() {
    let server = Server::web_socket(|_, mut web| {
        let stream = web.get_mut();
        let mut result = stream.write_all(b"\x01\x64").and_then(|()| stream.write_all(&[97; 100]));
        while result.is_ok() {
            result = stream.write_all(b"\x00\x64").and_then(|()| stream.write_all(&[97; 100]));
        }
    });
    let limits = SocketLimits { message_bytes: 1000, ..SocketLimits::default() };
    let mut socket = open(&server, limits, 5);
    assert!(matches!(next(&mut socket), Err(WireError::Misbehaved { .. })));
}

#[test]
fn a_hang_up_in_the_middle_of_a_frame_breaks_the_connection() {
    let server = Server::web_socket(|_, mut web| {
        web.get_mut().write_all(b"\x81\x05hel").unwrap();
    });
    let mut socket = open(&server, SocketLimits::default(), 5);
    assert!(matches!(next(&mut socket), Err(WireError::Broken { .. })));
}

#[test]
fn a_goodbye_comes_with_its_reason() {
    let server = Server::web_socket(|_, mut web| {
        let code = tungstenite::protocol::frame::coding::CloseCode::Policy;
        let frame = tungstenite::protocol::CloseFrame { code, reason: "too slow".into() };
        web.close(Some(frame)).unwrap();
        linger(web);
    });
    let mut socket = open(&server, SocketLimits::default(), 5);
    assert_eq!(next(&mut socket).unwrap(), "closed with code 1008 \"too slow\"");
}

#[test]
fn text_that_is_not_utf8_and_masked_frames_are_misbehaviour() {
    for frame in [&b"\x81\x02\xff\xfe"[..], b"\x81\x82\x01\x02\x03\x04ab", b"\xf1\x01a"] {
        let server = Server::web_socket(move |_, mut web| {
            web.get_mut().write_all(frame).unwrap();
            linger(web);
        });
        let mut socket = open(&server, SocketLimits::default(), 5);
        assert!(matches!(next(&mut socket), Err(WireError::Misbehaved { .. })), "{frame:?}");
    }
}

#[test]
fn queued_messages_go_out_in_order_and_below_the_limit_of_the_venue() {
    let server = Server::web_socket(|_, mut web| {
        while let Ok(message) = web.read() {
            if web.send(message).is_err() {
                return;
            }
        }
    });
    let mut socket = open(&server, SocketLimits::default(), 3);
    for index in 0..5 {
        socket.send(format!("message {index}")).unwrap();
    }
    let start = Timestamp::from_millis(1_000_000);
    for (second, expected) in [(0, 0..2), (1, 2..4), (2, 4..5)] {
        let now = start + domain::Span::from_secs(second);
        socket.pump(now).unwrap();
        socket.pump(now).unwrap();
        for index in expected {
            assert_eq!(next(&mut socket).unwrap(), format!("message {index}"));
        }
        assert_eq!(socket.read().unwrap(), ReadOutcome::Idle);
    }
    assert!(!socket.has_outgoing());
}

#[test]
fn the_outgoing_queue_is_bounded() {
    let server = Server::web_socket(|_, web| linger(web));
    let limits = SocketLimits { waiting_messages: 2, ..SocketLimits::default() };
    let mut socket = open(&server, limits, 5);
    socket.send("one".into()).unwrap();
    socket.send("two".into()).unwrap();
    let refused = socket.send("three".into());
    assert!(matches!(refused, Err(WireError::Backlogged { waiting: 2 })));
}

#[test]
fn a_message_larger_than_the_pipe_is_finished_over_several_turns() {
    let server = Server::web_socket(|_, mut web| {
        let length = web.read().unwrap().len();
        web.send(Message::text(length.to_string())).unwrap();
        linger(web);
    });
    let limits = SocketLimits::default();
    let mut socket = open(&server, limits, 5);
    // More than a loopback socket buffers by default, less than our own write buffer.
    socket.send("x".repeat(900_000)).unwrap();
    let start = Timestamp::from_millis(0);
    let deadline = Instant::now() + Duration::from_secs(20);
    while socket.has_outgoing() {
        socket.pump(start).unwrap();
        assert!(Instant::now() < deadline);
    }
    assert_eq!(next(&mut socket).unwrap(), "900000");
}
