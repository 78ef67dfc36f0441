//! Codes that are retired (停用): readable where a record says them, taken by no record anew. Pure.

use serde_json::Value;

use crate::catalog::Catalog;
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::record::{Content, Record};

/// The first retired code that a record says where its older revision did not, with the field's label.
pub fn code_taken_anew(
    definition: &LedgerDefinition,
    catalog: &Catalog,
    content: &Content,
    old: Option<&Record>,
) -> Option<(String, String)> {
    taken_anew(definition, catalog, content, old).map(|(field, code)| (field.label.zh.clone(), code))
}

/// The same with the field.
pub fn taken_anew<'d>(
    definition: &'d LedgerDefinition,
    catalog: &Catalog,
    content: &Content,
    old: Option<&Record>,
) -> Option<(&'d Field, String)> {
    definition.fields.iter().find_map(|field| {
        let codes = retired_of(field, catalog, content.values.get(&field.id)?);
        let before = old.and_then(|old| old.content.values.get(&field.id));
        // Each is known as often as it was there: a new row of a table does not take it because an old one has it.
        let mut known = before.map(|value| retired_of(field, catalog, value)).unwrap_or_default();
        let code = codes.into_iter().find(|code| {
            let place = known.iter().position(|known| known == code);
            place.map(|place| known.swap_remove(place)).is_none()
        })?;
        Some((field, code))
    })
}

/// Retired codes in a value of a field, those of lists and of columns too; a column's with its name before them.
fn retired_of(field: &Field, catalog: &Catalog, value: &Value) -> Vec<String> {
    let retired = |list: &str, value: &Value| -> Option<String> {
        let code = catalog.code_list(list)?.find(value.as_str()?)?;
        code.retired.then(|| code.code.clone())
    };
    let items = || value.as_array().map(Vec::as_slice).unwrap_or_default();
    match &field.kind {
        FieldType::Code(list) => retired(list, value).into_iter().collect(),
        FieldType::List(kind) => match &**kind {
            FieldType::Code(list) => items().iter().filter_map(|item| retired(list, item)).collect(),
            _ => Vec::new(),
        },
        FieldType::Table(columns) => {
            let cells = items().iter().flat_map(|row| columns.iter().map(move |column| (column, row.get(&column.id))));
            cells
                .filter_map(|(column, cell)| match &column.kind {
                    FieldType::Code(list) => Some(format!("{}={}", column.id, retired(list, cell?)?)),
                    _ => None,
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Part, PartKind};
    use serde_json::json;

    fn content(kinds: &Value) -> Content {
        let values = json!({ "kinds": kinds });
        serde_json::from_value(json!({
            "key": "k", "title": { "zh": "试", "en": "t" }, "values": values, "location": null, "source": "试验", "version": 1,
        }))
        .unwrap()
    }

    /// `kinds` of a penalty, a list or a table with the column `kind`.
    fn check(old: Option<Value>, new: Value, expect: Option<&str>) {
        let text = include_str!("../../../model/codes/penalty_kind.toml")
            .replace("code = \"warning\"", "code = \"warning\"\nretired = true");
        let part = Part { kind: PartKind::Codes, id: "penalty_kind".to_owned() };
        let catalog = crate::built_in::catalog().unwrap().with(&[(part, Some(text.into()))]).unwrap();
        let mut penalty = catalog.ledger("penalty").unwrap().clone();
        if new[0].is_object() {
            let field = penalty.fields.iter_mut().find(|field| field.id == "kinds").unwrap();
            let kind = FieldType::Code("penalty_kind".to_owned());
            field.kind = FieldType::Table(vec![Field { id: "kind".to_owned(), kind, ..field.clone() }]);
        }
        let definition = &penalty;
        let old = old.map(|kinds| Record {
            id: kernel::Id(1),
            ledger: "penalty".to_owned(),
            revision: 1,
            updated_at: kernel::Timestamp(0),
            updated_by: String::new(),
            deleted: None,
            content: content(&kinds),
        });
        let found = code_taken_anew(definition, &catalog, &content(&new), old.as_ref());
        assert_eq!(found.map(|(_, code)| code).as_deref(), expect, "{new}");
    }

    #[test]
    fn a_retired_code_stays_where_it_stands_and_is_taken_no_more() {
        check(None, json!(["fine"]), None);
        check(None, json!(["fine", "warning"]), Some("warning"));
        check(Some(json!(["fine"])), json!(["fine", "warning"]), Some("warning"));
        check(Some(json!(["warning"])), json!(["fine", "warning"]), None);
        let row = |kind: &str| json!({ "kind": kind });
        check(Some(json!([row("warning")])), json!([row("fine"), row("warning")]), None);
        check(
            Some(json!([row("warning"), row("fine")])),
            json!([row("warning"), row("warning")]),
            Some("kind=warning"),
        );
    }
}
