//! Recordings of raw frames into the catalogue, by the same translator that `replay` uses.

use std::path::{Path, PathBuf};

use domain::{MarketEvent, Timestamp};
use history::{EventIntake, ImportError, ImportReport, IntakeSettings, Target};
use venues::capture::{EventSink, Played};

use super::{Failure, not_imported};
use crate::command::{loading, replay};

pub(super) fn import(
    files: &[PathBuf],
    target: Target,
    settings: IntakeSettings,
) -> Result<ImportReport, Failure> {
    let loaded = loading::load_built_in("built-in", CONFIG, &[], &[])?;
    let (instruments, facts) = replay::instruments(&loaded.config, files)?;
    let mut player = replay::player(&loaded.config, &instruments, &facts, files)?;
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let intake = EventIntake::begin(target, settings, &instruments, &paths);
    let mut sink = Collect { intake: intake.map_err(not_imported)?, failure: None };
    loop {
        let turn = player.play(&mut sink).map_err(anyhow::Error::from)?;
        if let Some(error) = sink.failure {
            return Err(not_imported(error));
        }
        if turn == Played::Finished {
            break;
        }
    }
    let unreadable = player.health().counters.parse_errors;
    if unreadable > 0 {
        let text = format!("{unreadable} frames of the recordings cannot be read");
        return Err(Failure::Failed(anyhow::anyhow!(text)));
    }
    sink.intake.commit().map_err(not_imported)
}

/// All streams that recordings may hold; what is traded does not matter here.
const CONFIG: &str = include_str!("frames.toml");

struct Collect {
    intake: EventIntake,
    failure: Option<ImportError>,
}

impl EventSink for Collect {
    fn event(&mut self, received: Timestamp, event: MarketEvent<'_>) {
        if self.failure.is_none()
            && let Err(error) = self.intake.event(received, &event)
        {
            self.failure = Some(error);
        }
    }
}
