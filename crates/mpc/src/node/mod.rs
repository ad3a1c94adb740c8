//! One of the three computing processes: sessions, limits, log.
