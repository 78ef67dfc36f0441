//! A definition as TOML and as JSON. The page's form works on the JSON; what is kept is always the TOML.

use serde_json::{Map, Number, Value};

use crate::cell::{Cell, Raw, Table};

/// Longest text of a definition, in bytes.
pub const LONGEST: usize = 256 << 10;
/// An object that is no longer than this stands in one line.
const INLINE: usize = 110;
/// Tables in tables, at most. The schema of ledgers needs four.
const DEEPEST: usize = 8;

/// The table as JSON, keys in their order. A number that JSON cannot hold as it is written becomes text, which the
/// reader of definitions takes as well.
pub fn to_json(table: &Table) -> Map<String, Value> {
    table.entries.iter().map(|entry| (entry.key.clone(), value_of(&entry.cell))).collect()
}

fn value_of(cell: &Cell) -> Value {
    match &cell.raw {
        Raw::Text(text) | Raw::Moment(text) => Value::String(text.clone()),
        Raw::Number(digits) => number_of(digits).map_or_else(|| Value::String(digits.clone()), Value::Number),
        Raw::Bool(flag) => Value::Bool(*flag),
        Raw::List(items) => Value::Array(items.iter().map(value_of).collect()),
        Raw::Table(table) => Value::Object(to_json(table)),
    }
}

fn number_of(digits: &str) -> Option<Number> {
    if let Ok(whole) = digits.parse::<i64>() {
        return Some(Number::from(whole));
    }
    let number = Number::from_f64(digits.parse().ok()?)?;
    (number.to_string() == digits).then_some(number)
}

/// The JSON as TOML: plain keys first, then tables, then lists of tables, each in its order. `null`, and text, lists and
/// objects without anything in them, are left out: that is how a form says that there is none.
///
/// # Errors
/// When it is nested deeper than any definition.
pub fn to_toml(design: &Map<String, Value>) -> Result<String, String> {
    let mut text = String::new();
    section(design, "", 0, &mut text)?;
    Ok(text)
}

fn section(object: &Map<String, Value>, path: &str, depth: usize, text: &mut String) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("嵌套超过 {DEEPEST} 层 (nested too deep)"));
    }
    let given = || object.iter().filter(|(_, value)| !is_empty(value));
    for (key, value) in given() {
        if let Some(line) = inline_of(value, depth) {
            text.push_str(&format!("{} = {line}\n", key_of(key)));
        }
    }
    for (key, value) in given() {
        if let (Value::Object(inner), None) = (value, inline_of(value, depth)) {
            let path = join(path, key);
            text.push_str(&format!("\n[{path}]\n"));
            section(inner, &path, depth + 1, text)?;
        }
    }
    for (key, value) in given() {
        let (Value::Array(items), None) = (value, inline_of(value, depth)) else { continue };
        let path = join(path, key);
        for item in items {
            let Value::Object(inner) = item else {
                return Err(format!("“{key}”混有不同的东西 (mixed list)"));
            };
            text.push_str(&format!("\n[[{path}]]\n"));
            section(inner, &path, depth + 1, text)?;
        }
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}

/// What stands behind `key =`; `None` for what needs a section of its own.
fn inline_of(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let parts: Option<Vec<String>> = fields
                .iter()
                .filter(|(_, value)| !is_empty(value))
                .map(|(key, value)| Some(format!("{} = {}", key_of(key), inline_of(value, depth + 1)?)))
                .collect();
            let line = format!("{{ {} }}", parts?.join(", "));
            (depth < DEEPEST && line.chars().count() <= INLINE).then_some(line)
        }
        Value::Array(items) if items.iter().any(Value::is_object) => None,
        Value::Array(items) => {
            let parts: Option<Vec<String>> = items.iter().map(|item| inline_of(item, depth + 1)).collect();
            Some(format!("[{}]", parts?.join(", ")))
        }
        Value::String(text) => Some(toml::Value::String(text.clone()).to_string()),
        other => Some(other.to_string()),
    }
}

fn key_of(key: &str) -> String {
    let bare = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if !key.is_empty() && key.chars().all(bare) {
        return key.to_owned();
    }
    toml::Value::String(key.to_owned()).to_string()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key_of(key) } else { format!("{path}.{}", key_of(key)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, PartKind};
    use crate::cell;
    use serde_json::json;

    fn check(design: Value, expect: &str) {
        let Value::Object(design) = design else { panic!("an object") };
        let text = to_toml(&design).unwrap();
        assert_eq!(text, expect);
        cell::from_toml(&text).unwrap();
    }

    #[test]
    fn plain_keys_stand_before_tables_and_lists_of_tables_last() {
        check(
            json!({
                "field": [{ "id": "n", "label": { "zh": "名“称”", "en": "a \"name\"" } }],
                "id": "t", "version": 2, "min": 0.5, "filters": ["a", "b"], "help": null, "duty": [], "note": "",
                "observed": { "kind_field": "kind", "kinds": { "air": "air_station", "water": "water_section", "noise": "noise_point", "outlet 2": "air_outlet" } },
            }),
            "id = \"t\"\nversion = 2\nmin = 0.5\nfilters = [\"a\", \"b\"]\n\n[observed]\nkind_field = \"kind\"\nkinds = { air = \"air_station\", water = \"water_section\", noise = \"noise_point\", \"outlet 2\" = \"air_outlet\" }\n\n[[field]]\nid = \"n\"\nlabel = { zh = \"名“称”\", en = 'a \"name\"' }\n",
        );
    }

    #[test]
    fn what_is_nested_without_end_is_refused() {
        let mut deep = json!({ "a": "x".repeat(200) });
        for _ in 0..20 {
            deep = json!({ "a": [deep] });
        }
        let Value::Object(deep) = deep else { panic!("an object") };
        assert!(to_toml(&deep).unwrap_err().contains("nested"));
    }

    /// Every definition that ships goes through JSON and back without losing anything.
    #[test]
    fn every_built_in_definition_comes_back() {
        let catalog = crate::built_in::catalog().unwrap();
        let mut files = crate::catalog::Files::new();
        for (part, source) in catalog.sources() {
            let text = to_toml(&to_json(&cell::from_toml(&source.text).unwrap())).unwrap();
            files.insert(part.file(), text);
        }
        let again = Catalog::load(&files).unwrap_or_else(|problems| panic!("{problems:?}"));
        for (part, _) in catalog.sources() {
            match part.kind {
                PartKind::Ledger => assert_eq!(again.ledger(&part.id), catalog.ledger(&part.id)),
                PartKind::Codes => assert_eq!(again.code_list(&part.id), catalog.code_list(&part.id)),
            }
        }
    }
}
