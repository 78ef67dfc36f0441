//! What the tests of this crate share: the shipped library, the vectors, reading decimals.
#![allow(dead_code)]

use rust_decimal::Decimal;
use serde_json::Value;
use standards::Library;
use standards::air::Air;
use std::path::{Path, PathBuf};

pub fn library() -> std::sync::Arc<Library> {
    Library::embedded().unwrap()
}

pub fn air() -> Air {
    Air::load(library()).unwrap()
}

/// The session's shared data, when this checkout has it beside it.
pub fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    file.exists().then_some(file)
}

pub fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

/// The project's own copy of the vectors, and the shared original where it exists.
pub fn vectors() -> Vec<Value> {
    let mut files = vec![fixture("aqi_vectors.json")];
    if let Some(path) = shared("data/air/aqi_vectors.json") {
        files.push(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap());
    }
    files
}

/// A decimal given as a string or a JSON number.
pub fn decimal(value: &Value) -> Decimal {
    optional_decimal(value).unwrap_or_else(|| panic!("{value} is not a decimal"))
}

pub fn optional_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.parse().unwrap()),
        Value::Number(number) => Some(number.to_string().parse().unwrap()),
        other => panic!("{other} is not a decimal"),
    }
}
