//! Full-text search by pairs of characters (二元组): a two-character Chinese word must be found. Pure.

use std::collections::BTreeSet;

use serde_json::Value;
use store::Migration;

use crate::definition::{FieldType, LedgerDefinition};
use crate::record::Content;
use crate::unit::narrow;

/// Characters of a record that are indexed; a longer one is found by its beginning.
const MOST_CHARACTERS: usize = 4_000;
/// Words of a question that are told apart.
const MOST_WORDS: usize = 8;

/// Pairs of neighbouring characters, without those that span a blank.
pub fn grams(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().take(MOST_CHARACTERS).collect();
    let pairs: BTreeSet<String> = characters
        .windows(2)
        .filter(|pair| pair.iter().all(|character| character.is_alphanumeric()))
        .map(|pair| pair.iter().collect())
        .collect();
    pairs.into_iter().collect()
}

/// Lower-case text of a record, without sensitive fields: what cannot be read cannot be searched for either.
pub fn text_of(content: &Content, definition: &LedgerDefinition) -> String {
    let mut text = format!("{} {} {}", content.key, content.title.zh, content.title.en);
    for field in definition.fields.iter().filter(|field| !field.sensitive) {
        if let Some(value) = content.values.get(&field.id) {
            add(value, &mut text);
        }
    }
    for part in [&content.source, &content.note, &content.location_note] {
        text.push(' ');
        text.push_str(part);
    }
    for tag in &content.tags {
        text.push(' ');
        text.push_str(tag);
    }
    folded(&text).chars().take(MOST_CHARACTERS).collect()
}

/// Older text was not folded so: every ledger is indexed anew once. Whoever changes [`folded`] adds another one.
pub const FOLDED: Migration = Migration {
    mechanism: "register_search",
    number: 1,
    sql: "INSERT INTO definition_indexing (division, ledger) SELECT DISTINCT division, ledger FROM record
          WHERE true ON CONFLICT DO NOTHING",
};

/// Lower case, with full-width letters and digits as the narrow ones: however somebody types, the same is found.
pub fn folded(text: &str) -> String {
    let fold = |character: char| match character {
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' => narrow(character),
        other => other,
    };
    text.chars().map(fold).collect::<String>().to_lowercase()
}

/// Words of a question, between blanks; what follows the last that is told apart is one with it.
pub fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if words.len() > MOST_WORDS {
        let rest = words.split_off(MOST_WORDS - 1).join(" ");
        words.push(rest);
    }
    words.dedup();
    words
}

fn add(value: &Value, text: &mut String) {
    match value {
        Value::String(word) => {
            text.push(' ');
            text.push_str(word);
        }
        Value::Array(items) => items.iter().for_each(|item| add(item, text)),
        Value::Object(fields) => fields.values().for_each(|item| add(item, text)),
        _ => {}
    }
}

/// A value that a record is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Indexed {
    pub field: String,
    pub value: String,
    /// The list filters by it: it is kept in blocks too. Numbers that are unique would make a block each.
    pub filter: bool,
}

/// What a ledger is filtered by: the declared fields, and what every record has.
pub fn filters_of(definition: &LedgerDefinition) -> Vec<&str> {
    definition.filters.iter().map(String::as_str).chain(OWN).collect()
}

/// Values of the declared filter fields, of unique fields and of links, each once; a list counts with each of its
/// entries.
pub fn fields_of(content: &Content, definition: &LedgerDefinition) -> Vec<Indexed> {
    let mut found = BTreeSet::new();
    let of = |field: &str, value: String| Indexed {
        field: field.to_owned(),
        value,
        filter: filters_of(definition).contains(&field),
    };
    let indexed = definition.fields.iter().filter(|field| {
        field.unique || definition.filters.contains(&field.id) || matches!(field.kind, FieldType::Link(_))
    });
    for field in indexed.map(|field| &field.id) {
        match content.values.get(field) {
            Some(Value::Array(items)) => {
                found.extend(items.iter().filter_map(word).map(|value| of(field, value)));
            }
            Some(value) => found.extend(word(value).map(|value| of(field, value))),
            None => {}
        }
    }
    found.extend(content.tags.iter().map(|tag| of("tags", tag.clone())));
    for (flag, name) in [(content.simulated, "simulated"), (content.schematic, "schematic")] {
        if flag {
            found.insert(of(name, "true".to_owned()));
        }
    }
    found.into_iter().collect()
}

/// Filters of every ledger.
const OWN: [&str; 3] = ["tags", "simulated", "schematic"];

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_chinese_and_of_letters() {
        assert_eq!(grams("龙潭河"), ["潭河", "龙潭"]);
        assert_eq!(grams("a b"), Vec::<String>::new());
        assert_eq!(grams("河"), Vec::<String>::new());
    }
}
