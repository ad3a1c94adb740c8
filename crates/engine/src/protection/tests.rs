//! One rule of a protection a test.
