//! Facts (事实) about ledgers: counts and sums of records, as they stood at the end of a year or stand now.

use expression::Expression;
use kernel::fact::{Evidence, FactDescription};
use kernel::{Day, Fact, FactQuery, FactSource, FactValue, Name, Problem, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::colour::facts_of;
use crate::ops::{Register, definition_of};
use crate::record::Content;

const COUNT: &str = "register.count";
const SUM: &str = "register.sum";
/// Names of all facts, for whoever checks formulas without a running register.
pub const FACT_NAMES: [&str; 2] = [COUNT, SUM];
const MOST_EVIDENCE: usize = 50;

impl FactSource for Register {
    fn describe(&self) -> Vec<FactDescription> {
        let argument = |name: &str, zh: &str, en: &str| (name.to_owned(), Name::new(zh, en));
        let common = || {
            vec![
                argument("year", "年末（当年为现在）的状态", "as of the end of the year, or now"),
                argument("ledger", "台账", "ledger"),
                argument("when", "CEL 条件，用台账字段", "CEL over the fields of the ledger"),
            ]
        };
        let mut with_date = common();
        with_date.push(argument("date", "只数这个日期字段落在当年的", "only where this date lies in the year"));
        let mut with_field = common();
        with_field.push(argument("field", "求和的字段", "field to be summed"));
        vec![
            FactDescription {
                name: COUNT.into(),
                label: Name::new("台账记录数", "records of a ledger"),
                arguments: with_date.into_iter().collect(),
                unit: String::new(),
            },
            FactDescription {
                name: SUM.into(),
                label: Name::new("台账字段合计", "sum of a field of a ledger"),
                arguments: with_field.into_iter().collect(),
                unit: String::new(),
            },
        ]
    }

    fn answer(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        let year = i32::try_from(query.integer("year")?).ok().filter(|year| (1970..2200).contains(year));
        let year = year.ok_or_else(|| Problem::invalid("year 不在 1970～2199 (out of range)"))?;
        let ledger = query.text("ledger")?;
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        let end = Day::from_civil(year + 1, 1, 1).start().min(now);
        let all = self.contents_at(ledger, end)?;
        let condition = match query.arguments.get("when") {
            Some(FactValue::Text(source)) => Some(compile(source)?),
            _ => None,
        };
        let today = end.day();
        let date = query.text("date").ok();
        let prefix = format!("{year}-");
        let mut undecided = 0usize;
        let mut chosen: Vec<&(kernel::Id, Content)> = Vec::new();
        for record in &all {
            let within = date.is_none_or(|field| {
                record
                    .1
                    .values
                    .get(field)
                    .and_then(|value| value.as_str())
                    .is_some_and(|date| date.starts_with(&prefix))
            });
            let holds = match &condition {
                None => FactValue::Bool(true),
                Some(condition) => {
                    let found = condition.evaluate(&facts_of(definition, &record.1, today));
                    found.map_err(|error| Problem::invalid(format!("{ledger}: {error}")))?.value
                }
            };
            match holds {
                FactValue::Bool(true) if within => chosen.push(record),
                // What the record does not say is neither yes nor no.
                FactValue::Missing => undecided += 1,
                _ => {}
            }
        }
        let mut missing = Vec::new();
        if all.is_empty() {
            missing.push(Name::new(
                format!("台账“{}”在 {year} 年没有记录", definition.name.zh),
                format!("the ledger {} has no records in {year}", definition.name.en),
            ));
        }
        if undecided > 0 {
            missing.push(Name::new(
                format!("{undecided} 条记录没有填条件所用的字段"),
                format!("{undecided} records do not say what the condition asks"),
            ));
        }
        let (value, unit) = match query.name.as_str() {
            COUNT => (FactValue::Integer(chosen.len() as i64), String::new()),
            SUM => {
                let field = query.text("field")?;
                let known = definition.field(field);
                let known =
                    known.ok_or_else(|| Problem::invalid(format!("{ledger} 没有字段“{field}” (no such field)")))?;
                let values: Vec<Decimal> =
                    chosen.iter().filter_map(|(_, content)| decimal(content.values.get(field)?)).collect();
                let lacking = chosen.len() - values.len();
                if lacking > 0 {
                    missing.push(Name::new(
                        format!("{lacking} 条记录没有填“{}”", known.label.zh),
                        format!("{lacking} records have no {}", known.label.en),
                    ));
                }
                let sum = (!values.is_empty()).then(|| values.iter().sum::<Decimal>()).and_then(|sum| sum.to_f64());
                (sum.map_or(FactValue::Missing, FactValue::Number), known.unit.clone().unwrap_or_default())
            }
            other => return Err(Problem::not_found(format!("没有事实“{other}” (no such fact)"))),
        };
        let simulated = chosen.iter().any(|(_, content)| content.simulated);
        let evidence = chosen
            .iter()
            .take(MOST_EVIDENCE)
            .map(|(id, content)| Evidence { label: content.title.clone(), href: format!("/api/records/{id}") })
            .collect();
        Ok(Fact {
            value: if all.is_empty() { FactValue::Missing } else { value },
            unit,
            as_of: now,
            method: Name::new(
                format!("台账“{}”{} 条中 {} 条符合", definition.name.zh, all.len(), chosen.len()),
                format!("{} of {} records of the ledger {}", chosen.len(), all.len(), definition.name.en),
            ),
            evidence,
            missing,
            simulated,
        })
    }
}

fn compile(source: &str) -> Result<Expression, Problem> {
    Expression::compile(source).map_err(|error| Problem::invalid(format!("{source}: {error}")))
}

fn decimal(value: &serde_json::Value) -> Option<Decimal> {
    match value {
        serde_json::Value::String(text) => text.parse().ok(),
        serde_json::Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}
