//! Facts (事实) about ledgers: counts and sums of records, as they stood at the end of a year or stand now.

use std::collections::{HashMap, HashSet};

use expression::Expression;
use kernel::fact::{Evidence, FactArgument, FactDescription};
use kernel::{Day, Fact, FactQuery, FactSource, FactValue, Id, Name, Problem, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::catalog::Catalog;
use crate::colour::{complaint, facts_of};
use crate::definition::LedgerDefinition;
use crate::ops::{Register, definition_of};
use crate::record::Content;

const COUNT: &str = "register.count";
const SUM: &str = "register.sum";
const LEAST_LINKED: &str = "register.least_linked";
const MOST_EVIDENCE: usize = 50;

/// All facts, for whoever checks formulas without a running register.
pub fn fact_descriptions() -> Vec<FactDescription> {
    let argument = |name: &str, zh: &str, en: &str| (name.to_owned(), FactArgument::new(Name::new(zh, en)));
    let common = || {
        vec![
            argument("year", "年末（当年为现在）的状态", "as of the end of the year, or now"),
            argument("ledger", "台账", "ledger"),
            argument(
                "when",
                "CEL 条件，用台账字段；today 为年末或今天",
                "CEL over the fields of the ledger; today is the last day of the year, or now",
            ),
            argument("date", "只数这个日期字段落在当年的", "only where this date lies in the year"),
            argument("since", "开始存在（生效）的日期字段", "the field that says since when it is there"),
            argument("until", "到何日为止的日期字段", "the field that says until when"),
            argument("linked", "只数另一台账里有对应记录的", "only what has a record in another ledger"),
            argument("linked_by", "另一台账里写明对应谁的字段", "the field of the other ledger that says of what"),
            argument("linked_when", "另一台账的 CEL 条件", "CEL over the fields of the other ledger"),
            argument("linked_date", "另一台账里须落在当年的日期字段", "the date of the other that lies in the year"),
            argument("linked_since", "另一台账里开始生效的日期字段", "since when the other holds"),
            argument("linked_until", "另一台账里失效的日期字段", "until when the other holds"),
            argument(
                "own",
                "与之相比的本台账字段；不写为编号",
                "the field that it is compared with; the key without it",
            ),
        ]
    };
    let mut with_field = common();
    with_field.push(argument("field", "求和的字段", "field to be summed"));
    let described = |name: &str, label: Name, mut arguments: Vec<(String, FactArgument)>, required: &[&str]| {
        for (argument, takes) in &mut arguments {
            takes.whole = argument == "year";
            takes.required = required.contains(&argument.as_str()) || argument == "year" || argument == "ledger";
        }
        FactDescription { name: name.into(), label, arguments: arguments.into_iter().collect(), unit: String::new() }
    };
    vec![
        described(COUNT, Name::new("台账记录数", "records of a ledger"), common(), &[]),
        described(SUM, Name::new("台账字段合计", "sum of a field of a ledger"), with_field, &["field"]),
        described(
            LEAST_LINKED,
            Name::new("对应记录最少的一条有几条对应记录", "the least number of linked records that any record has"),
            common(),
            &["linked", "linked_by"],
        ),
    ]
}

/// A code that the list of an argument does not have.
pub fn unknown_code(catalog: &Catalog, description: &FactDescription, query: &FactQuery) -> Option<Name> {
    description.arguments.iter().find_map(|(name, argument)| {
        let list = catalog.code_list(argument.codes.as_deref()?)?;
        let code = query.text(name).ok().filter(|code| list.find(code).is_none())?;
        Some(Name::new(
            format!("{name}：“{}”里没有“{code}”", list.name.zh),
            format!("{name}: {} has no `{code}`", list.name.en),
        ))
    })
}

/// The unit of an answer, where it follows from the arguments: a sum has that of its field.
pub fn unit_of(catalog: &Catalog, query: &FactQuery) -> Option<String> {
    let field = query.text("field").ok().filter(|_| query.name == SUM)?;
    catalog.ledger(query.text("ledger").ok()?)?.field(field)?.unit.clone()
}

/// What is wrong with the arguments of a question about ledgers, before anybody asks it; `None` for other facts.
pub fn complaint_about(catalog: &Catalog, query: &FactQuery) -> Option<Name> {
    let description = fact_descriptions().into_iter().find(|description| description.name == query.name)?;
    if let Some(why) = description.complaint(query) {
        return Some(why);
    }
    let said = |zh: String, en: String| Some(Name::new(zh, en));
    let of = |argument: &str| query.text(argument).ok();
    let ledgers = [
        ("ledger", ["date", "since", "until", "own", "field"].as_slice(), "when"),
        ("linked", &["linked_by", "linked_date", "linked_since", "linked_until"], "linked_when"),
    ];
    for (argument, fields, when) in ledgers {
        let Some(id) = of(argument) else {
            let wanted = argument == "ledger" || query.name == LEAST_LINKED || of("linked_by").is_some();
            if wanted {
                return said(format!("没有写 {argument}"), format!("`{argument}` is missing"));
            }
            continue;
        };
        let Some(ledger) = catalog.ledger(id) else {
            return said(format!("没有台账“{id}”"), format!("there is no ledger `{id}`"));
        };
        if let Some(field) = fields.iter().filter_map(|field| of(field)).find(|field| ledger.field(field).is_none()) {
            return said(format!("台账 {id} 没有字段“{field}”"), format!("the ledger {id} has no field `{field}`"));
        }
        if let Some(why) = of(when).and_then(|rule| complaint(rule, &ledger.fields)) {
            return said(format!("{when}：{why}"), format!("{when}: {why}"));
        }
    }
    let needs = [("linked_by", of("linked").is_some()), ("field", query.name == SUM)];
    let lacking = needs.into_iter().find(|(argument, wanted)| *wanted && of(argument).is_none());
    lacking.and_then(|(argument, _)| said(format!("没有写 {argument}"), format!("`{argument}` is missing")))
}

/// The time that a fact is asked for.
struct Time {
    /// `2026-`
    year: String,
    /// The last day of the year, or today.
    last_day: Day,
    end: Timestamp,
    now: Timestamp,
}

/// Which records a fact takes.
struct Sieve<'q> {
    condition: Option<Expression>,
    /// The date that lies in the year.
    date: Option<&'q str>,
    since: Option<&'q str>,
    until: Option<&'q str>,
}

/// How many records of another ledger name each key, and what that ledger does not know.
struct Linked {
    keys: HashMap<String, usize>,
    missing: Vec<Name>,
}

enum Judged {
    Within,
    Outside,
    /// Without a date nobody knows in which year it was.
    Undated,
    /// The condition asks what the record does not say.
    Undecided,
}

impl<'q> Sieve<'q> {
    /// From the arguments of a question, `prefix` before their names.
    fn of(query: &'q FactQuery, prefix: &str, definition: &LedgerDefinition) -> Result<Self, Problem> {
        let text = |name: &str| query.text(&format!("{prefix}{name}")).ok();
        let field = |name: &str| match text(name) {
            Some(field) if definition.field(field).is_none() => Err(no_field(&definition.id, field)),
            found => Ok(found),
        };
        let condition = text("when").map(compile).transpose()?;
        Ok(Self { condition, date: field("date")?, since: field("since")?, until: field("until")? })
    }

    /// Whether the records' own dates say in which year they count.
    fn is_dated(&self) -> bool {
        self.date.or(self.since).is_some()
    }

    /// Whether a record's own date is of that year, or before its end: then the year was written down, however late.
    fn tells_of(&self, content: &Content, time: &Time) -> bool {
        let last = time.last_day.to_iso();
        let date = |field: Option<&str>| field.and_then(|field| content.text(field)).unwrap_or_default();
        date(self.date).starts_with(&time.year)
            || (!date(self.since).is_empty() && date(self.since).get(..10).is_some_and(|since| since <= last.as_str()))
    }

    /// Dated records count in their year however late they were written; the state of others is that of the time.
    fn read_at(&self, time: &Time) -> Timestamp {
        if self.is_dated() { time.now } else { time.end }
    }

    /// `then`: the records that were written by the end of a year that is over.
    fn judge(
        &self,
        definition: &LedgerDefinition,
        (id, content): &(Id, Content),
        time: &Time,
        then: Option<&HashSet<Id>>,
    ) -> Result<Judged, Problem> {
        let date = |field: Option<&str>| {
            let text = field.map(|field| content.text(field).unwrap_or_default());
            text.map(|text| text.get(..10).unwrap_or(text))
        };
        let last = time.last_day.to_iso();
        let holds = match &self.condition {
            None => FactValue::Bool(true),
            Some(condition) => {
                let found = condition.evaluate(&facts_of(definition, content, time.last_day));
                found.map_err(|error| Problem::invalid(format!("{}: {error}", definition.id)))?.value
            }
        };
        match holds {
            FactValue::Bool(true) => {}
            FactValue::Missing => return Ok(Judged::Undecided),
            _ => return Ok(Judged::Outside),
        }
        // What does not say since when it is there was there when it was written, and nobody knows of before.
        let unknown = date(self.since) == Some("") && then.is_some_and(|then| !then.contains(id));
        if date(self.date) == Some("") || unknown {
            return Ok(Judged::Undated);
        }
        let within = date(self.date).is_none_or(|date| date.starts_with(&time.year) && date <= last.as_str())
            && date(self.since).is_none_or(|since| since <= last.as_str())
            && date(self.until).is_none_or(|until| until.is_empty() || until >= last.as_str());
        Ok(if within { Judged::Within } else { Judged::Outside })
    }

    fn method(&self, definition: &LedgerDefinition, all: usize, chosen: usize) -> Name {
        let (zh, en) = if self.is_dated() {
            ("，按现在台账里的日期判断", ", by the dates that the ledger now holds")
        } else {
            ("", "")
        };
        Name::new(
            format!("台账“{}”{all} 条中 {chosen} 条符合{zh}", definition.name.zh),
            format!("{chosen} of {all} records of the ledger {}{en}", definition.name.en),
        )
    }
}

fn no_field(ledger: &str, field: &str) -> Problem {
    Problem::invalid(format!("{ledger} 没有字段“{field}” (no such field)"))
}

impl FactSource for Register {
    fn describe(&self) -> Vec<FactDescription> {
        fact_descriptions()
    }

    fn answer(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        let year = i32::try_from(query.integer("year")?).ok().filter(|year| (1970..2200).contains(year));
        let year = year.ok_or_else(|| Problem::invalid("year 不在 1970～2199 (out of range)"))?;
        let ledger = query.text("ledger")?;
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        let end = Day::from_civil(year + 1, 1, 1).start().min(now);
        let last_day = Day::from_civil(year, 12, 31).min(now.day());
        let time = Time { year: format!("{year}-"), last_day, end, now };
        let sieve = Sieve::of(query, "", definition)?;
        let all = self.contents_at(ledger, sieve.read_at(&time))?;
        let then = self.written_by(ledger, &sieve, &time)?;
        let (mut undecided, mut undated) = (0usize, 0usize);
        let mut linked = self.linked(query, &time)?;
        let own = query.text("own").ok();
        let mut chosen: Vec<&(Id, Content)> = Vec::new();
        let mut least: Option<usize> = None;
        let mut told = !sieve.is_dated();
        for record in &all {
            told |= sieve.tells_of(&record.1, &time);
            let whose = own.map_or(Some(record.1.key.as_str()), |field| record.1.text(field)).map(bare);
            let links = linked.as_ref().map(|linked| whose.map(|key| linked.keys.get(key).copied().unwrap_or(0)));
            match (sieve.judge(definition, record, &time, then.as_ref())?, links) {
                (Judged::Undated, _) => undated += 1,
                // What the record does not say is neither yes nor no.
                (Judged::Undecided, _) | (Judged::Within, Some(None)) => undecided += 1,
                (Judged::Within, links) => {
                    let links = links.flatten();
                    least = least.into_iter().chain(links).min();
                    if links != Some(0) || query.name == LEAST_LINKED {
                        chosen.push(record);
                    }
                }
                (Judged::Outside, _) => {}
            }
        }
        let mut missing = Vec::new();
        if all.is_empty() {
            missing.push(match self.first_written(ledger)?.filter(|first| *first >= end) {
                // The records say nothing of a time before they were written, unless their own dates do.
                Some(first) => Name::new(
                    format!(
                        "台账“{}”自 {} 起才有记录，{year} 年末的状态不知",
                        definition.name.zh,
                        first.day().to_iso()
                    ),
                    format!(
                        "the ledger {} begins on {}: its state at the end of {year} is not known",
                        definition.name.en,
                        first.day().to_iso()
                    ),
                ),
                None => Name::new(
                    format!("台账“{}”在 {year} 年没有记录", definition.name.zh),
                    format!("the ledger {} has no records in {year}", definition.name.en),
                ),
            });
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
        // Undated records say the same in a nearer way.
        if !all.is_empty() && !told && undated == 0 {
            missing.extend(self.not_yet_written(definition, &time)?);
        }
        if let Some(linked) = &mut linked {
            missing.append(&mut linked.missing);
        }
        missing.extend(self.fewer_than_stated(ledger, all.len(), now)?);
        let (value, unit) = match query.name.as_str() {
            COUNT => (FactValue::Integer(chosen.len() as i64), String::new()),
            LEAST_LINKED => (least.map_or(FactValue::Missing, |least| FactValue::Integer(least as i64)), String::new()),
            SUM => {
                let field = query.text("field")?;
                let known = definition.field(field);
                let known = known.ok_or_else(|| no_field(ledger, field))?;
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
            method: sieve.method(definition, all.len(), chosen.len()),
            evidence,
            missing,
            simulated,
        })
    }
}

impl Register {
    /// The records that were there at the end of a year that is over, where a sieve asks since when.
    fn written_by(&self, ledger: &str, sieve: &Sieve<'_>, time: &Time) -> Result<Option<HashSet<Id>>, Problem> {
        if sieve.since.is_none() || time.end >= time.now {
            return Ok(None);
        }
        Ok(Some(self.contents_at(ledger, time.end)?.into_iter().map(|(id, _)| id).collect()))
    }

    /// How many records of the other ledger name each key, where a fact asks for linked ones.
    fn linked(&self, query: &FactQuery, time: &Time) -> Result<Option<Linked>, Problem> {
        let Ok(ledger) = query.text("linked") else {
            return match query.name.as_str() {
                LEAST_LINKED => Err(Problem::invalid(format!("{LEAST_LINKED}: 没有写 linked (names no other ledger)"))),
                _ => Ok(None),
            };
        };
        let catalog = self.catalog();
        let definition = definition_of(&catalog, ledger)?;
        let by = query.text("linked_by")?;
        if definition.field(by).is_none() {
            return Err(no_field(ledger, by));
        }
        let sieve = Sieve::of(query, "linked_", definition)?;
        let mut named = HashMap::new();
        let then = self.written_by(ledger, &sieve, time)?;
        let (zh, en) = (&definition.name.zh, &definition.name.en);
        let all = self.contents_at(ledger, sieve.read_at(time))?;
        let (mut told, mut unknown) = (!sieve.is_dated(), 0usize);
        for record in &all {
            told |= sieve.tells_of(&record.1, time);
            match (sieve.judge(definition, record, time, then.as_ref())?, record.1.text(by)) {
                (Judged::Within, Some(key)) => *named.entry(bare(key).to_owned()).or_insert(0) += 1,
                (Judged::Within, None) | (Judged::Undated | Judged::Undecided, _) => unknown += 1,
                (Judged::Outside, _) => {}
            }
        }
        let mut missing = Vec::new();
        // What nobody wrote down is not known to be none.
        if all.is_empty() {
            missing.push(Name::new(format!("台账“{zh}”没有记录"), format!("the ledger {en} has no records")));
        } else if !told && unknown == 0 {
            missing.extend(self.not_yet_written(definition, time)?);
        }
        if unknown > 0 {
            missing.push(Name::new(
                format!("台账“{zh}”有 {unknown} 条没有填日期、对象或条件所用的字段"),
                format!("{unknown} records of the ledger {en} have no date, do not say of what, or not what the condition asks"),
            ));
        }
        Ok(Some(Linked { keys: named, missing }))
    }

    /// That a ledger begins after a year of which it says nothing.
    fn not_yet_written(&self, definition: &LedgerDefinition, time: &Time) -> Result<Option<Name>, Problem> {
        let first = self.first_written(&definition.id)?.filter(|first| *first >= time.end);
        Ok(first.map(|first| {
            let (day, year) = (first.day().to_iso(), time.year.trim_end_matches('-'));
            Name::new(
                format!("台账“{}”自 {day} 起才有记录，没有 {year} 年的", definition.name.zh),
                format!("the ledger {} begins on {day} and has nothing of {year}", definition.name.en),
            )
        }))
    }

    /// That the plan states more than the ledger holds (原文数目): what is counted is not all there is.
    fn fewer_than_stated(&self, ledger: &str, held: usize, now: Timestamp) -> Result<Option<Name>, Problem> {
        const STATED: &str = "stated_count";
        if ledger == STATED || self.catalog().ledger(STATED).is_none() {
            return Ok(None);
        }
        let stated = self.contents_at(STATED, now)?;
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
