#![doc = include_str!("../README.md")]

pub mod agora;
pub mod ice;
pub mod turn;
