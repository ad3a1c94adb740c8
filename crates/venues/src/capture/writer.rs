//! Writes a recording.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use domain::{Timestamp, instrument::InstrumentSpec};

use super::{CaptureError, sidecar};

/// Compressed frames are closed after this many bytes of text, so that a killed recorder
/// leaves a file of which only the last piece is lost.
const FRAME_BYTES: usize = 1 << 20;
const LEVEL: i32 = 3;

/// A recording being written.
pub struct CaptureWriter {
    path: PathBuf,
    output: Option<Output>,
    in_frame: usize,
    lines: u64,
}

enum Output {
    Plain(io::BufWriter<File>),
    Compressed(zstd::Encoder<'static, File>),
}

impl CaptureWriter {
    /// Begins a new file; one that ends in `.zst` is compressed. The facts about the
    /// instrument go into a file beside it.
    ///
    /// # Errors
    /// [`CaptureError::Exists`], [`CaptureError::Open`] or [`CaptureError::Write`].
    pub fn create(path: &Path, instrument: &InstrumentSpec) -> Result<Self, CaptureError> {
        let file =
            OpenOptions::new().write(true).create_new(true).open(path).map_err(|source| {
                let path = path.to_owned();
                match source.kind() {
                    io::ErrorKind::AlreadyExists => CaptureError::Exists { path },
                    _ => CaptureError::Open { path, source },
                }
            })?;
        sidecar::write(path, std::slice::from_ref(instrument))?;
        let write = |source| CaptureError::Write { path: path.to_owned(), source };
        let output = if path.extension().is_some_and(|extension| extension == "zst") {
            Output::Compressed(zstd::Encoder::new(file, LEVEL).map_err(write)?)
        } else {
            Output::Plain(io::BufWriter::new(file))
        };
        Ok(Self { path: path.to_owned(), output: Some(output), in_frame: 0, lines: 0 })
    }

    /// Appends one frame or snapshot. Line breaks within it, which JSON allows between
    /// tokens, become spaces.
    ///
    /// # Errors
    /// [`CaptureError::Write`].
    pub fn write(&mut self, time: Timestamp, text: &[u8]) -> Result<(), CaptureError> {
        self.lines += 1;
        self.in_frame += text.len();
        let result = self.append(time, text);
        self.named(result)?;
        if self.in_frame >= FRAME_BYTES { self.checkpoint() } else { Ok(()) }
    }

    fn append(&mut self, time: Timestamp, text: &[u8]) -> io::Result<()> {
        let out: &mut dyn Write = match &mut self.output {
            Some(Output::Plain(file)) => file,
            Some(Output::Compressed(encoder)) => encoder,
            None => return Err(io::Error::other("the recording has already failed")),
        };
        write!(out, "{:019} ", time.as_nanos())?;
        for (index, piece) in text.split(|byte| matches!(byte, b'\n' | b'\r')).enumerate() {
            if index > 0 {
                out.write_all(b" ")?;
            }
            out.write_all(piece)?;
        }
        out.write_all(b"\n")
    }

    /// Hands everything written so far to the system.
    ///
    /// # Errors
    /// [`CaptureError::Write`].
    pub fn checkpoint(&mut self) -> Result<(), CaptureError> {
        if self.in_frame == 0 {
            return Ok(());
        }
        self.in_frame = 0;
        let result = match self.output.take() {
            Some(Output::Plain(mut file)) => {
                file.flush().map(|()| self.output = Some(Output::Plain(file)))
            }
            Some(Output::Compressed(encoder)) => encoder
                .finish()
                .and_then(|file| zstd::Encoder::new(file, LEVEL))
                .map(|encoder| self.output = Some(Output::Compressed(encoder))),
            None => Ok(()),
        };
        self.named(result)
    }

    /// Ends the file. Returns the number of lines.
    ///
    /// # Errors
    /// [`CaptureError::Write`].
    pub fn finish(mut self) -> Result<u64, CaptureError> {
        let result = match self.output.take() {
            Some(Output::Plain(file)) => {
                file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|f| f.sync_all())
            }
            Some(Output::Compressed(encoder)) => encoder.finish().and_then(|file| file.sync_all()),
            None => Ok(()),
        };
        self.named(result).map(|()| self.lines)
    }

    /// Lines so far.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    fn named<T>(&self, result: io::Result<T>) -> Result<T, CaptureError> {
        result.map_err(|source| CaptureError::Write { path: self.path.clone(), source })
    }
}
