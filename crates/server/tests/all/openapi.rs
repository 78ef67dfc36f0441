//! The OpenAPI document is whole: every reference leads somewhere, every operation has a name of its own.

use std::collections::BTreeSet;

use serde_json::Value;
use store::sqlite::SqliteOptions;

use crate::rig::{Folder, open};

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                found.insert(reference.to_owned());
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_document_is_whole() {
    let folder = Folder::new("openapi");
    let routes = open(&folder.0, SqliteOptions::default()).routes();
    let document = server::openapi::document(&routes.operations, "0");
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut names = BTreeSet::new();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{method} {path}");
            let named: Vec<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .filter_map(|parameter| parameter["name"].as_str())
                .collect();
            for name in &named {
                assert!(path.contains(&format!("{{{name}}}")), "{path}: {name}");
            }
            assert_eq!(path.matches('{').count(), named.len(), "{path}");
        }
    }
    // One entry a route: two routes under one name would hide each other.
    assert_eq!(operations, routes.operations.len());
}

/// The document as a file: what pages and partners build on changes in review, never by accident. The types of the web
/// app are made from it (`npm run api-types` in `web`).
#[test]
fn the_document_is_the_one_in_review() {
    let folder = Folder::new("openapi-golden");
    let routes = open(&folder.0, SqliteOptions::default()).routes();
    let document = server::openapi::document(&routes.operations, "0");
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    crate::golden::check("openapi.json", &text);
}
