//! Whole calls through the carrier look-alike, on both databases.

mod callbacks;
mod contacts;
mod flow_transfers;
mod flows;
mod inbound;
mod live_hold;
mod live_supervise;
mod live_transfer;
mod many;
mod messages;
mod nodes;
mod numbers;
mod offers;
mod presence;
mod queue_flows;
mod races;
mod recording;
mod replay;
mod requests;
mod restart;
mod secure_digits;
mod supervisor;
mod surveys;
mod sweeper;
mod voicemail;
