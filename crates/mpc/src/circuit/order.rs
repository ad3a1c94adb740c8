//! Sorting: shuffle, then compare in the open.
