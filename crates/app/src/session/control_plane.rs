//! The thread beside the trading thread: signals, deadline, kill switch, HTTP, status line.
//!
//! Nothing here is on the way of a tick. It watches, and tells the trading thread through
//! the control port.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use runtime::ControlPort;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time,
};

use super::{KillSwitch, Observatory};
use crate::{
    http::{self, Desk},
    report::status::StatusLine,
};

/// How often the kill switch file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Exit code of a program that was interrupted twice.
const INTERRUPTED: i32 = 130;

/// What the control plane works with.
pub struct ControlPlaneParts {
    /// What can be seen.
    pub observatory: Arc<Observatory>,
    /// What the addresses need; `None` to serve none.
    pub desk: Option<(std::net::TcpListener, Desk)>,
    /// The way to the trading thread.
    pub control: ControlPort,
    /// The switch to watch.
    pub kill_switch: Option<KillSwitch>,
    /// When to stop by itself.
    pub deadline: Option<Duration>,
    /// Where progress is shown; `None` to stay silent.
    pub status: Option<StatusLine>,
}

/// The running control plane.
pub struct ControlPlane {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    interrupted: Arc<AtomicBool>,
}

impl ControlPlane {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system refuses the thread, its event loop, or the signals.
    pub fn start(parts: ControlPlaneParts) -> io::Result<Self> {
        let events = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel();
        let interrupted = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&interrupted);
        // Registered here, so that a signal right after the start is not lost.
        let (interrupt, terminate) = {
            let _context = events.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let thread = thread::Builder::new().name("control".into()).spawn(move || {
            events.block_on(async {
                tokio::select! {
                    biased;
                    _ = ended => {}
                    () = supervise(parts, interrupt, terminate, seen) => {}
                }
            });
        })?;
        Ok(Self { end: Some(end), thread: Some(thread), interrupted })
    }

    /// Ends the thread. Returns whether a signal had asked for the end.
    #[must_use]
    pub fn finish(mut self) -> bool {
        self.join();
        self.interrupted.load(Ordering::Acquire)
    }

    fn join(&mut self) {
        if let Some(end) = self.end.take() {
            // A closed channel means that the thread has already ended.
            let _ = end.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the control thread panicked; see the message above");
        }
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.join();
    }
}

async fn supervise(
    parts: ControlPlaneParts,
    mut interrupt: tokio::signal::unix::Signal,
    mut terminate: tokio::signal::unix::Signal,
    interrupted: Arc<AtomicBool>,
) {
    let ControlPlaneParts { observatory, desk, control, kill_switch, deadline, status } = parts;
    let serving = async {
        match desk {
            Some((listener, desk)) => http::serve(listener, desk).await,
            None => std::future::pending().await,
        }
    };
    let signals = async {
        loop {
            tokio::select! {
                biased;
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if interrupted.swap(true, Ordering::AcqRel) {
                // Asked twice: the user does not want to wait for an orderly end.
                std::process::exit(INTERRUPTED);
            }
            control.stop();
        }
    };
    let deadline = async {
        match deadline {
            Some(limit) => time::sleep(limit).await,
            None => std::future::pending().await,
        }
        control.stop();
        std::future::pending::<()>().await;
    };
    tokio::join!(
        serving,
        signals,
        deadline,
        watch_kill_switch(kill_switch, &control),
        watch_database(&observatory, &control),
        show_status(status, &observatory),
    );
}

/// Follows the file: another process, or a person with `touch`, may throw and lift it.
async fn watch_kill_switch(kill_switch: Option<KillSwitch>, control: &ControlPort) {
    let Some(kill_switch) = kill_switch else { return };
    let mut thrown = kill_switch.is_thrown();
    let mut look = time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let now = kill_switch.is_thrown();
        if now != thrown {
            thrown = now;
            if now {
                tracing::warn!("the kill switch was thrown: everything is cancelled and refused");
                control.kill();
            } else {
                tracing::warn!("the kill switch was lifted");
                control.resume();
            }
        }
    }
}

/// A damaged database cannot be waited out: the journal has everything, so the session ends
/// in order and says what to do.
async fn watch_database(observatory: &Observatory, control: &ControlPort) {
    let Some(storage) = &observatory.storage else { return };
    let mut look = time::interval(LOOK_EVERY);
    while storage.database_failure().is_none() {
        look.tick().await;
    }
    tracing::error!("the database has failed: the session ends");
    control.stop();
}

async fn show_status(status: Option<StatusLine>, observatory: &Observatory) {
    let Some(mut status) = status else { return };
    let mut tick = time::interval(status.interval());
    tick.tick().await;
    loop {
        tick.tick().await;
        status.show(observatory);
    }
}
