//! National environmental standards as dated data, and the evaluation methods they prescribe (标准与评价方法).
//!
//! Map: [`library`] holds every standard with its tables, sources and dates of effect; each domain module
//! ([`air`], [`noise`], …) parses typed views out of the same tables and evaluates measurements with them.
//!
//! Invariants: nothing here performs I/O except [`library::Library::from_folder`], reads a clock or imports another
//! crate of ours; no limit or breakpoint is written in code (they are cells of `data/**/*.toml`); a figure marked
//! unsure is shown but never judged by until confirmed; where a text prescribes rounding the arithmetic is exact
//! (decimals or scaled integers, never binary floats).

pub mod air;
pub mod coverage;
pub mod date;
pub mod decimal;
pub mod electromagnetic;
pub mod flow;
pub mod groundwater;
pub mod library;
pub mod measure;
pub mod noise;
pub mod soil;
pub mod sources;
pub mod statistics;
pub mod text;
pub mod water;

pub use date::Date;
pub use library::{Library, NotCovered, Standard, Table};
pub use rust_decimal::Decimal;
pub use text::{NoTrace, Step, Text, Trace};
