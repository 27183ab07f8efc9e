pub mod centre;
pub mod database;
