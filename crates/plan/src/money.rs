//! Money checks (资金检查) of a project: by source and to the end of each year, so that money of one source does not
//! cover what another one lacks, nor a later year an earlier one. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::item::{MoneySource, MoneyStep};
use crate::portfolio::{MoneyRow, Sums, Warning};

/// Chinese and English name of a source.
const fn name_of(source: MoneySource) -> (&'static str, &'static str) {
    match source {
        MoneySource::Central => ("中央", "central"),
        MoneySource::Municipal => ("市级", "municipal"),
        MoneySource::County => ("县级", "county"),
        MoneySource::Loan => ("债券与贷款", "loans"),
        MoneySource::Social => ("社会资本", "private"),
        MoneySource::Other => ("其他", "other"),
    }
}

type Step = (MoneyStep, &'static str, &'static str);
const ARRANGED: Step = (MoneyStep::Arranged, "已安排", "arranged");
const ARRIVED: Step = (MoneyStep::Arrived, "到位", "arrived");
const PAID: Step = (MoneyStep::Paid, "已支付", "paid");

/// What cannot be: more paid than arranged, … . `contracts`: the sum of all contracts; `estimate`: as it stands now.
pub fn checks(rows: &[MoneyRow], sums: &Sums, contracts: Option<Decimal>, estimate: Decimal) -> Vec<Warning> {
    let mut found = Vec::new();
    found.extend(by_source("PM101", rows, sums, PAID, ARRANGED));
    found.extend(by_source("PM102", rows, sums, PAID, ARRIVED));
    found.extend(by_source("PM103", rows, sums, ARRIVED, ARRANGED));
    let totals = [
        ("PM104", sums.arranged, "已安排", "arranged"),
        ("PM105", sums.planned, "计划", "planned"),
        ("PM106", contracts, "合同额合计", "contracts together"),
    ];
    for (code, amount, zh, en) in totals {
        if let Some(more) = amount.filter(|amount| *amount > estimate) {
            found.push(Warning::new(
                code,
                format!("{zh} {more} 万元大于估算 {estimate} 万元"),
                format!("{en} {more} exceeds estimate {estimate} (10,000 yuan)"),
            ));
        }
    }
    found
}

/// The first year of each source by whose end `above` exceeds `below`. A step that nobody entered at all is not
/// compared; one that was entered for other sources only counts nothing for this one.
fn by_source(code: &str, rows: &[MoneyRow], sums: &Sums, above: Step, below: Step) -> Vec<Warning> {
    if sums.get(below.0).is_none() {
        return Vec::new();
    }
    let mut sources: BTreeMap<MoneySource, Vec<&MoneyRow>> = BTreeMap::new();
    for row in rows {
        sources.entry(row.source).or_default().push(row);
    }
    let first = |(source, mut rows): (MoneySource, Vec<&MoneyRow>)| {
        rows.sort_by_key(|row| row.year);
        let (mut more, mut less) = (Decimal::ZERO, Decimal::ZERO);
        let year = rows.into_iter().find_map(|row| {
            more += row.sums.get(above.0).unwrap_or_default();
            less += row.sums.get(below.0).unwrap_or_default();
            (more > less).then_some(row.year)
        })?;
        let (zh, en) = name_of(source);
        Some(Warning::new(
            code,
            format!("到 {year} 年，{zh}资金{} {more} 万元大于{} {less} 万元", above.1, below.1),
            format!("{en} money to {year}: {} {more} exceeds {} {less} (10,000 yuan)", above.2, below.2),
        ))
    };
    sources.into_iter().filter_map(first).collect()
}
