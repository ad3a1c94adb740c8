//! The Parquet schema of a kind.

use std::{path::Path, sync::Arc};

use parquet::{
    basic::{LogicalType, Repetition, TimeUnit, Type as Physical},
    schema::types::{SchemaDescriptor, Type, TypePtr},
};

use crate::{
    error::ReadError,
    kind::{Column, Kind, Meaning},
};

/// Digits of a decimal column; the most that 64 bits hold.
const PRECISION: i32 = 18;

/// Decimals of the price and quantity columns of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scales {
    pub(crate) price: u8,
    pub(crate) quantity: u8,
}

impl Scales {
    /// The decimals of a column, `None` for one that is not a decimal.
    pub(crate) const fn of(self, meaning: Meaning) -> Option<u8> {
        match meaning {
            Meaning::Price => Some(self.price),
            Meaning::Quantity => Some(self.quantity),
            Meaning::Fixed(decimals) => Some(decimals),
            Meaning::Time | Meaning::Count | Meaning::Flag => None,
        }
    }
}

/// The schema of a file.
pub(super) fn schema(kind: Kind, scales: Scales) -> TypePtr {
    let fields = kind.columns().iter().map(|column| Arc::new(field(column, scales))).collect();
    let built = Type::group_type_builder("schema").with_fields(fields).build();
    Arc::new(built.expect("a flat list of fields is a schema"))
}

fn field(column: &Column, scales: Scales) -> Type {
    let flag = column.meaning == Meaning::Flag;
    let physical = if flag { Physical::BOOLEAN } else { Physical::INT64 };
    let repetition = if column.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    let mut builder =
        Type::primitive_type_builder(column.name, physical).with_repetition(repetition);
    if column.meaning == Meaning::Time {
        builder = builder.with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::NANOS)));
    }
    if let Some(scale) = scales.of(column.meaning) {
        let scale = i32::from(scale);
        builder = builder
            .with_logical_type(Some(LogicalType::decimal(scale, PRECISION)))
            .with_precision(PRECISION)
            .with_scale(scale);
    }
    builder.build().expect("the table of columns holds valid types")
}

/// Checks that a file has the columns of its kind, and tells their decimals.
pub(super) fn scales_of(
    path: &Path,
    kind: Kind,
    schema: &SchemaDescriptor,
) -> Result<Scales, ReadError> {
    let columns = kind.columns();
    if schema.num_columns() != columns.len() {
        let reason = format!(
            "{kind} have {} columns, this file has {}",
            columns.len(),
            schema.num_columns()
        );
        return Err(ReadError::damaged(path, reason));
    }
    let mut scales = Scales::default();
    for (place, column) in columns.iter().enumerate() {
        let found = schema.column(place);
        let scale = match found.logical_type_ref() {
            Some(LogicalType::Decimal(decimal)) => u8::try_from(decimal.scale).ok(),
            _ => None,
        };
        match column.meaning {
            Meaning::Price => scales.price = scale.unwrap_or(u8::MAX),
            Meaning::Quantity => scales.quantity = scale.unwrap_or(u8::MAX),
            _ => {}
        }
        let expected = field(column, scales);
        if *found.self_type() != expected {
            let reason =
                format!("column {} is not the {} that {kind} have", place + 1, column.name);
            return Err(ReadError::damaged(path, reason));
        }
    }
    Ok(scales)
}
