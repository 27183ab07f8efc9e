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
mod outbound;
mod outbound_faults;
mod presence;
mod races;
mod recording;
mod restart;
mod supervisor;
mod sweeper;
mod voicemail;
