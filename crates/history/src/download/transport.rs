//! What a download needs of the world: answers to requests, and time.

use std::{io::Read, time::Duration};

/// The answer to a request, whatever its status.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<Duration>,
    /// The weight of the running minute as the venue counts it, `X-MBX-USED-WEIGHT-1M`.
    pub used_weight: Option<u32>,
    /// The body. Reading it fails when it ends before its stated length.
    pub body: Box<dyn Read>,
}

/// Carries out GET requests, one at a time.
pub trait Http {
    /// Asks and waits for the head of the answer.
    ///
    /// # Errors
    /// What went wrong, as a sentence, when there is no answer; asking again may help.
    fn get(&mut self, url: &str) -> Result<Answer, String>;
}

/// Time and chance, so that tests neither wait nor throw dice.
pub trait Surroundings {
    /// Time since any fixed moment; never goes back.
    fn now(&self) -> Duration;

    /// Waits so long, or until somebody interrupts.
    fn wait(&mut self, time: Duration);

    /// Anything from zero to below `most`.
    fn jitter(&mut self, most: Duration) -> Duration;

    /// Whether somebody interrupts.
    fn stopped(&self) -> bool;
}
