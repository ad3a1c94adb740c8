//! Numbers with a binary point.
