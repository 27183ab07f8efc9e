//! One person's data: taken out as an archive, or erased, as a job with a proof ([decision 45](../../../docs/decisions/0045-one-persons-data.md)).
//!
//! Owns what belongs to a person in all tables and files of a company, and what becomes of it. It finds tables and columns in
//! the database itself, so that a table of tomorrow is not forgotten; what is left on purpose stands in [`erase::LEFT`] with
//! its reason. A proof never holds a personal datum.

mod archive;
pub mod desk;
pub mod erase;
mod find;
pub mod subject;
mod tar;
pub mod terms;
pub mod work;
