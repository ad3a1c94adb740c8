//! Behaviour of the numbers at their borders.
