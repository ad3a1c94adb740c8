//! Replicated secret sharing of bits and field elements, and shared randomness.
