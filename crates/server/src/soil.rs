//! Soil of the ledgers `farmland_block` and `soil_plot`, judged as `qingshan judge soil` does; and the safe-use rates
//! of contaminated land. The one place where these ledgers meet the judge.

use std::collections::BTreeMap;

use api::{Access, ApiResult, Caller, Column, Format, Json, Path, Query, Routes, Table, blocking, operation};
use axum::response::{IntoResponse, Response};
use judge::soil::{SafeUse, SoilRow, SoilSampleView};
use kernel::{Action, Day, Id, Name, Problem};
use register::record::{Content, Record};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::points::Points;

const FARMLAND: &str = "farmland_block";
const PLOTS: &str = "soil_plot";

/// The soil of a record.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct SoilView {
    record: Id,
    /// Newest first.
    samples: Vec<SoilSampleView>,
    simulated: bool,
    /// What is missing for a verdict of the record.
    missing: Vec<Name>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct SoilQuery {
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct SafeUseQuery {
    /// `farmland` or `construction`.
    land: Option<String>,
    /// Of construction land: the year of re-use; without it: this year.
    year: Option<i32>,
    #[serde(default)]
    format: Format,
}

pub fn routes(points: &Points) -> Routes {
    let (one, rates) = (points.clone(), points.clone());
    let read = Access::May(Action::ReadMonitoring);
    Routes::new("soil")
        .get(
            "/api/records/{id}/soil",
            operation("地块的土壤评价", "the soil of a block or plot, judged", read)
                .query::<SoilQuery>()
                .returns::<SoilView>()
                .also("text/csv"),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Query(query): Query<SoilQuery>|
                        -> ApiResult<Response> {
                let points = one.clone();
                let view = blocking(move || soil_of(&points, &caller, &id, kernel::time::now().day())).await?;
                Ok(match query.format {
                    Format::Json => Json(view).into_response(),
                    Format::Csv => table_of(&view).respond(Format::Csv),
                })
            },
        )
        .get(
            "/api/soil/safe-use",
            operation("安全利用率", "safe-use rate of contaminated land", read)
                .query::<SafeUseQuery>()
                .returns::<Table>()
                .also("text/csv"),
            async move |caller: Caller, Query(query): Query<SafeUseQuery>| -> ApiResult<Response> {
                let points = rates.clone();
                let format = query.format;
                Ok(blocking(move || safe_use(&points, &caller, &query, kernel::time::now().day()))
                    .await?
                    .respond(format))
            },
        )
}

fn soil_of(points: &Points, caller: &Caller, id: &str, today: Day) -> Result<SoilView, Problem> {
    let unknown = || Problem::not_found(format!("没有土壤记录 {id} (no record of soil)"));
    let record = points.register.record(&caller.0, Id(id.parse().map_err(|_| unknown())?))?;
    if !matches!(record.ledger.as_str(), FARMLAND | PLOTS) {
        return Err(unknown());
    }
    let content = &record.content;
    let rows = rows_of(content);
    let samples = points.judge.soil(&rows, text(content, "land_use"), today);
    let mut missing = Vec::new();
    if rows.is_empty() {
        missing.push(Name::new("没有土壤样品", "no samples of soil"));
    }
    if text(content, "land_use").is_none() && rows.iter().all(|row| row.land.is_none()) {
        missing.push(Name::new("没有土地利用（用地类型）", "no land use"));
    }
    Ok(SoilView { record: record.id, samples, simulated: content.simulated, missing })
}

fn text<'c>(content: &'c Content, field: &str) -> Option<&'c str> {
    content.text(field).map(str::trim).filter(|text| !text.is_empty())
}

/// The table `samples` of a record; its columns are those of the ledgers in `model/`.
fn rows_of(content: &Content) -> Vec<SoilRow> {
    let rows = content.values.get("samples").and_then(Value::as_array);
    let row_of = |row: &Value| {
        let row = row.as_object()?;
        let text =
            |column: &str| row.get(column).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let number = |column: &str| text(column).and_then(|digits| digits.parse::<Decimal>().ok());
        Some(SoilRow {
            sample: text("sample").unwrap_or_default().to_owned(),
            date: text("date").and_then(Day::parse),
            land: text("land_use").map(str::to_owned),
            ph: number("ph"),
            factor: text("factor").unwrap_or_default().to_owned(),
            value: number("value"),
            below: row.get("below").and_then(Value::as_bool).unwrap_or(false),
            unit: text("unit").map(str::to_owned),
            laboratory: text("laboratory").map(str::to_owned),
        })
    };
    rows.map(|rows| rows.iter().filter_map(row_of).collect()).unwrap_or_default()
}

fn table_of(view: &SoilView) -> Table {
    let columns = [
        ("sample", "样品号", "sample"),
        ("date", "采样日期", "sampled on"),
        ("land", "土地利用", "land use"),
        ("ph", "pH", "pH"),
        ("item", "项目", "item"),
        ("value", "测定值", "value"),
        ("unit", "单位", "unit"),
        ("screening", "筛选值", "screening value"),
        ("intervention", "管制值", "intervention value"),
        ("risk", "风险", "risk"),
        ("standard", "标准", "standard"),
        ("problem", "未评原因", "why not judged"),
    ];
    let mut rows = Vec::new();
    for sample in &view.samples {
        let head = [
            sample.sample.clone(),
            sample.date.clone().unwrap_or_default(),
            sample.land.clone().unwrap_or_default(),
            sample.ph.clone().unwrap_or_default(),
        ];
        let problem = sample.problem.as_ref().map(|name| name.zh.clone()).unwrap_or_default();
        if sample.items.is_empty() {
            let empty = std::iter::repeat_n(String::new(), 6);
            rows.push(head.iter().cloned().chain(empty).chain([sample.standard.clone(), problem.clone()]).collect());
        }
        for item in &sample.items {
            let cells = [
                item.name.zh.clone(),
                item.value.clone(),
                item.unit.clone(),
                item.screening.clone(),
                item.intervention.clone().unwrap_or_default(),
                item.risk.clone(),
                sample.standard.clone(),
                problem.clone(),
            ];
            rows.push(head.iter().cloned().chain(cells).collect());
        }
    }
    Table {
        title: Name::new("土壤评价", "soil, judged"),
        method: Name::new("GB 15618、GB 36600，按采样日期适用的版本", "GB 15618, GB 36600 as of the day of sampling"),
        source: Name::new("台账", "ledger"),
        as_of: kernel::time::now(),
        simulated: view.simulated,
        columns: columns.map(|(key, zh, en)| Column::new(key, zh, en, "")).to_vec(),
        rows,
    }
}

fn decimal(content: &Content, field: &str) -> Option<Decimal> {
    text(content, field).and_then(|digits| digits.parse().ok())
}

fn flag(content: &Content, field: &str) -> Option<bool> {
    content.values.get(field).and_then(Value::as_bool)
}

/// Areas of one kind of use, and records that say too little to count.
#[derive(Default)]
struct Areas {
    parts: BTreeMap<&'static str, (usize, Decimal)>,
    lacking: Vec<String>,
    simulated: bool,
}

impl Areas {
    fn add(&mut self, part: &'static str, area: Decimal) -> Result<(), Problem> {
        let found = self.parts.entry(part).or_default();
        found.0 += 1;
        found.1 = found.1.checked_add(area).ok_or_else(|| Problem::invalid("面积超出范围 (areas out of range)"))?;
        Ok(())
    }

    fn of(&self, part: &str) -> Decimal {
        self.parts.get(part).map(|(_, area)| *area).unwrap_or_default()
    }
}

/// Farmland: contaminated blocks by how they are used.
fn farmland(records: &[Record]) -> Result<Areas, Problem> {
    let mut areas = Areas::default();
    for record in records {
        let content = &record.content;
        let name = || content.title.zh.clone();
        match flag(content, "contaminated") {
            Some(true) => {}
            Some(false) => continue,
            None => {
                areas.lacking.push(format!("{}：未写是否受污染", name()));
                continue;
            }
        }
        areas.simulated |= content.simulated;
        let Some(area) = decimal(content, "area") else {
            areas.lacking.push(format!("{}：缺面积", name()));
            continue;
        };
        areas.add("contaminated", area)?;
        match text(content, "safe_use") {
            Some("protected") => areas.add("protected", area)?,
            Some("safely_used") => areas.add("safely_used", area)?,
            Some("strictly_controlled") => areas.add("strictly_controlled", area)?,
            Some(_) => {}
            None => areas.lacking.push(format!("{}：缺利用情况，按尚未落实计", name())),
        }
    }
    Ok(areas)
}

/// Key plots that were re-used in a year, and those of them that comply.
fn construction(records: &[Record], year: i32) -> Result<Areas, Problem> {
    let mut areas = Areas::default();
    for record in records {
        let content = &record.content;
        let of_year = text(content, "reused_on").and_then(Day::parse).is_some_and(|day| day.civil().0 == year);
        if !of_year {
            continue;
        }
        let name = || content.title.zh.clone();
        match flag(content, "key_plot") {
            Some(true) => {}
            Some(false) => continue,
            None => {
                areas.lacking.push(format!("{}：未写是否重点建设用地", name()));
                continue;
            }
        }
        areas.simulated |= content.simulated;
        let Some(area) = decimal(content, "area") else {
            areas.lacking.push(format!("{}：缺面积", name()));
            continue;
        };
        areas.add("reused", area)?;
        match flag(content, "reuse_compliant") {
            Some(true) => areas.add("compliant", area)?,
            Some(false) => {}
            None => areas.lacking.push(format!("{}：缺再利用是否达标，按未达标计", name())),
        }
    }
    Ok(areas)
}

fn safe_use(points: &Points, caller: &Caller, query: &SafeUseQuery, today: Day) -> Result<Table, Problem> {
    let is_farmland = match query.land.as_deref().map(str::trim) {
        None | Some("" | "farmland") => true,
        Some("construction") => false,
        Some(other) => {
            return Err(Problem::invalid(format!("land = {other}：farmland 或 construction (one of the two)")));
        }
    };
    let year = query.year.unwrap_or(today.civil().0);
    // A rate of the county is no rate of what somebody owns.
    if !caller.0.may(Action::ReadMonitoring, None) {
        return Err(Problem::new(kernel::ErrorCode::NotAllowed, "只能看到自己的记录 (own records only)"));
    }
    let records = points.register.living(if is_farmland { FARMLAND } else { PLOTS })?;
    let (areas, unit) = match is_farmland {
        true => (farmland(&records)?, "亩"),
        false => (construction(&records, year)?, "m²"),
    };
    let found = match is_farmland {
        true => SafeUse::Farmland {
            protected: areas.of("protected"),
            safely_used: areas.of("safely_used"),
            strictly_controlled: areas.of("strictly_controlled"),
            contaminated: areas.of("contaminated"),
        },
        false => SafeUse::Construction { compliant: areas.of("compliant"), reused: areas.of("reused") },
    };
    let rate = points.judge.safe_use(&found, today);
    let parts: &[(&str, &str)] = match is_farmland {
        true => &[
            ("protected", "优先保护或轻度污染达标利用（B）"),
            ("safely_used", "安全利用或修复且达标（C）"),
            ("strictly_controlled", "严格管控（D）"),
            ("contaminated", "受污染耕地（E）"),
        ],
        false => &[("compliant", "达标再利用"), ("reused", "当年再利用的重点地块")],
    };
    let mut rows: Vec<Vec<String>> = parts
        .iter()
        .map(|(part, zh)| {
            let (count, area) = areas.parts.get(part).copied().unwrap_or_default();
            vec![(*zh).to_owned(), count.to_string(), area.normalize().to_string(), unit.to_owned(), String::new()]
        })
        .collect();
    let (value, mut note) = match &rate {
        Ok(Some(rate)) => (rate.to_string(), Vec::new()),
        Ok(None) => (String::new(), vec!["没有可以计算的面积".to_owned()]),
        Err(why) => (String::new(), vec![why.zh.clone()]),
    };
    if records.is_empty() {
        note.push("台账没有记录".to_owned());
    }
    note.extend(areas.lacking.iter().take(MOST_NAMED).cloned());
    if areas.lacking.len() > MOST_NAMED {
        note.push(format!("另有 {} 条", areas.lacking.len() - MOST_NAMED));
    }
    rows.push(vec!["安全利用率".into(), records.len().to_string(), value, "%".into(), note.join("；")]);
    let (title, en) = match is_farmland {
        true => ("受污染耕地安全利用率".to_owned(), "safe-use rate of contaminated farmland".to_owned()),
        false => {
            (format!("{year} 年重点建设用地安全利用率"), format!("safe-use rate of key construction land in {year}"))
        }
    };
    Ok(Table {
        title: Name::new(title, en),
        method: match is_farmland {
            true => Name::new("(B + C + D)／E，按台账现在的面积", "(B + C + D) / E by the areas on the ledger now"),
            false => Name::new(
                "达标再利用面积／当年再利用的重点地块面积；公式未确认前不计算",
                "compliant re-used area / re-used key area; not computed until the formula is confirmed",
            ),
        },
        source: Name::new("台账", "ledger"),
        as_of: kernel::time::now(),
        simulated: areas.simulated,
        columns: vec![
            Column::new("part", "项目", "item", ""),
            Column::new("records", "记录数", "records", ""),
            Column::new("value", "数值", "value", ""),
            Column::new("unit", "单位", "unit", ""),
            Column::new("missing", "缺少", "missing", ""),
        ],
        rows,
    })
}

/// Records that say too little and are named one by one.
const MOST_NAMED: usize = 50;
