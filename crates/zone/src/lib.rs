//! Boundaries (分区) and the admission check (准入审查): which rules hit a site, why, and what was not known.
//!
//! - [`shape`]: geometry from GeoJSON, checked; [`frame`]: coordinate systems met in the field (crate `geometry`).
//! - [`layer`]: zones of one kind with dates of effect, and the index that finds them.
//! - [`rule`]: admission rules as data (`model/rules/*.toml`), each with its tests beside it.
//! - [`admission`]: site + industry + attributes → every rule hit with its basis. Pure.
//! - [`compare`]: a saved answer beside what the same question brings now. Pure.
//! - [`industry`]: codes of industries, and which there are. Pure.
//! - [`picture`]: a layer as a map draws it, within bounds. Pure.
//! - [`document`]: a saved check as a docx.
//!
//! Invariants: "allowed" is never said while a layer that a rule needs is absent, or incomplete where that could
//! change the answer, nor of an industry code that does not exist; what was written before a question counts; a
//! schematic (示意) layer is named as such in every answer that rests on it; areas and distances are geodesic on WGS-84.

pub mod admission;
pub mod compare;
pub mod document;
pub mod http;
pub mod industry;
pub mod layer;
pub mod model;
pub mod ops;
pub mod picture;
pub mod rows;
pub mod rule;

pub use geometry::{frame, shape};

pub use admission::{Answer, Site, Verdict, check};
pub use layer::{Layer, LayerSet, Zone};
pub use model::LayerPlan;
pub use ops::Zones;
pub use rows::MIGRATIONS;
pub use rule::{Rule, RuleBook};
