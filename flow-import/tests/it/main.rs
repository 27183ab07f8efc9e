//! Imports as those who make them see them.

mod fixtures;
mod hostile;
mod kinds;
mod mapping;
mod others;
mod own;
mod routing;
mod settling;
mod support;
