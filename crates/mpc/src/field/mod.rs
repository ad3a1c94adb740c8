//! Arithmetic: bits in planes, integers modulo 2^61-1 and 2^127-1.
