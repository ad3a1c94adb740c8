//! One open WebSocket that never makes its caller wait.
//!
//! Pings are answered, text that is to be sent is queued and paced, half-written bytes are
//! kept for the next turn. A frame is lent, not given: it stays valid until the next read,
//! so the receive buffer can be reused and a frame costs no allocation on a plain stream.

use std::{collections::VecDeque, io, net::TcpStream};

use domain::Timestamp;
use tungstenite::{
    Bytes, Error, Message, WebSocket,
    protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
};

use super::{WireError, pace::Pace, stream::Stream};

/// Bounds of one connection.
#[derive(Clone, Copy, Debug)]
pub struct SocketLimits {
    /// Longest message accepted, in bytes.
    pub message_bytes: usize,
    /// Most messages of ours waiting to be sent.
    pub waiting_messages: usize,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self { message_bytes: 4 << 20, waiting_messages: 64 }
    }
}

impl SocketLimits {
    /// The receive buffer is zeroed before each read, so a big one would cost time on every
    /// idle poll; 16 KiB hold a dozen ordinary frames.
    pub(super) fn web_socket_config(self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(16 << 10)
            .write_buffer_size(0)
            .max_write_buffer_size(1 << 20)
            .max_message_size(Some(self.message_bytes))
            .max_frame_size(Some(self.message_bytes))
    }
}

/// What a read gave.
#[derive(Debug, PartialEq, Eq)]
pub enum ReadOutcome<'a> {
    /// A whole message, valid until the next read.
    Frame(&'a [u8]),
    /// A sign of life without content: a ping or a pong.
    Alive,
    /// Nothing more right now.
    Idle,
    /// The peer said goodbye, with its reason.
    Closed(String),
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    web: WebSocket<Stream>,
    limits: SocketLimits,
    pace: Pace,
    outgoing: VecDeque<String>,
    unflushed: bool,
    lent: Bytes,
    bytes_read: u64,
    frames_read: u64,
}

impl Socket {
    pub(super) fn new(web: WebSocket<Stream>, limits: SocketLimits, per_second: u32) -> Self {
        Self {
            web,
            limits,
            pace: Pace::below(per_second),
            outgoing: VecDeque::new(),
            unflushed: false,
            lent: Bytes::new(),
            bytes_read: 0,
            frames_read: 0,
        }
    }

    /// Reads the next message, if there is one.
    ///
    /// # Errors
    /// [`WireError::Broken`] or [`WireError::Misbehaved`]: drop the socket.
    pub fn read(&mut self) -> Result<ReadOutcome<'_>, WireError> {
        // Giving the last frame back first lets the buffer be reused.
        self.lent = Bytes::new();
        match self.web.read() {
            Ok(Message::Text(text)) => Ok(self.lend(text.into())),
            Ok(Message::Binary(bytes)) => Ok(self.lend(bytes)),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Ok(ReadOutcome::Alive),
            Ok(Message::Close(frame)) => {
                // The answer to the goodbye is best effort: the peer may be gone already.
                let _ = self.web.flush();
                Ok(ReadOutcome::Closed(close_reason(frame.as_ref())))
            }
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                Ok(ReadOutcome::Closed("closed".into()))
            }
            Err(error) if would_block(&error) => Ok(ReadOutcome::Idle),
            Err(error) => Err(broken(error)),
        }
    }

    fn lend(&mut self, bytes: Bytes) -> ReadOutcome<'_> {
        self.bytes_read += bytes.len() as u64;
        self.frames_read += 1;
        self.lent = bytes;
        ReadOutcome::Frame(&self.lent)
    }

    /// Queues a text message; [`Socket::pump`] sends it when the pace allows.
    ///
    /// # Errors
    /// [`WireError::Backlogged`] when too many wait already.
    pub fn send(&mut self, text: String) -> Result<(), WireError> {
        if self.outgoing.len() >= self.limits.waiting_messages {
            return Err(WireError::Backlogged { waiting: self.outgoing.len() });
        }
        self.outgoing.push_back(text);
        Ok(())
    }

    /// Sends what is queued and allowed, and finishes what was half written.
    ///
    /// # Errors
    /// [`WireError::Broken`]: drop the socket.
    pub fn pump(&mut self, now: Timestamp) -> Result<(), WireError> {
        while !self.unflushed && !self.outgoing.is_empty() && self.pace.take(now) {
            let Some(text) = self.outgoing.pop_front() else { break };
            self.unflushed = true;
            match self.web.write(Message::text(text)) {
                Ok(()) => self.flush()?,
                Err(error) if would_block(&error) => {}
                Err(error) => return Err(broken(error)),
            }
        }
        if self.unflushed { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), WireError> {
        match self.web.flush() {
            Ok(()) => self.unflushed = false,
            Err(error) if would_block(&error) => self.unflushed = true,
            Err(error) => return Err(broken(error)),
        }
        Ok(())
    }

    /// Says goodbye, as far as that is possible without waiting.
    pub fn close(&mut self) {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        // Best effort: the caller drops the socket in any case.
        let _ = self.web.close(Some(frame));
    }

    /// Whether messages wait to be sent.
    #[must_use]
    pub fn has_outgoing(&self) -> bool {
        self.unflushed || !self.outgoing.is_empty()
    }

    /// Bytes of messages read so far.
    #[must_use]
    pub const fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Messages read so far.
    #[must_use]
    pub const fn frames_read(&self) -> u64 {
        self.frames_read
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        self.web.get_ref().tcp()
    }
}

fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(cause) if cause.kind() == io::ErrorKind::WouldBlock)
}

fn broken(error: Error) -> WireError {
    match error {
        Error::Capacity(_) | Error::Utf8(_) | Error::AttackAttempt => {
            WireError::Misbehaved { reason: error.to_string() }
        }
        Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            WireError::Broken { reason: "the peer hung up without a goodbye".into() }
        }
        Error::Protocol(_) => WireError::Misbehaved { reason: error.to_string() },
        other => WireError::Broken { reason: other.to_string() },
    }
}

fn close_reason(frame: Option<&CloseFrame>) -> String {
    frame.map_or_else(
        || "closed without a reason".into(),
        |frame| format!("closed with code {} {:?}", u16::from(frame.code), frame.reason.as_str()),
    )
}
