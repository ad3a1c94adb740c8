//! The sending end of a connection: never waits for the receiver, as long as little is queued.
//!
//! A message is encrypted and offered to the operating system by the caller itself, which spares
//! the thread change that would dominate a round on a local network. Only what the system does not
//! take at once goes through a bounded queue to a writer thread, so that two nodes with large
//! messages for each other cannot block each other.

use std::{
    io::{ErrorKind, Write as _},
    net::{Shutdown, TcpStream},
    os::fd::AsRawFd as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender as Queue, bounded};
use nix::{
    errno::Errno,
    sys::socket::{MsgFlags, send},
};
use rustls::Connection;
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    frame::{self, Header},
    link::{Link, LinkError, SendingHalf, Wait},
};

/// Pieces that may wait for the writer. With their size: room for four of the largest frames.
const QUEUE_PIECES: usize = 64;
const PIECE_BYTES: usize = 1 << 20;

pub(super) struct Sender {
    tls: Connection,
    socket: Arc<TcpStream>,
    queue: Option<Queue<Vec<u8>>>,
    state: Arc<WriterState>,
    writer: Option<JoinHandle<()>>,
    plain: Zeroizing<Vec<u8>>,
    cipher: Vec<u8>,
    limit: Duration,
}

/// What the caller must know about the writer.
#[derive(Default)]
struct WriterState {
    /// Bytes handed over and not yet written. At 0 the socket is the caller's.
    backlog: AtomicUsize,
    late: AtomicBool,
    closed: AtomicBool,
}

impl Sender {
    /// Starts the writer thread. No single wait is longer than `limit`.
    pub(super) fn start(link: Link, name: &str, limit: Duration) -> Result<Self, LinkError> {
        let SendingHalf { tls, socket } = link.into_sending_half();
        let socket = Arc::new(socket);
        let (queue, pieces) = bounded(QUEUE_PIECES);
        let state = Arc::new(WriterState::default());
        let writer = thread::Builder::new()
            .name(name.to_owned())
            .spawn({
                let (socket, state) = (socket.clone(), state.clone());
                move || write_pieces(&socket, &pieces, &state, limit)
            })
            .map_err(LinkError::Io)?;
        Ok(Self {
            tls,
            socket,
            queue: Some(queue),
            state,
            writer: Some(writer),
            plain: Zeroizing::new(Vec::new()),
            cipher: Vec::new(),
            limit,
        })
    }

    /// Sends one frame, and returns how many bytes it is before encryption.
    pub(super) fn send(&mut self, header: &Header, payload: &[u8]) -> Result<usize, LinkError> {
        self.check_writer()?;
        self.plain.zeroize();
        frame::write(header, payload, &mut self.plain)?;
        self.tls.writer().write_all(&self.plain).map_err(LinkError::Io)?;
        self.push_out()?;
        Ok(self.plain.len())
    }

    fn check_writer(&self) -> Result<(), LinkError> {
        if self.state.late.load(Ordering::Acquire) {
            let limit_ms = u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX);
            return Err(LinkError::Late { limit_ms });
        }
        if self.state.closed.load(Ordering::Acquire) { Err(LinkError::Closed) } else { Ok(()) }
    }

    fn push_out(&mut self) -> Result<(), LinkError> {
        self.cipher.clear();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.cipher).map_err(LinkError::Io)?;
        }
        let mut sent = 0;
        if self.state.backlog.load(Ordering::Acquire) == 0 {
            sent = self.offer()?;
        }
        for piece in self.cipher[sent..].chunks(PIECE_BYTES) {
            self.enqueue(piece.to_vec())?;
        }
        Ok(())
    }

    /// Gives the operating system as much as it takes without waiting.
    fn offer(&self) -> Result<usize, LinkError> {
        let mut sent = 0;
        while sent < self.cipher.len() {
            match send(self.socket.as_raw_fd(), &self.cipher[sent..], MsgFlags::MSG_DONTWAIT) {
                Ok(count) => sent += count,
                Err(Errno::EAGAIN) => break,
                Err(Errno::EINTR) => {}
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(LinkError::Closed),
                Err(error) => return Err(LinkError::Io(error.into())),
            }
        }
        Ok(sent)
    }

    fn enqueue(&self, piece: Vec<u8>) -> Result<(), LinkError> {
        let Some(queue) = &self.queue else { return Err(LinkError::Closed) };
        let bytes = piece.len();
        self.state.backlog.fetch_add(bytes, Ordering::AcqRel);
        match queue.send_timeout(piece, self.limit) {
            Ok(()) => Ok(()),
            Err(SendTimeoutError::Timeout(_)) => Err(LinkError::Late {
                limit_ms: u64::try_from(self.limit.as_millis()).unwrap_or(u64::MAX),
            }),
            Err(SendTimeoutError::Disconnected(_)) => {
                self.check_writer()?;
                Err(LinkError::Closed)
            }
        }
    }

    /// Writes everything that waits and says goodbye.
    pub(super) fn close(&mut self) -> Result<(), LinkError> {
        self.tls.send_close_notify();
        self.push_out()?;
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // The writer does not panic, and what it could not write is in its state.
            let _ended = writer.join();
        }
        self.check_writer()?;
        match self.socket.shutdown(Shutdown::Write) {
            Err(error) if error.kind() != ErrorKind::NotConnected => Err(LinkError::Io(error)),
            _ => Ok(()),
        }
    }

    /// Sends a last frame if that is possible at once.
    pub(super) fn send_last(&mut self, header: &Header, payload: &[u8]) {
        if self.state.backlog.load(Ordering::Acquire) > 0 || self.send(header, payload).is_err() {
            tracing::debug!("the other node could not be told why this one stops");
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.queue = None;
        if self.state.backlog.load(Ordering::Acquire) > 0 {
            // Wakes the writer if it is waiting for a peer that does not read.
            let _closed = self.socket.shutdown(Shutdown::Both);
        } else {
            let _closed = self.socket.shutdown(Shutdown::Write);
        }
        if let Some(writer) = self.writer.take() {
            let _ended = writer.join();
        }
    }
}

fn write_pieces(
    socket: &TcpStream,
    pieces: &Receiver<Vec<u8>>,
    state: &WriterState,
    limit: Duration,
) {
    for piece in pieces {
        match write_piece(socket, &piece, limit) {
            Ok(()) => {
                state.backlog.fetch_sub(piece.len(), Ordering::AcqRel);
            }
            Err(LinkError::Late { .. }) => {
                state.late.store(true, Ordering::Release);
                return;
            }
            Err(_) => {
                state.closed.store(true, Ordering::Release);
                return;
            }
        }
    }
}

fn write_piece(mut socket: &TcpStream, piece: &[u8], limit: Duration) -> Result<(), LinkError> {
    let wait = Wait::of(limit);
    let mut sent = 0;
    while sent < piece.len() {
        socket.set_write_timeout(Some(wait.rest()?)).map_err(LinkError::Io)?;
        match socket.write(&piece[sent..]) {
            Ok(0) => return Err(LinkError::Closed),
            Ok(count) => sent += count,
            Err(error) => wait.judge(error)?,
        }
    }
    Ok(())
}
