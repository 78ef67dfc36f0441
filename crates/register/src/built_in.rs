//! The ledgers and code lists of `model/`, carried in the binary.

use crate::catalog::{Catalog, Files};
use crate::problem::PackProblem;

mod files {
    include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
}

/// The files as they stand in `model/`.
pub fn files() -> Files {
    files::FILES.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// The built-in catalog. It fails only when a file of `model/` is wrong, which a test of this crate excludes.
pub fn catalog() -> Result<Catalog, Vec<PackProblem>> {
    Catalog::load(&files())
}
