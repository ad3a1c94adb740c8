//! What participants ask for, each with its plain reference and its list of leaks.
