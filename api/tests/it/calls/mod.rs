//! Whole calls through the carrier look-alike, on both databases.

mod callbacks;
mod contacts;
mod flows;
mod inbound;
mod live_hold;
mod live_supervise;
mod live_transfer;
mod many;
mod nodes;
mod numbers;
mod offers;
mod overflow;
mod preferred;
mod presence;
mod queue_figures;
mod queue_moves;
mod queue_rules;
mod races;
mod recording;
mod restart;
mod supervisor;
mod sweeper;
mod voicemail;
mod why;
