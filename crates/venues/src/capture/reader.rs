//! Reads a recording line by line.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use domain::Timestamp;

use super::CaptureError;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Longest line accepted; a snapshot of 5000 levels a side is a tenth of it.
const LONGEST_LINE: usize = 8 << 20;

/// One line of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// When it was received.
    pub time: Timestamp,
    /// The JSON text.
    pub text: &'a [u8],
    /// Its number, from 1.
    pub number: u64,
}

/// A recording being read, in constant memory.
pub struct CaptureReader {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    buffer: Vec<u8>,
    lines: u64,
}

impl CaptureReader {
    /// Opens a recording, plain or compressed.
    ///
    /// # Errors
    /// [`CaptureError::Open`].
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let open = |source| CaptureError::Open { path: path.to_owned(), source };
        Self::new(path, BufReader::new(File::open(path).map_err(open)?))
    }

    /// Reads a recording from anywhere; `path` is what messages call it.
    ///
    /// # Errors
    /// [`CaptureError::Open`] when the beginning cannot be read.
    pub fn new(path: &Path, input: impl BufRead + Send + 'static) -> Result<Self, CaptureError> {
        let open = |source| CaptureError::Open { path: path.to_owned(), source };
        let mut input = input;
        let mut start = [0; ZSTD_MAGIC.len()];
        let length = read_up_to(&mut input, &mut start).map_err(open)?;
        let whole = io::Cursor::new(start).take(length as u64).chain(input);
        let input: Box<dyn BufRead + Send> = if start == ZSTD_MAGIC {
            Box::new(BufReader::new(zstd::Decoder::with_buffer(whole).map_err(open)?))
        } else {
            Box::new(whole)
        };
        Ok(Self { path: path.to_owned(), input, buffer: Vec::with_capacity(4_096), lines: 0 })
    }

    /// The next line, `None` at the end.
    ///
    /// # Errors
    /// [`CaptureError`] that names file and line.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, CaptureError> {
        loop {
            self.buffer.clear();
            let limit = LONGEST_LINE as u64;
            let read = Read::take(&mut self.input, limit).read_until(b'\n', &mut self.buffer);
            match read {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(self.truncated());
                }
                Err(source) => {
                    let (path, line) = (self.path.clone(), self.lines);
                    return Err(CaptureError::Read { path, line, source });
                }
            }
            if self.buffer.trim_ascii().is_empty() {
                self.lines += 1;
                continue;
            }
            break;
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if self.buffer.len() >= LONGEST_LINE {
            return Err(self.bad_line("longer than 8 MiB"));
        } else if !is_complete(&self.buffer) {
            return Err(self.truncated());
        }
        self.lines += 1;
        let number = self.lines;
        let Some((time, start)) = split(&self.buffer) else {
            self.lines -= 1;
            return Err(self.bad_line(
                "expected a receive time of 16 or 19 digits, a space, and a JSON object",
            ));
        };
        Ok(Some(Line { time, text: &self.buffer[start..], number }))
    }

    /// What the file is called.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn truncated(&self) -> CaptureError {
        CaptureError::Truncated { path: self.path.clone(), line: self.lines + 1 }
    }

    fn bad_line(&self, reason: &str) -> CaptureError {
        let (path, line) = (self.path.clone(), self.lines + 1);
        CaptureError::BadLine { path, line, reason: reason.to_owned() }
    }
}

/// The receive time and where the JSON text begins.
fn split(line: &[u8]) -> Option<(Timestamp, usize)> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let digits = std::str::from_utf8(&line[..space]).ok()?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: i64 = digits.parse().ok()?;
    let time = match space {
        19 => Timestamp::from_nanos(count),
        16 => Timestamp::from_nanos(count.checked_mul(1_000)?),
        _ => return None,
    };
    (line.get(space + 1) == Some(&b'{')).then_some((time, space + 1))
}

/// Whether a last line without a line break is whole all the same.
fn is_complete(line: &[u8]) -> bool {
    split(line).is_some_and(|(_, start)| {
        serde_json::from_slice::<serde::de::IgnoredAny>(&line[start..]).is_ok()
    })
}

fn read_up_to(input: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match input.read(&mut into[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
