//! One encrypted connection that carries frames, used by one thread.
//!
//! Every wait has an end. The link checks the shape of frames and counts nothing: steps, sessions
//! and kinds are the business of its users.

use std::{
    io::{BufReader, ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use rustls::Connection;
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    frame::{self, FrameError, HEADER_BYTES, Header, MAX_PAYLOAD},
    identity::Fingerprint,
};

const READ_BUFFER_BYTES: usize = 64 << 10;

/// How long a refused peer gets to read why.
const LINGER: Duration = Duration::from_millis(200);

/// Why a connection is of no use any more.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The other end is gone.
    #[error("the connection was closed")]
    Closed,
    /// The other end did not answer in time.
    #[error("no answer within {limit_ms} ms")]
    Late {
        /// How long we waited.
        limit_ms: u64,
    },
    /// The other end stopped in the middle of a frame.
    #[error("truncated frame: the connection ended {missing} bytes before the frame's end")]
    CutOff {
        /// How many bytes did not come.
        missing: usize,
    },
    /// What came is not a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The other end is not whom we expect, or does not accept us.
    #[error("TLS: {0}")]
    Tls(#[source] rustls::Error),
    /// The network failed.
    #[error("network: {0}")]
    Io(#[source] std::io::Error),
}

/// A connection after its handshake.
pub struct Link {
    tls: Connection,
    socket: BufReader<TcpStream>,
    peer: Fingerprint,
    max_payload: usize,
}

/// The sending half of a [`Link`] that is only sent on from now on.
pub(super) struct SendingHalf {
    pub(super) tls: Connection,
    pub(super) socket: TcpStream,
}

impl Link {
    /// Shakes hands; the verifiers in `tls` decide whether the peer is the right one.
    pub(super) fn handshake(
        mut tls: Connection,
        socket: TcpStream,
        wait: Wait,
    ) -> Result<Self, LinkError> {
        socket.set_nodelay(true).map_err(LinkError::Io)?;
        tls.set_buffer_limit(None);
        let socket = BufReader::with_capacity(READ_BUFFER_BYTES, socket);
        let nobody = Fingerprint::from_bytes([0; 32]);
        let mut link = Self { tls, socket, peer: nobody, max_payload: MAX_PAYLOAD };
        while link.tls.is_handshaking() {
            link.flush(wait)?;
            if link.tls.is_handshaking() && link.tls.wants_read() {
                link.read_records(wait)?;
            }
        }
        link.flush(wait)?;
        let certificates = link.tls.peer_certificates().unwrap_or_default();
        let certificate = certificates.first().ok_or(LinkError::Closed)?;
        link.peer = Fingerprint::of(certificate);
        Ok(link)
    }

    /// Whose certificate the other end showed.
    #[must_use]
    pub fn peer(&self) -> Fingerprint {
        self.peer
    }

    /// Refuses larger payloads from now on; never more than the format's own limit.
    pub fn limit_payload(&mut self, bytes: usize) {
        self.max_payload = bytes.min(MAX_PAYLOAD);
    }

    /// A secret that only the two ends of this connection know.
    ///
    /// # Errors
    /// [`LinkError::Tls`].
    pub fn export_key(
        &self,
        label: &[u8],
        context: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, LinkError> {
        let mut key = Zeroizing::new([0; 32]);
        self.tls
            .export_keying_material(key.as_mut_slice(), label, Some(context))
            .map_err(LinkError::Tls)?;
        Ok(key)
    }

    /// Sends one frame and waits until the operating system has it.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn send(
        &mut self,
        header: &Header,
        payload: &[u8],
        limit: Duration,
    ) -> Result<(), LinkError> {
        let mut plain = Zeroizing::new(Vec::new());
        frame::write(header, payload, &mut plain)?;
        self.send_bytes(&plain, limit)
    }

    /// Sends bytes that need not be a frame, which a test's hostile node needs.
    ///
    /// # Errors
    /// [`LinkError`].
    #[doc(hidden)]
    pub fn send_bytes(&mut self, bytes: &[u8], limit: Duration) -> Result<(), LinkError> {
        self.tls.writer().write_all(bytes).map_err(LinkError::Io)?;
        self.flush(Wait::of(limit))
    }

    /// Ends the connection without a goodbye.
    pub fn break_off(&mut self) {
        // It fails only if the connection is gone already.
        let _broken = self.socket.get_ref().shutdown(Shutdown::Both);
    }

    /// A handle with which another thread can break the connection.
    pub(super) fn handle(&self) -> Result<TcpStream, LinkError> {
        self.socket.get_ref().try_clone().map_err(LinkError::Io)
    }

    /// Waits for one frame and puts its payload into `payload`, which is emptied first.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn receive(&mut self, payload: &mut Vec<u8>, limit: Duration) -> Result<Header, LinkError> {
        let wait = Wait::of(limit);
        payload.zeroize();
        let mut start = [0; HEADER_BYTES];
        self.fill(&mut start, None, wait)?;
        let (header, length) = frame::parse_header(&start)?;
        if length > self.max_payload {
            let (length, limit) = (length as u64, self.max_payload as u64);
            return Err(FrameError::Oversized { length, limit }.into());
        }
        // Memory is taken as bytes arrive: an announcement alone costs little.
        while payload.len() < length {
            let from = payload.len();
            payload.resize(length.min((2 * from).max(READ_BUFFER_BYTES)), 0);
            let after = length - payload.len();
            self.fill(&mut payload[from..], Some(after), wait)?;
        }
        Ok(header)
    }

    /// Fills `target`, which either starts a frame or is inside one that has so many bytes after
    /// it.
    fn fill(
        &mut self,
        target: &mut [u8],
        after: Option<usize>,
        wait: Wait,
    ) -> Result<(), LinkError> {
        let mut have = 0;
        while have < target.len() {
            match self.tls.reader().read(&mut target[have..]) {
                Ok(count) if count > 0 => {
                    have += count;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    match self.read_records(wait) {
                        Err(LinkError::Closed) => {}
                        other => {
                            other?;
                            continue;
                        }
                    }
                }
                Err(error) if error.kind() != ErrorKind::UnexpectedEof => {
                    return Err(LinkError::Io(error));
                }
                _ => {}
            }
            return Err(match (have, after) {
                (0, None) => LinkError::Closed,
                _ => LinkError::CutOff { missing: target.len() - have + after.unwrap_or(0) },
            });
        }
        Ok(())
    }

    /// Reads what the network has, waiting for it if need be.
    fn read_records(&mut self, wait: Wait) -> Result<(), LinkError> {
        if self.socket.buffer().is_empty() {
            let rest = wait.rest()?;
            self.socket.get_ref().set_read_timeout(Some(rest)).map_err(LinkError::Io)?;
        }
        match self.tls.read_tls(&mut self.socket) {
            Ok(0) => return Err(LinkError::Closed),
            Err(error) => return wait.judge(error),
            Ok(_) => {}
        }
        if let Err(error) = self.tls.process_new_packets() {
            self.refuse();
            return Err(LinkError::Tls(error));
        }
        Ok(())
    }

    fn flush(&mut self, wait: Wait) -> Result<(), LinkError> {
        while self.tls.wants_write() {
            let rest = wait.rest()?;
            let socket = self.socket.get_mut();
            socket.set_write_timeout(Some(rest)).map_err(LinkError::Io)?;
            if let Err(error) = self.tls.write_tls(socket) {
                wait.judge(error)?;
            }
        }
        Ok(())
    }

    /// Tells the other end by a TLS alert why it was refused. Its unread bytes are read away, else
    /// the operating system would throw the alert away with them.
    fn refuse(&mut self) {
        let wait = Wait::of(LINGER);
        if self.flush(wait).is_ok() {
            self.drain(wait);
        }
    }

    /// Closes the connection after the other end had a chance to read what it was sent last.
    pub fn close(mut self) {
        let wait = Wait::of(LINGER);
        self.tls.send_close_notify();
        if self.flush(wait).is_ok() {
            self.drain(wait);
        }
    }

    fn drain(&mut self, wait: Wait) {
        let socket = self.socket.get_mut();
        if socket.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let mut bin = [0; 4096];
        while let Ok(rest) = wait.rest() {
            if socket.set_read_timeout(Some(rest)).is_err() {
                return;
            }
            match socket.read(&mut bin) {
                Ok(count) if count > 0 => {}
                _ => return,
            }
        }
    }

    /// Gives up the receiving side.
    pub(super) fn into_sending_half(self) -> SendingHalf {
        SendingHalf { tls: self.tls, socket: self.socket.into_inner() }
    }
}

/// How long one operation may take, however many reads and writes it needs.
#[derive(Clone, Copy)]
pub(super) struct Wait {
    deadline: Instant,
    limit: Duration,
}

impl Wait {
    pub(super) fn of(limit: Duration) -> Self {
        Self { deadline: Instant::now() + limit, limit }
    }

    pub(super) fn rest(self) -> Result<Duration, LinkError> {
        let rest = self.deadline.saturating_duration_since(Instant::now());
        if rest.is_zero() { Err(self.late()) } else { Ok(rest) }
    }

    fn late(self) -> LinkError {
        LinkError::Late { limit_ms: u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX) }
    }

    /// What a failed read or write means; nothing if it should be tried again.
    pub(super) fn judge(self, error: std::io::Error) -> Result<(), LinkError> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(self.late()),
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => Err(LinkError::Closed),
            _ => Err(LinkError::Io(error)),
        }
    }
}
