//! Whole calls through the carrier look-alike, on both databases.

mod callbacks;
mod flows;
mod inbound;
mod many;
mod nodes;
mod numbers;
mod offers;
mod races;
mod recording;
mod recordings_kept;
mod restart;
mod voicemail;
