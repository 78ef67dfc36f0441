//! Derived fields (派生字段): values that CEL formulas compute from a record each time it is shown, never stored and
//! never typed. A formula over a table is applied to each row, then totalled; later ones may use earlier ones.

use std::collections::{BTreeMap, HashMap};

use expression::Expression;
use kernel::{Day, FactValue, Name};
use serde::Serialize;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::colour::{TODAY, fact_of, facts_of};
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::problem::{Findings, ProblemCode};
use crate::reader::TableReader;
use crate::record::Content;

/// How values of rows become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Total {
    Sum,
    Max,
}

/// A derived field as its ledger defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    pub id: String,
    pub label: Name,
    pub help: Option<Name>,
    pub unit: Option<String>,
    /// Table field whose rows the formula is applied to.
    pub of: Option<(String, Total)>,
    /// CEL over fields (or columns), earlier derived fields and `today`.
    pub formula: String,
    /// Decimal places of a number.
    pub places: u32,
}

/// A computed value, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DerivedValue {
    pub id: String,
    pub label: Name,
    pub help: Option<Name>,
    pub unit: Option<String>,
    pub formula: String,
    pub value: Option<String>,
    pub missing: Option<Name>,
}

/// Reads the `[[derived]]` tables of a ledger.
pub fn read(reader: &mut TableReader<'_>, fields: &[Field], findings: &mut Findings) -> Vec<Derived> {
    let mut found: Vec<Derived> = Vec::new();
    for mut item in reader.tables("derived", findings) {
        let table = item.optional_text("of", findings);
        let total = match item.optional_text("total", findings).as_deref() {
            Some("max") => Total::Max,
            _ => Total::Sum,
        };
        let derived = Derived {
            id: item.text("id", findings),
            label: item.name("label", findings),
            help: item.optional_name("help", findings),
            unit: item.optional_text("unit", findings),
            of: table.map(|table| (table, total)),
            formula: item.text("formula", findings),
            places: item.number("places", findings).unwrap_or(2),
        };
        if let Some(complaint) = complaint(&derived, fields, &found) {
            findings.add(
                item.file,
                item.at,
                ProblemCode::WrongShape,
                (
                    format!("派生字段“{}”：{complaint}", derived.id),
                    format!("derived field `{}`: {complaint}", derived.id),
                ),
                ("改正 CEL 公式".into(), "correct the CEL formula".into()),
            );
        }
        item.finish(findings);
        found.push(derived);
    }
    found
}

/// What is wrong with a formula: it does not compile, or reads what is not there.
fn complaint(derived: &Derived, fields: &[Field], earlier: &[Derived]) -> Option<String> {
    if fields.iter().any(|field| field.id == derived.id) || earlier.iter().any(|one| one.id == derived.id) {
        return Some("编号已用 (the id is taken)".to_owned());
    }
    let expression = match Expression::compile(&derived.formula) {
        Ok(expression) => expression,
        Err(error) => return Some(error.to_string()),
    };
    let columns = match &derived.of {
        None => fields,
        Some((table, _)) => match fields.iter().find(|field| field.id == *table).map(|field| &field.kind) {
            Some(FieldType::Table(columns)) => columns.as_slice(),
            _ => return Some(format!("没有表格字段“{table}” (no such table field)")),
        },
    };
    let known = |name: &String| {
        name == TODAY
            || columns.iter().any(|field| field.id == *name)
            || (derived.of.is_none() && earlier.iter().any(|one| one.id == *name))
    };
    let unknown = expression.variables().iter().find(|name| !known(name))?;
    Some(format!("没有字段“{unknown}” (there is no such field)"))
}

/// Compiled formulas by ledger.
#[derive(Debug, Default)]
pub struct DerivedBook(HashMap<String, Vec<(Expression, Derived)>>);

impl DerivedBook {
    pub fn new(catalog: &Catalog) -> Self {
        let compiled = |ledger: &LedgerDefinition| {
            let formulas = ledger.derived.iter();
            formulas.filter_map(|one| Some((Expression::compile(&one.formula).ok()?, one.clone()))).collect()
        };
        Self(catalog.ledgers().map(|ledger| (ledger.id.clone(), compiled(ledger))).collect())
    }

    /// Values for a record. Formulas over fields that `seen` refuses are left out.
    pub fn of(
        &self,
        definition: &LedgerDefinition,
        content: &Content,
        today: Day,
        seen: impl Fn(&Field) -> bool,
    ) -> Vec<DerivedValue> {
        let Some(formulas) = self.0.get(&definition.id).filter(|formulas| !formulas.is_empty()) else {
            return Vec::new();
        };
        let mut facts = facts_of(definition, content, today);
        for field in definition.fields.iter().filter(|field| !seen(field)) {
            facts.insert(field.id.clone(), FactValue::Missing);
        }
        let mut found = Vec::with_capacity(formulas.len());
        for (expression, derived) in formulas {
            let result = match &derived.of {
                None => evaluated(expression, &facts),
                Some((table, total)) => {
                    let field = definition.field(table).filter(|field| seen(field));
                    field.map_or(Ok(FactValue::Missing), |field| totalled(expression, field, content, *total))
                }
            };
            let (value, missing) = match result {
                Ok(FactValue::Missing) => (FactValue::Missing, Some(Name::new("资料不全", "data are missing"))),
                Ok(value) => (value, None),
                Err(why) => (FactValue::Missing, Some(why)),
            };
            found.push(DerivedValue {
                id: derived.id.clone(),
                label: derived.label.clone(),
                help: derived.help.clone(),
                unit: derived.unit.clone(),
                formula: derived.formula.clone(),
                value: text_of(&value, derived.places),
                missing,
            });
            facts.insert(derived.id.clone(), value);
        }
        found
    }
}

fn evaluated(expression: &Expression, facts: &BTreeMap<String, FactValue>) -> Result<FactValue, Name> {
    match expression.evaluate(facts) {
        Ok(evaluated) => Ok(evaluated.value),
        Err(error) => Err(Name::new(format!("算不出：{error}"), format!("cannot be computed: {error}"))),
    }
}

/// A total leaves no row out: one that cannot be computed is named.
fn totalled(expression: &Expression, field: &Field, content: &Content, total: Total) -> Result<FactValue, Name> {
    let FieldType::Table(columns) = &field.kind else { return Ok(FactValue::Missing) };
    let Some(Value::Array(rows)) = content.values.get(&field.id) else { return Ok(FactValue::Missing) };
    let mut found: Option<f64> = None;
    for (place, row) in rows.iter().enumerate() {
        let facts: BTreeMap<String, FactValue> =
            columns.iter().map(|column| (column.id.clone(), fact_of(column, row.get(&column.id)))).collect();
        let number = match evaluated(expression, &facts)? {
            FactValue::Number(number) if number.is_finite() => number,
            FactValue::Integer(number) => number as f64,
            _ => {
                let (zh, en) = (&field.label.zh, &field.label.en);
                return Err(Name::new(
                    format!("“{zh}”第 {} 行资料不全", place + 1),
                    format!("row {} of {en} lacks data", place + 1),
                ));
            }
        };
        found = Some(match (found, total) {
            (None, _) => number,
            (Some(sum), Total::Sum) => sum + number,
            (Some(most), Total::Max) => most.max(number),
        });
    }
    Ok(found.map_or(FactValue::Missing, FactValue::Number))
}

fn text_of(value: &FactValue, places: u32) -> Option<String> {
    match value {
        FactValue::Missing => None,
        FactValue::Number(number) => Some(format!("{number:.*}", places as usize)),
        FactValue::Integer(number) => Some(number.to_string()),
        FactValue::Text(text) => Some(text.clone()),
        FactValue::Bool(flag) => Some(if *flag { "是".to_owned() } else { "否".to_owned() }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The derived values of a risk source with these materials.
    fn check(materials: Value, expect: [Option<&str>; 2]) {
        let catalog = crate::built_in::catalog().unwrap();
        let definition = catalog.ledger("risk_source").unwrap();
        let mut content: Content = serde_json::from_value(json!({
            "key": "r", "title": { "zh": "", "en": "" }, "values": {}, "location": null, "source": "", "version": 1,
        }))
        .unwrap();
        content.values.insert("materials".into(), materials);
        let values = DerivedBook::new(&catalog).of(definition, &content, Day::from_civil(2026, 11, 25), |_| true);
        let found: Vec<Option<&str>> = values.iter().map(|one| one.value.as_deref()).collect();
        assert_eq!(found, expect, "{values:?}");
        assert!(values.iter().all(|one| one.value.is_some() != one.missing.is_some()));
    }

    #[test]
    fn the_q_value_of_a_risk_source() {
        check(json!([{ "name": "氨", "stored": "3", "threshold": "5" }]), [Some("0.60"), Some("Q0")]);
        check(
            json!([{ "name": "氨", "stored": "20", "threshold": "5" }, { "name": "氯", "stored": "6", "threshold": "1" }]),
            [Some("10.00"), Some("Q2")],
        );
        // A substance without an amount makes the sum unknown, not smaller.
        check(
            json!([{ "name": "氨", "stored": "3", "threshold": "5" }, { "name": "氯", "threshold": "1" }]),
            [None, None],
        );
        check(json!([{ "name": "氨", "stored": "3", "threshold": "0" }]), [None, None]);
        check(json!([]), [None, None]);
    }

    #[test]
    fn a_formula_over_what_is_not_there_is_reported() {
        let field = |text: &str| {
            let table = crate::cell::from_toml(&format!(
                "id='t'\nname={{zh='t',en='t'}}\ngroup='risk'\nkey='n'\ntitle='n'\ngeometry='none'\n[[field]]\nid='n'\nlabel={{zh='n',en='n'}}\ntype='text'\n[[derived]]\nid='d'\nlabel={{zh='d',en='d'}}\n{text}"
            ))
            .unwrap();
            let mut findings = Findings::new();
            LedgerDefinition::parse("t.toml", &table, &mut findings);
            findings.list.iter().map(|problem| problem.what.en.clone()).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(field("formula=\"n == 'a'\""), "");
        assert!(field("formula='x + 1'").contains("no such field"));
        assert!(field("formula='n +'").contains("derived field `d`"));
        assert!(field("formula='n'\nof='n'").contains("no such table field"));
    }
}
