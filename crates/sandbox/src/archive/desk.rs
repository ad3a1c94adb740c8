//! Counts requests about the past, and carries out faults.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, RETRY_AFTER},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::ArchiveFaults;

/// Requests that are remembered.
const REMEMBERED: usize = 10_000;
/// How often a held request looks whether it may go on.
const LOOK: Duration = Duration::from_millis(20);
/// The largest answer that can be cut.
const LARGEST: usize = 1 << 30;

#[derive(Default)]
struct Inside {
    faults: ArchiveFaults,
    asked: VecDeque<String>,
}

/// What is wrong with the answers now, and what was asked for.
#[derive(Default)]
pub(crate) struct Desk {
    state: Mutex<Inside>,
}

/// What becomes of one request.
enum Fate {
    Answered,
    Cut,
    Throttled { retry_after_secs: u64 },
    Missing,
    Held,
}

impl Desk {
    pub(crate) fn set(&self, faults: ArchiveFaults) {
        self.lock().faults = faults;
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.lock().asked.iter().cloned().collect()
    }

    pub(crate) fn wrong_checksums(&self) -> bool {
        self.lock().faults.wrong_checksums
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, request: String) {
        let mut state = self.lock();
        if state.asked.len() == REMEMBERED {
            state.asked.pop_front();
        }
        state.asked.push_back(request);
    }

    fn fate(&self, path: &str) -> Fate {
        let mut state = self.lock();
        let faults = &mut state.faults;
        match &mut faults.hold_after {
            Some(0) => return Fate::Held,
            Some(left) => *left -= 1,
            None => {}
        }
        if faults.throttle > 0 {
            faults.throttle -= 1;
            return Fate::Throttled { retry_after_secs: faults.retry_after_secs };
        }
        if faults.missing.iter().any(|part| path.contains(part.as_str())) {
            return Fate::Missing;
        }
        if faults.cut > 0 {
            faults.cut -= 1;
            return Fate::Cut;
        }
        Fate::Answered
    }
}

/// Whether a path is about the past.
fn concerns_the_past(path: &str) -> bool {
    path.starts_with("/data/")
        || ["/klines", "/fundingRate", "/candles"].iter().any(|end| path.ends_with(end))
}

/// Stands before all routes and lets pass what is not about the past.
pub(crate) async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if !concerns_the_past(&path) {
        return next.run(request).await;
    }
    desk.remember(request.uri().to_string());
    loop {
        match desk.fate(&path) {
            Fate::Answered => return next.run(request).await,
            Fate::Cut => return cut(next.run(request).await).await,
            Fate::Missing => return StatusCode::NOT_FOUND.into_response(),
            Fate::Held => tokio::time::sleep(LOOK).await,
            Fate::Throttled { retry_after_secs } => {
                let pause = [(RETRY_AFTER, retry_after_secs.to_string())];
                return (StatusCode::TOO_MANY_REQUESTS, pause).into_response();
            }
        }
    }
}

/// The first half of an answer that promises all of it.
async fn cut(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let half = bytes.slice(..bytes.len() / 2);
    head.headers.insert(CONTENT_LENGTH, bytes.len().into());
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let parts: [Result<Bytes, std::io::Error>; 2] = [Ok(half), Err(broken)];
    Response::from_parts(head, Body::from_stream(futures_util::stream::iter(parts)))
}
