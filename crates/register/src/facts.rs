//! Facts (事实) about ledgers: counts and sums of records, as they stood at the end of a year or stand now.

use std::collections::HashSet;

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
        with_date.extend([
            argument("linked", "只数另一台账里有对应记录的", "only what has a record in another ledger"),
            argument("linked_by", "另一台账里写明对应谁的字段", "the field of the other ledger that says of what"),
            argument("linked_date", "另一台账里须落在当年的日期字段", "the date of the other that lies in the year"),
            argument(
                "own",
                "与之相比的本台账字段；不写为编号",
                "the field that it is compared with; the key without it",
            ),
        ]);
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
        let (mut undecided, mut undated) = (0usize, 0usize);
        let linked = self.linked(query, &prefix, end)?;
        let own = query.text("own").ok();
        let mut chosen: Vec<&(kernel::Id, Content)> = Vec::new();
        for record in &all {
            let dated = date.map(|field| record.1.text(field).unwrap_or_default());
            let within = dated.is_none_or(|date| date.starts_with(&prefix));
            let whose = own.map_or(Some(record.1.key.as_str()), |field| record.1.text(field)).map(bare);
            let linked = linked.as_ref().map(|keys| whose.map(|key| keys.contains(key)));
            let holds = match &condition {
                None => FactValue::Bool(true),
                Some(condition) => {
                    let found = condition.evaluate(&facts_of(definition, &record.1, today));
                    found.map_err(|error| Problem::invalid(format!("{ledger}: {error}")))?.value
                }
            };
            match holds {
                // Without a date nobody knows in which year it was.
                FactValue::Bool(true) if dated == Some("") => undated += 1,
                FactValue::Bool(true) if linked == Some(None) => undecided += 1,
                FactValue::Bool(true) if within && linked != Some(Some(false)) => chosen.push(record),
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
        if undated > 0 {
            missing.push(Name::new(
                format!("{undated} 条记录没有填日期，不知在哪一年"),
                format!("{undated} records have no date"),
            ));
        }
        missing.extend(self.fewer_than_stated(ledger, all.len(), end)?);
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
        let mut evidence: Vec<Evidence> = chosen
            .iter()
            .take(MOST_EVIDENCE)
            .map(|(id, content)| Evidence { label: content.title.clone(), href: format!("/api/records/{id}") })
            .collect();
        let rest = chosen.len().saturating_sub(MOST_EVIDENCE);
        if rest > 0 {
            evidence.push(Evidence {
                label: Name::new(format!("其余 {rest} 条"), format!("{rest} more")),
                href: format!("/api/ledgers/{ledger}/records"),
            });
        }
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

impl Register {
    /// What records of the other ledger name, where a fact asks for linked ones.
    fn linked(&self, query: &FactQuery, prefix: &str, end: Timestamp) -> Result<Option<HashSet<String>>, Problem> {
        let Ok(ledger) = query.text("linked") else { return Ok(None) };
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        let by = query.text("linked_by")?;
        let date = query.text("linked_date").ok();
        for field in [Some(by), date].into_iter().flatten() {
            if definition.field(field).is_none() {
                return Err(Problem::invalid(format!("{ledger} 没有字段“{field}” (no such field)")));
            }
        }
        let others = self.contents_at(ledger, end)?;
        let within = |content: &Content| {
            date.is_none_or(|field| content.text(field).is_some_and(|date| date.starts_with(prefix)))
        };
        let named = others.iter().filter(|(_, content)| within(content)).filter_map(|(_, content)| content.text(by));
        Ok(Some(named.map(|key| bare(key).to_owned()).collect()))
    }

    /// That the plan states more than the ledger holds (原文数目): what is counted is not all there is.
    fn fewer_than_stated(&self, ledger: &str, held: usize, end: Timestamp) -> Result<Option<Name>, Problem> {
        const STATED: &str = "stated_count";
        if ledger == STATED || self.catalog().ledger(STATED).is_none() {
            return Ok(None);
        }
        let stated = self.contents_at(STATED, end)?;
        let of_ledger = stated.iter().filter(|(_, content)| content.text("of_ledger") == Some(ledger));
        let most = of_ledger.filter_map(|(_, content)| whole(content.text("stated_count")?)).max();
        Ok(most.filter(|most| *most > held).map(|most| {
            Name::new(
                format!("规划写明 {most}，台账只有 {held} 条"),
                format!("the plan states {most}, the ledger holds {held}"),
            )
        }))
    }
}

/// The whole part of a stated count.
fn whole(text: &str) -> Option<usize> {
    text.trim().split('.').next()?.parse().ok()
}

/// The key of a link, with or without its ledger before it.
fn bare(link: &str) -> &str {
    link.rsplit(':').next().unwrap_or(link)
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
