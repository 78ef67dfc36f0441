//! The ledgers and code lists of `model/`, carried in the binary.

use crate::catalog::{Catalog, Files};
use crate::problem::PackProblem;

#[path = "built_in_files.rs"]
mod files;

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

    /// The list as it should be, by the folders.
    #[test]
    fn the_list_names_every_file() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut names = Vec::new();
        for folder in ["codes", "ledgers"] {
            let entries = std::fs::read_dir(root.join("../../model").join(folder)).unwrap();
            let mut found: Vec<String> =
                entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            found.retain(|name| name.ends_with(".toml"));
            found.sort();
            names.extend(found.into_iter().map(|name| format!("{folder}/{name}")));
        }
        if std::env::var_os("UPDATE").is_some() {
            let path = root.join("src/built_in_files.rs");
            let text = std::fs::read_to_string(&path).unwrap();
            let head = text.split_inclusive("files![\n").next().unwrap();
            let lines: String = names.iter().map(|name| format!("    \"{name}\",\n")).collect();
            std::fs::write(&path, format!("{head}{lines}];\n")).unwrap();
        }
        let listed: Vec<&str> = files::FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(listed, names, "UPDATE=1 writes the list anew");
    }

    #[test]
    fn every_file_of_model_is_right() {
        let catalog = match catalog() {
            Ok(catalog) => catalog,
            Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        };
        assert!(catalog.ledgers().count() >= 70);
        let groups = catalog.code_list("ledger_group").unwrap();
        let sections = catalog.code_list("file_section").unwrap();
        for ledger in catalog.ledgers() {
            assert!(groups.find(&ledger.group).is_some(), "{}: group {}", ledger.id, ledger.group);
            let section = ledger.section.as_deref().unwrap_or("other");
            assert!(sections.find(section).is_some(), "{}: section {section}", ledger.id);
            assert!(
                files().contains_key(&format!("ledgers/{}.toml", ledger.id)),
                "{} is in a file of another name",
                ledger.id
            );
        }
    }
}
