//! Whether what a designer writes makes sense: rules that can hold, formulas that can be computed, labels that tell
//! fields apart. Pure.

use std::collections::{BTreeMap, HashSet};

use expression::{Expression, ExpressionError};
use kernel::FactValue;

use crate::catalog::Catalog;
use crate::colour::TODAY;
use crate::definition::{Field, FieldType, LedgerDefinition};

/// Texts of which one is right for whatever a formula makes of a text: a number, a word, a date, a time.
const TEXTS: [&str; 4] = ["1", "x", "2026-01-02", "2026-01-02T00:00:00+08:00"];

/// What does not make sense, in Chinese and English.
pub fn complaints(catalog: &Catalog, ledger: &LedgerDefinition) -> Vec<(String, String)> {
    let mut found = same_labels(&ledger.fields);
    for columns in ledger.fields.iter().filter_map(|field| match &field.kind {
        FieldType::Table(columns) => Some(columns),
        _ => None,
    }) {
        found.extend(same_labels(columns));
    }
    found.extend(formulas_without_value(catalog, ledger));
    let colours = ledger.colours.iter().map(|rule| &rule.when);
    let rules = colours.chain(ledger.duties.iter().filter_map(|duty| duty.done.as_ref()));
    found.extend(rules.filter(|rule| !can_hold(catalog, ledger, rule)).map(|rule| {
        (format!("“{rule}”不是条件，得不出真假"), format!("`{rule}` is no condition: it is neither true nor false"))
    }));
    found
}

/// Sheets whose headings are labels would fill the wrong one.
fn same_labels(fields: &[Field]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut labels: HashSet<&str> = HashSet::new();
    for field in fields.iter().filter(|field| !field.retired) {
        let (id, label) = (&field.id, field.label.zh.trim());
        if !labels.insert(label) {
            let what = (format!("两个字段都叫“{label}”"), format!("two fields are called `{label}`"));
            found.push(what);
        }
        if let Some(other) = fields.iter().find(|other| other.id != *id && other.id == label) {
            let (other, zh) = (&other.id, format!("字段“{id}”的名称是另一个字段的编号“{}”", other.id));
            found.push((zh, format!("the label of `{id}` is the id of another field, `{other}`")));
        }
    }
    found
}

/// A rule that no typical record makes true or false never holds. What lacks data or divides by zero may.
fn can_hold(catalog: &Catalog, ledger: &LedgerDefinition, rule: &str) -> bool {
    let Ok(expression) = Expression::compile(rule) else { return true };
    TEXTS.iter().any(|text| match expression.evaluate(&typical(catalog, &ledger.fields, text)) {
        Ok(evaluated) => matches!(evaluated.value, FactValue::Bool(_) | FactValue::Missing),
        Err(error) => !matches!(error, ExpressionError::Evaluation(_)),
    })
}

/// Derived fields that no typical record has a value of, such as a number times a text.
fn formulas_without_value(catalog: &Catalog, ledger: &LedgerDefinition) -> Vec<(String, String)> {
    let mut earlier: Vec<BTreeMap<String, FactValue>> = vec![BTreeMap::new(); TEXTS.len()];
    let mut found = Vec::new();
    for derived in &ledger.derived {
        let Ok(expression) = Expression::compile(&derived.formula) else { continue };
        let columns = match derived.of.as_ref().and_then(|(table, _)| ledger.field(table)).map(|field| &field.kind) {
            Some(FieldType::Table(columns)) => columns.as_slice(),
            _ => ledger.fields.as_slice(),
        };
        let mut has_value = false;
        for (text, earlier) in TEXTS.iter().zip(&mut earlier) {
            let mut facts = typical(catalog, columns, text);
            facts.extend(earlier.clone());
            let value = match expression.evaluate(&facts) {
                Ok(evaluated) => evaluated.value,
                Err(ExpressionError::Evaluation(_)) => continue,
                Err(_) => FactValue::Missing,
            };
            has_value = true;
            earlier.insert(derived.id.clone(), value);
        }
        if !has_value {
            let (id, formula) = (&derived.id, &derived.formula);
            found.push((
                format!("派生字段“{id}”的公式“{formula}”算不出：类型不合"),
                format!("the formula `{formula}` of `{id}` cannot be computed over fields of these types"),
            ));
            TEXTS.iter().zip(&mut earlier).for_each(|(_, earlier)| {
                earlier.insert(id.clone(), FactValue::Missing);
            });
        }
    }
    found
}

/// What a record may say, with this for its texts.
fn typical(catalog: &Catalog, fields: &[Field], text: &str) -> BTreeMap<String, FactValue> {
    let value = |field: &Field| (field.id.clone(), of_type(catalog, &field.kind, text));
    let today = (TODAY.to_owned(), FactValue::Text("2026-01-02".to_owned()));
    fields.iter().map(value).chain([today]).collect()
}

fn of_type(catalog: &Catalog, kind: &FieldType, text: &str) -> FactValue {
    match kind {
        FieldType::Integer => FactValue::Integer(1),
        FieldType::Decimal => FactValue::Number(1.5),
        FieldType::Bool => FactValue::Bool(true),
        FieldType::Date => FactValue::Text("2026-01-02".to_owned()),
        FieldType::DateTime => FactValue::Text("2026-01-02T00:00:00+08:00".to_owned()),
        FieldType::Code(list) => {
            let first = catalog.code_list(list).and_then(|list| list.codes.first());
            FactValue::Text(first.map_or(text, |code| code.code.as_str()).to_owned())
        }
        FieldType::Text | FieldType::Link(_) => FactValue::Text(text.to_owned()),
        FieldType::List(_) => FactValue::List(vec![FactValue::Text(text.to_owned())]),
        // Formulas see neither the rows of tables nor places.
        FieldType::Table(_) => FactValue::List(Vec::new()),
        FieldType::Location => FactValue::Missing,
    }
}
