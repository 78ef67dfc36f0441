//! Colours of records (着色规则): the first rule of the ledger whose CEL expression holds.

use std::collections::{BTreeMap, HashMap};

use expression::Expression;
use kernel::{Day, FactValue};
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::definition::{ColourRule, Field, FieldType, LedgerDefinition};
use crate::record::Content;

/// Compiled rules by ledger. A rule that does not compile has been reported with the definition and is left out.
#[derive(Debug, Default)]
pub struct ColourBook(HashMap<String, Vec<(Expression, ColourRule)>>);

/// The variable that holds today's date, `2026-11-24`.
pub const TODAY: &str = "today";

impl ColourBook {
    pub fn new(catalog: &Catalog) -> Self {
        let compiled = |ledger: &LedgerDefinition| {
            let rules = ledger.colours.iter();
            rules.filter_map(|rule| Some((Expression::compile(&rule.when).ok()?, rule.clone()))).collect()
        };
        Self(catalog.ledgers().map(|ledger| (ledger.id.clone(), compiled(ledger))).collect())
    }

    /// The rule that holds for a record.
    pub fn of(&self, definition: &LedgerDefinition, content: &Content, today: Day) -> Option<&ColourRule> {
        let place = self.place_of(definition, content, today)?;
        self.0.get(&definition.id)?.get(place).map(|(_, rule)| rule)
    }

    /// Its place among the ledger's rules. A rule over a field that the record does not have does not hold.
    pub fn place_of(&self, definition: &LedgerDefinition, content: &Content, today: Day) -> Option<usize> {
        let rules = self.0.get(&definition.id).filter(|rules| !rules.is_empty())?;
        let facts = facts_of(definition, content, today);
        let holds = |expression: &Expression| {
            expression.evaluate(&facts).is_ok_and(|evaluated| evaluated.value == FactValue::Bool(true))
        };
        rules.iter().position(|(expression, _)| holds(expression))
    }
}

pub(crate) fn facts_of(definition: &LedgerDefinition, content: &Content, today: Day) -> BTreeMap<String, FactValue> {
    let mut facts: BTreeMap<String, FactValue> = definition
        .fields
        .iter()
        .map(|field| (field.id.clone(), fact_of(field, content.values.get(&field.id))))
        .collect();
    facts.insert(TODAY.to_owned(), FactValue::Text(today.to_iso()));
    facts
}

pub(crate) fn fact_of(field: &Field, value: Option<&Value>) -> FactValue {
    match (value, &field.kind) {
        (Some(Value::Bool(flag)), _) => FactValue::Bool(*flag),
        (Some(Value::Number(number)), _) => number.as_i64().map_or(FactValue::Missing, FactValue::Integer),
        // A colour needs no exactness.
        (Some(Value::String(text)), FieldType::Decimal) => {
            let number = text.parse::<rust_decimal::Decimal>().ok().and_then(|number| number.to_f64());
            number.map_or(FactValue::Missing, FactValue::Number)
        }
        (Some(Value::String(text)), _) => FactValue::Text(text.clone()),
        (Some(Value::Array(items)), _) => {
            let texts = items.iter().filter_map(Value::as_str).map(|text| FactValue::Text(text.to_owned()));
            FactValue::List(texts.collect())
        }
        _ => FactValue::Missing,
    }
}

/// What is wrong with a rule: it does not compile, or it reads what the ledger does not have.
pub fn complaint(rule: &str, fields: &[Field]) -> Option<String> {
    match Expression::compile(rule) {
        Err(error) => Some(error.to_string()),
        Ok(expression) => {
            let known = |name: &String| name == TODAY || fields.iter().any(|field| field.id == *name);
            let unknown = expression.variables().iter().find(|name| !known(name))?;
            Some(format!("没有字段“{unknown}” (there is no such field)"))
        }
    }
}
