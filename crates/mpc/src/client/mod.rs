//! A participant: shares its input, collects its result.
