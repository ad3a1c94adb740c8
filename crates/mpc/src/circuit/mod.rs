//! Comparisons, conversions, shuffles: what functions are made of.
