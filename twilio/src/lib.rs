#![doc = include_str!("../README.md")]

#[macro_use]
mod names;
mod moment;

pub mod access_token;
pub mod rest;
pub mod signature;
pub mod twiml;
pub mod webhook;
