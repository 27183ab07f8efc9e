//! Whole calls through the carrier look-alike, on both databases.

mod inbound;
