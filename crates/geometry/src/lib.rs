//! Geometry (几何): what is read from people is checked before it is used. Pure; imports nothing of ours.
//!
//! - [`shape`]: geometry from GeoJSON, with areas and distances on the ellipsoid.
//! - [`frame`]: coordinate systems met in the field; [`reference_system`]: which of them a file is in.
//! - [`file`]: GeoJSON files and zipped shapefiles → features in WGS-84, bounded.
//!
//! Invariants: a [`shape::Shape`] lies in its extent, does not cross itself and is wound as RFC 7946 says;
//! everything read from a file has a bound.

pub mod file;
pub mod frame;
pub mod reference_system;
pub mod shape;

pub use file::{Feature, FeatureFile, FileError};
pub use reference_system::ReferenceSystem;
pub use shape::{Extent, Shape, ShapeError};
