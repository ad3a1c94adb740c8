//! Standard output: results only, and in one place.

use std::io::{self, Write};

use serde::Serialize;

/// Prints text as it is.
///
/// # Errors
/// When it cannot be written. A closed pipe is not an error: the reader has seen enough.
pub fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints one JSON document.
///
/// # Errors
/// As [`text`].
pub fn json(value: &impl Serialize) -> io::Result<()> {
    text(&(serde_json::to_string_pretty(value)? + "\n"))
}
