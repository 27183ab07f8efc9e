//! What is written beside the values of a closed enum, for whoever reads the specification of the API.

/// A closed enum with its doc comments, a line each.
pub trait Documented {
    /// What it is about.
    const ABOUT: &'static str;

    /// What this value means; empty when its name says it.
    fn about(self) -> &'static str;
}
