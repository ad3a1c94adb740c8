//! Servers on loopback that behave, or misbehave, as a test asks.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tungstenite::WebSocket;

/// A listener whose connections are each served by a closure on a thread of its own.
pub(super) struct Server {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// `serve` gets the number of the connection, from 0, and the connection.
    pub(super) fn start(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, ended, serve) = (Arc::clone(&accepted), Arc::clone(&stop), Arc::new(serve));
        thread::spawn(move || {
            for connection in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let connection = connection.unwrap();
                connection.set_nodelay(true).unwrap();
                connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let (index, serve) = (count.fetch_add(1, Ordering::SeqCst), Arc::clone(&serve));
                thread::spawn(move || serve(index, connection));
            }
        });
        Self { address, accepted, stop }
    }

    /// A server that upgrades each connection and hands the `WebSocket` to `serve`.
    pub(super) fn web_socket(
        serve: impl Fn(usize, WebSocket<TcpStream>) + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |index, connection| {
            if let Ok(web) = tungstenite::accept(connection) {
                serve(index, web);
            }
        })
    }

    /// A server that answers each request line with the text of a whole HTTP response.
    pub(super) fn http(respond: impl Fn(usize, &str) -> String + Send + Sync + 'static) -> Self {
        let requests = AtomicUsize::new(0);
        Self::start(move |_, mut connection| {
            let mut reader = BufReader::new(connection.try_clone().unwrap());
            loop {
                let mut first = String::new();
                if reader.read_line(&mut first).unwrap_or(0) == 0 {
                    return;
                }
                let mut header = String::new();
                while reader.read_line(&mut header).unwrap_or(0) > 2 {
                    header.clear();
                }
                let index = requests.fetch_add(1, Ordering::SeqCst);
                let response = respond(index, first.split(' ').nth(1).unwrap_or(""));
                if connection.write_all(response.as_bytes()).is_err() {
                    return;
                }
            }
        })
    }

    pub(super) fn ws_url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    pub(super) fn http_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections accepted so far.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener so that it sees the flag.
        let _ = TcpStream::connect(self.address);
    }
}

/// An HTTP response with a body.
pub(super) fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}
