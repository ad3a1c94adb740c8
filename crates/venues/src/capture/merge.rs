//! Several recordings as one, by receive time.

use domain::Timestamp;

use super::{CaptureError, CaptureReader};

/// Hands out the lines of several recordings in the order of their receive times; at equal
/// times the recording named first comes first, and within a recording the file's order
/// always stays.
pub struct Merge {
    lanes: Vec<Lane>,
}

struct Lane {
    reader: CaptureReader,
    /// The next line: its time (never before the one before it) and its text.
    head: Option<Timestamp>,
    text: Vec<u8>,
}

impl Merge {
    /// Starts reading.
    ///
    /// # Errors
    /// [`CaptureError`] of a first line.
    pub fn new(readers: Vec<CaptureReader>) -> Result<Self, CaptureError> {
        let lane = |reader| Lane { reader, head: None, text: Vec::with_capacity(4_096) };
        let mut lanes: Vec<_> = readers.into_iter().map(lane).collect();
        lanes.iter_mut().try_for_each(Lane::advance)?;
        Ok(Self { lanes })
    }

    /// Swaps the next line's text into `text`, and tells its recording and its time.
    ///
    /// # Errors
    /// [`CaptureError`] of the line that follows in the same recording.
    pub fn next_into(
        &mut self,
        text: &mut Vec<u8>,
    ) -> Result<Option<(usize, Timestamp)>, CaptureError> {
        let Some((time, index)) = self.first() else { return Ok(None) };
        std::mem::swap(text, &mut self.lanes[index].text);
        self.lanes[index].advance()?;
        Ok(Some((index, time)))
    }

    /// When the next line was received.
    #[must_use]
    pub fn next_time(&self) -> Option<Timestamp> {
        self.first().map(|(time, _)| time)
    }

    fn first(&self) -> Option<(Timestamp, usize)> {
        let heads = self.lanes.iter().enumerate();
        heads.filter_map(|(index, lane)| Some((lane.head?, index))).min()
    }
}

impl Lane {
    fn advance(&mut self) -> Result<(), CaptureError> {
        let before = self.head.take();
        if let Some(line) = self.reader.next_line()? {
            self.text.clear();
            self.text.extend_from_slice(line.text);
            self.head = Some(before.map_or(line.time, |before| before.max(line.time)));
        }
        Ok(())
    }
}
