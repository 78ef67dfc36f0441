//! Registers (台账): ledgers as data, and their records with revisions.
//!
//! - [`definition`], [`mod@format`], [`check_digit`], [`code`], [`catalog`], [`built_in`]: what ledgers there are; the
//!   built-in ones are in `model/`.
//! - [`cell`], [`value`], [`record`], [`location`]: one validator for county pack, imports and API.
//! - [`county`], [`pack`], [`pack_files`], [`simulation`]: the county pack (县域数据包), all or nothing.
//! - [`problem`]: findings with file, line, column, what and what to do.
//! - [`export`], [`sheet`], [`import`], `unit`: records out and in.
//! - [`attachment`], `drawing`, [`photo`], `film`, [`thumbnail`], [`attachment_rows`]: files on records, told by content.
//! - [`saved`], [`saved_rows`]: what a user keeps of a list: views and columns.
//! - [`points`], [`search`], [`colour`], [`derived`], [`duty`], [`clusters`]: what is derived from records.
//! - [`table_merge`]: two tables side by side when records are merged.
//! - [`ops`]: the service. [`rows`], [`list_rows`], [`link_rows`]: its SQL. [`http`]: routes.
//!
//! Invariants: a record is never overwritten, only revised; nothing is deleted, only marked with a reason;
//! what a person has edited is not replaced by a newer pack without being asked.

pub mod attachment;
pub mod attachment_rows;
mod block_rows;
pub mod built_in;
pub mod catalog;
pub mod cell;
pub mod check_digit;
pub mod clusters;
pub mod code;
pub mod colour;
pub mod county;
pub mod definition;
pub mod derived;
pub mod design;
mod drawing;
pub mod duty;
pub mod export;
mod facts;
mod film;
pub mod format;
pub mod http;
pub mod import;
mod index_rows;
pub mod link_rows;
pub mod list_rows;
pub mod location;
pub mod model;
pub mod ops;
pub mod outline;
pub mod pack;
pub mod pack_files;
pub mod photo;
pub mod points;
pub mod problem;
mod reader;
pub mod record;
mod retired;
pub mod rows;
pub mod saved;
pub mod saved_rows;
pub mod search;
pub mod sheet;
pub mod simulation;
pub mod table_merge;
pub mod thumbnail;
mod unit;
pub mod value;

pub use catalog::Catalog;
pub use facts::{complaint_about, fact_descriptions, unit_of, unknown_code};
pub use model::{DeviceBinding, LoadReport, Township};
pub use ops::{CountyView, Register};
pub use pack::Pack;
pub use rows::MIGRATIONS;
