//! Multiplication, the log of products, the check, and opening.
