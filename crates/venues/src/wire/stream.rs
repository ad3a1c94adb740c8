//! The byte stream below a WebSocket: TCP, with or without TLS.
//!
//! During the handshakes reads and writes wait, but never beyond a deadline, however slowly
//! the peer drips its bytes. Afterwards nothing waits.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use rustls::{ClientConnection, StreamOwned};

/// A TCP stream that obeys a deadline while it has one.
#[derive(Debug)]
pub(super) struct Tcp {
    inner: TcpStream,
    deadline: Option<Instant>,
}

impl Tcp {
    /// Waits until `deadline` in each call, not longer in all of them together.
    pub(super) const fn waiting_until(inner: TcpStream, deadline: Instant) -> Self {
        Self { inner, deadline: Some(deadline) }
    }

    fn time_left(&self) -> io::Result<Option<Duration>> {
        let Some(deadline) = self.deadline else { return Ok(None) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }

    /// With a deadline "would block" means that it passed.
    fn timed_out<T>(&self, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if self.deadline.is_some() && error.kind() == io::ErrorKind::WouldBlock => {
                Err(io::ErrorKind::TimedOut.into())
            }
            other => other,
        }
    }
}

impl Read for Tcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(left) = self.time_left()? {
            self.inner.set_read_timeout(Some(left))?;
        }
        let result = self.inner.read(buffer);
        self.timed_out(result)
    }
}

impl Write for Tcp {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if let Some(left) = self.time_left()? {
            self.inner.set_write_timeout(Some(left))?;
        }
        let result = self.inner.write(buffer);
        self.timed_out(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// TCP, with or without TLS.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Tcp),
    Tls(Box<StreamOwned<ClientConnection, Tcp>>),
}

impl Stream {
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => &tcp.inner,
            Self::Tls(tls) => &tls.sock.inner,
        }
    }

    fn tcp_mut(&mut self) -> &mut Tcp {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => &mut tls.sock,
        }
    }

    /// Moves the deadline for the next stage of the handshakes.
    pub(super) fn wait_until(&mut self, deadline: Instant) {
        self.tcp_mut().deadline = Some(deadline);
    }

    /// From now on calls return at once with what there is.
    pub(super) fn stop_waiting(&mut self) -> io::Result<()> {
        let tcp = self.tcp_mut();
        tcp.deadline = None;
        tcp.inner.set_nonblocking(true)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(buffer),
            Self::Tls(tls) => tls.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}
