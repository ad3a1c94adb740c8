//! Asks until there is an answer: pauses, repeats, and gives up when that is of no use.

use std::{io::Read, time::Duration};

use super::{Answer, DownloadError, Http, Limiter, Surroundings};

/// Attempts at one request that end without an answer.
const ATTEMPTS: u32 = 6;
/// Pauses that a venue may ask for before one request is answered.
const PAUSES: u32 = 20;
/// The longest pause that is sat through.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);
/// The pause of a venue that does not say how long.
const DEFAULT_PAUSE: Duration = Duration::from_mins(1);
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
const BLOCK: usize = 65_536;
/// Longest answer that is kept in memory.
const SMALL: usize = 16 << 20;

/// Where the bytes of an answer go.
pub(crate) trait Sink {
    /// Forgets what came: the answer begins again.
    fn restart(&mut self) -> Result<(), DownloadError>;
    /// Takes the next bytes.
    fn take(&mut self, bytes: &[u8]) -> Result<(), DownloadError>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> Result<(), DownloadError> {
        self.clear();
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        if self.len() + bytes.len() > SMALL {
            let reason = format!("more than {SMALL} bytes");
            return Err(DownloadError::Unreadable { url: String::new(), reason });
        }
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// Whether there is such a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    There,
    NotThere,
}

/// Fetches addresses one after the other, within what the venue allows.
pub(crate) struct Fetcher<'a> {
    pub(crate) base: &'a str,
    pub(crate) http: &'a mut dyn Http,
    pub(crate) around: &'a mut dyn Surroundings,
    pub(crate) limiter: Limiter,
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
}

/// How one attempt went wrong.
enum Setback {
    Again(String),
    Pause(Duration),
    Final(DownloadError),
}

impl From<DownloadError> for Setback {
    fn from(error: DownloadError) -> Self {
        Self::Final(error)
    }
}

impl Fetcher<'_> {
    pub(crate) fn url(&self, address: &str) -> String {
        format!("{}{address}", self.base)
    }

    /// Fetches an address below the base.
    pub(crate) fn get(
        &mut self,
        address: &str,
        weight: u32,
        sink: &mut dyn Sink,
    ) -> Result<Found, DownloadError> {
        let url = self.url(address);
        let (mut attempts, mut pauses) = (0, 0);
        loop {
            self.wait_for_turn(weight)?;
            match self.attempt(&url, weight, sink) {
                Ok(found) => return Ok(found),
                Err(Setback::Final(DownloadError::Unreadable { reason, .. })) => {
                    return Err(DownloadError::Unreadable { url, reason });
                }
                Err(Setback::Final(error)) => return Err(error),
                Err(Setback::Pause(pause)) => {
                    pauses += 1;
                    if pause > LONGEST_PAUSE || pauses > PAUSES {
                        return Err(DownloadError::SentAway { url, seconds: pause.as_secs() });
                    }
                    self.limiter.close(self.around.now(), pause);
                }
                Err(Setback::Again(reason)) => {
                    attempts += 1;
                    if attempts >= ATTEMPTS {
                        return Err(DownloadError::Unreachable { url, attempts, reason });
                    }
                    let pause = backoff(attempts);
                    let jitter = self.around.jitter(pause);
                    self.around.wait(pause + jitter);
                }
            }
        }
    }

    fn wait_for_turn(&mut self, weight: u32) -> Result<(), DownloadError> {
        loop {
            if self.around.stopped() {
                return Err(DownloadError::Stopped);
            }
            let delay = self.limiter.delay(self.around.now(), weight);
            if delay.is_zero() {
                return Ok(());
            }
            self.around.wait(delay);
        }
    }

    fn attempt(&mut self, url: &str, weight: u32, sink: &mut dyn Sink) -> Result<Found, Setback> {
        sink.restart()?;
        self.requests += 1;
        let answer = self.http.get(url);
        let now = self.around.now();
        self.limiter.book(now, weight);
        let mut answer = answer.map_err(Setback::Again)?;
        if let Some(used) = answer.used_weight {
            self.limiter.observe(now, used);
        }
        match answer.status {
            200 => self.read(&mut answer, sink).map(|()| Found::There),
            404 => Ok(Found::NotThere),
            418 | 429 => Err(Setback::Pause(answer.retry_after.unwrap_or(DEFAULT_PAUSE))),
            503 if answer.retry_after.is_some() => {
                Err(Setback::Pause(answer.retry_after.unwrap_or(DEFAULT_PAUSE)))
            }
            status @ (408 | 500..) => Err(Setback::Again(format!("HTTP status {status}"))),
            status => {
                let reason = beginning(&mut answer);
                Err(DownloadError::Refused { url: url.to_owned(), status, reason }.into())
            }
        }
    }

    fn read(&mut self, answer: &mut Answer, sink: &mut dyn Sink) -> Result<(), Setback> {
        let mut block = vec![0; BLOCK];
        loop {
            if self.around.stopped() {
                return Err(DownloadError::Stopped.into());
            }
            let read = answer.body.read(&mut block);
            match read.map_err(|error| Setback::Again(error.to_string()))? {
                0 => return Ok(()),
                read => {
                    self.bytes += read as u64;
                    sink.take(&block[..read])?;
                }
            }
        }
    }
}

/// Doubles with every attempt.
fn backoff(attempts: u32) -> Duration {
    let factor = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_BACKOFF.saturating_mul(factor).min(LONGEST_BACKOFF)
}

fn beginning(answer: &mut Answer) -> String {
    let mut text = Vec::new();
    // The status is the error; an explanation that cannot be read is no other one.
    let _ = answer.body.by_ref().take(200).read_to_end(&mut text);
    String::from_utf8_lossy(&text).trim().to_owned()
}
