//! Opens files, compressed or not, and reads them line by line in constant memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::error::ImportError;

/// The longest line of a table.
const LONGEST_LINE: u64 = 1 << 20;
/// The longest document or line of one.
const LONGEST_DOCUMENT: u64 = 1 << 28;

/// Takes the texts of a file: its own, or those that an archive holds.
pub(super) type TakeText<'a> = dyn FnMut(&str, &mut dyn BufRead) -> Result<(), ImportError> + 'a;

/// Hands over the text of a file, with the name it has without its compression.
pub(super) fn texts(
    path: &Path,
    progress: &mut dyn FnMut(u64),
    take: &mut TakeText<'_>,
) -> Result<(), ImportError> {
    let open = |source: io::Error| ImportError::Open { path: path.to_owned(), source };
    if path.is_dir() {
        return Err(open(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
    }
    let file = File::open(path).map_err(open)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    match extension.to_lowercase().as_str() {
        "zst" => {
            let decoder = zstd::Decoder::new(Counting { file, progress }).map_err(open)?;
            take(stem, &mut BufReader::with_capacity(65_536, decoder))
        }
        "gz" => {
            let decoder = flate2::read::MultiGzDecoder::new(Counting { file, progress });
            take(stem, &mut BufReader::with_capacity(65_536, decoder))
        }
        "zip" => archive(path, file, take),
        _ => take(&name, &mut BufReader::with_capacity(65_536, Counting { file, progress })),
    }
}

fn archive(path: &Path, file: File, take: &mut TakeText<'_>) -> Result<(), ImportError> {
    let damaged = |error: zip::result::ZipError| ImportError::Damaged {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(damaged)?;
        if entry.is_file() {
            let name = entry.name().map_or_else(|_| String::new(), |name| name.to_string());
            take(&name, &mut BufReader::with_capacity(65_536, entry))?;
        }
    }
    Ok(())
}

/// Tells how many bytes of the file were read.
struct Counting<'a> {
    file: File,
    progress: &'a mut dyn FnMut(u64),
}

impl Read for Counting<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out)?;
        (self.progress)(read as u64);
        Ok(read)
    }
}

/// SHA-256 of a file in hexadecimal.
pub(crate) fn hash_of(path: &Path) -> Result<String, ImportError> {
    let mut hash = Sha256::new();
    hash_into(path, &mut hash)
        .map_err(|source| ImportError::Open { path: path.to_owned(), source })?;
    Ok(hex::encode(hash.finalize()))
}

/// Adds a file's bytes to a hash.
pub(crate) fn hash_into(path: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut block = vec![0; 65_536];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(()),
            read => hash.update(&block[..read]),
        }
    }
}

/// The lines of a text.
pub(super) struct Lines<'a> {
    path: PathBuf,
    reader: &'a mut dyn BufRead,
    line: Vec<u8>,
    number: u64,
    longest: u64,
}

impl<'a> Lines<'a> {
    /// Lines of a table.
    pub(super) fn of_table(path: &Path, reader: &'a mut dyn BufRead) -> Self {
        let path = path.to_owned();
        Self { path, reader, line: Vec::new(), number: 0, longest: LONGEST_LINE }
    }

    /// Lines that hold a document each.
    pub(super) fn of_documents(path: &Path, reader: &'a mut dyn BufRead) -> Self {
        Self { longest: LONGEST_DOCUMENT, ..Self::of_table(path, reader) }
    }

    /// The number of the last line, from 1.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not empty, without its end.
    pub(super) fn next(&mut self) -> Result<Option<&str>, ImportError> {
        loop {
            self.line.clear();
            let read = (&mut *self.reader).take(self.longest).read_until(b'\n', &mut self.line);
            let read = read.map_err(|error| broken(&self.path, &error))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read as u64 == self.longest {
                return Err(self.wrong(format!("longer than {} bytes", self.longest)));
            }
            while self.line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                self.line.pop();
            }
            let mark: &[u8] = "\u{feff}".as_bytes();
            if self.number == 1 && self.line.starts_with(mark) {
                self.line.drain(..mark.len());
            }
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        match std::str::from_utf8(&self.line) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(ImportError::Row {
                path: self.path.clone(),
                row: self.number,
                field: "line".into(),
                reason: "it is not text".into(),
            }),
        }
    }

    fn wrong(&self, reason: String) -> ImportError {
        let path = self.path.clone();
        ImportError::Row { path, row: self.number, field: "line".into(), reason }
    }
}

/// All of a text that is one document.
pub(super) fn document(path: &Path, reader: &mut dyn BufRead) -> Result<String, ImportError> {
    let mut text = String::new();
    reader
        .take(LONGEST_DOCUMENT)
        .read_to_string(&mut text)
        .map_err(|error| broken(path, &error))?;
    if text.len() as u64 == LONGEST_DOCUMENT {
        let reason = "one document of more than 256 MiB".to_owned();
        return Err(ImportError::Damaged { path: path.to_owned(), reason });
    }
    Ok(text)
}

/// An error in the middle of a file means that its compression or the file is broken.
pub(super) fn broken(path: &Path, error: &io::Error) -> ImportError {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        _ => error.to_string(),
    };
    ImportError::Damaged { path: path.to_owned(), reason }
}
