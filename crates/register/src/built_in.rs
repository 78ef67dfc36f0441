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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_model_is_right() {
        let catalog = match catalog() {
            Ok(catalog) => catalog,
            Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        };
        assert!(catalog.ledgers().count() >= 70);
        let groups = catalog.code_list("ledger_group").unwrap();
        for ledger in catalog.ledgers() {
            assert!(groups.find(&ledger.group).is_some(), "{}: group {}", ledger.id, ledger.group);
            assert!(
                files().contains_key(&format!("ledgers/{}.toml", ledger.id)),
                "{} is in a file of another name",
                ledger.id
            );
        }
    }
}
