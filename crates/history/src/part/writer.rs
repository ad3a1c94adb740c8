//! Writes rows, a group at a time.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use parquet::{
    basic::{Compression, Encoding, ZstdLevel},
    data_type::{BoolType, Int64Type},
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr},
        writer::SerializedFileWriter,
    },
    schema::types::ColumnPath,
};

use super::schema::{Scales, schema};
use crate::{
    error::ImportError,
    kind::{Kind, Meaning, Row},
};

/// Rows of a group, all of which are in memory while it is written.
const GROUP: usize = 65_536;
/// Rows of a page, which a reader has in memory for each column.
const PAGE: usize = 8_192;

/// The values of one column that are not yet written.
#[derive(Default)]
struct Pending {
    /// Those that are present.
    values: Vec<i64>,
    /// One for each row of an optional column: 1 where there is a value.
    levels: Vec<i16>,
}

/// A file that is being written. It must be finished, or it is no Parquet file.
pub(crate) struct PartWriter {
    path: PathBuf,
    kind: Kind,
    writer: SerializedFileWriter<File>,
    pending: Vec<Pending>,
    waiting: usize,
    flags: Vec<bool>,
}

impl PartWriter {
    /// A new file.
    pub(crate) fn create(path: &Path, kind: Kind, scales: Scales) -> Result<Self, ImportError> {
        let failed = |error: std::io::Error| ImportError::write(path, error);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = File::create(path).map_err(failed)?;
        let writer = SerializedFileWriter::new(file, schema(kind, scales), properties(kind))
            .map_err(|error| ImportError::write(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            kind,
            writer,
            pending: kind.columns().iter().map(|_| Pending::default()).collect(),
            waiting: 0,
            flags: Vec::new(),
        })
    }

    /// Adds a row, which must not come before the last one.
    pub(crate) fn push(&mut self, row: &Row) -> Result<(), ImportError> {
        for (place, (column, pending)) in
            self.kind.columns().iter().zip(&mut self.pending).enumerate()
        {
            let value = row.get(place);
            if !column.required {
                pending.levels.push(i16::from(value.is_some()));
            }
            pending.values.extend(value);
        }
        self.waiting += 1;
        if self.waiting < GROUP { Ok(()) } else { self.flush() }
    }

    /// Writes what waits and the end of the file. Whoever commits it brings it to the disk.
    pub(crate) fn finish(mut self) -> Result<(), ImportError> {
        self.flush()?;
        let finished = self.writer.finish();
        finished.map(|_| ()).map_err(|error| ImportError::write(&self.path, error))
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        if self.waiting == 0 {
            return Ok(());
        }
        self.write_group().map_err(|error| ImportError::write(&self.path, error))?;
        self.waiting = 0;
        for pending in &mut self.pending {
            pending.values.clear();
            pending.levels.clear();
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (column, pending) in self.kind.columns().iter().zip(&self.pending) {
            let mut writer = group.next_column()?.expect("the schema has the kind's columns");
            let levels = (!column.required).then_some(pending.levels.as_slice());
            if column.meaning == Meaning::Flag {
                self.flags.clear();
                self.flags.extend(pending.values.iter().map(|value| *value != 0));
                writer.typed::<BoolType>().write_batch(&self.flags, levels, None)?;
            } else {
                writer.typed::<Int64Type>().write_batch(&pending.values, levels, None)?;
            }
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }
}

/// Neighbouring values differ little, so differences are stored, and those are compressed.
fn properties(kind: Kind) -> WriterPropertiesPtr {
    let level = ZstdLevel::try_new(3).expect("3 is a level");
    let mut builder = WriterProperties::builder()
        .set_created_by("algopioneer".into())
        .set_compression(Compression::ZSTD(level))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_write_batch_size(PAGE)
        .set_data_page_row_count_limit(PAGE);
    for column in kind.columns().iter().filter(|column| column.meaning != Meaning::Flag) {
        let path = ColumnPath::from(column.name);
        builder = builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    Arc::new(builder.build())
}
