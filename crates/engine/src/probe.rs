//! A place to measure from inside a step, for owners that have a clock.
//!
//! The engine is pure and cannot time itself. Whoever steps it may hand in a [`Probe`]; the
//! one that [`Engine::step`](crate::Engine::step) uses does nothing and compiles to nothing.

/// Hears when a part of a step begins and ends. Must not influence anything.
pub trait Probe {
    /// The features of one book change are about to be computed.
    fn features_started(&mut self);
    /// They are up to date.
    fn features_done(&mut self);
}

/// Measures nothing.
impl Probe for () {
    #[inline]
    fn features_started(&mut self) {}

    #[inline]
    fn features_done(&mut self) {}
}
