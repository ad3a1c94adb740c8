//! The facts about the recorded instrument, in a file beside the recording.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::instrument::InstrumentSpec;

use super::CaptureError;

/// `recording.txt.zst` has `recording.txt.zst.instruments.json` beside it.
fn path_of(capture: &Path) -> PathBuf {
    let mut name = capture.as_os_str().to_owned();
    name.push(".instruments.json");
    name.into()
}

pub(super) fn write(capture: &Path, specs: &[InstrumentSpec]) -> Result<(), CaptureError> {
    let path = path_of(capture);
    serde_json::to_vec_pretty(specs)
        .map_err(io::Error::from)
        .and_then(|text| fs::write(&path, text))
        .map_err(|source| CaptureError::Write { path, source })
}

/// The facts, empty when there is no such file.
pub(super) fn read(capture: &Path) -> Result<Vec<InstrumentSpec>, CaptureError> {
    let path = path_of(capture);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(CaptureError::Open { path, source }),
    };
    serde_json::from_slice(&text).map_err(|error| CaptureError::BadLine {
        path,
        line: error.line() as u64,
        reason: error.to_string(),
    })
}
