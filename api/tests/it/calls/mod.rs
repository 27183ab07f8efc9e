//! Whole calls through the carrier look-alike, on both databases.

mod callbacks;
mod flows;
mod inbound;
mod many;
mod nodes;
mod numbers;
mod offers;
mod overflow;
mod queue_rules;
mod races;
mod restart;
mod voicemail;
mod why;
