//! Trophic state of lakes: the months of a year and the year itself.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, Day, Month, Name, Point, PointKind, Problem};
use serde::Deserialize;
use store::contract::PeriodLevel;

use super::air::source_of;
use crate::model::{Key, Verdict};
use crate::{Judge, period, rows, trophic};

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct TrophicQuery {
    /// Id of a lake point; without it: every one.
    point: Option<String>,
    /// Without it: this year.
    year: Option<i32>,
    #[serde(default)]
    format: Format,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let judge = Arc::clone(judge);
    Routes::new("judge").get(
        "/api/water/trophic",
        operation(
            "湖库营养状态（各月和全年）",
            "trophic state of lakes, by month and year",
            Access::May(Action::ReadMonitoring),
        )
        .query::<TrophicQuery>()
        .returns::<Table>()
        .also("text/csv"),
        async move |caller: Caller, Query(query): Query<TrophicQuery>| -> ApiResult<Response> {
            let judge = Arc::clone(&judge);
            let format = query.format;
            Ok(blocking(move || trophic_of(&judge, &caller, &query)).await?.respond(format))
        },
    )
}

fn trophic_of(judge: &Judge, caller: &Caller, query: &TrophicQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let year = query.year.unwrap_or(now.day().civil().0);
    if !(1970..2200).contains(&year) {
        return Err(Problem::invalid("year 不在 1970～2199 (out of range)"));
    }
    let points = match query.point.as_deref().filter(|point| !point.is_empty()) {
        Some(id) => vec![super::one(judge, caller, id)?],
        None => super::readable(judge, caller, |point| point.kind == PointKind::LakePoint),
    };
    let points: Vec<_> = points.into_iter().filter(|point| point.kind == PointKind::LakePoint).collect();
    let first = Day::from_civil(year, 1, 1).month();
    let mut keys: Vec<(PeriodLevel, i64)> = vec![(PeriodLevel::Year, year.into())];
    keys.extend((0..12).map(|number| (PeriodLevel::Month, i64::from(Month(first.0 + number).0))));
    let rules = judge.rules();
    let last = period::start(PeriodLevel::Year, i64::from(year) + 1).plus(-1).day().min(now.day());
    let parameters = rules.trophic_at(last).map_err(|error| Problem::invalid(error.zh))?;
    let mut columns = vec![
        Column::new("point", "点位编号", "point id", ""),
        Column::new("name", "湖库", "lake", ""),
        Column::new("period", "时段", "period", ""),
        Column::new("tli", "TLI(Σ)", "TLI(Σ)", ""),
        Column::new("state", "营养状态", "trophic state", ""),
    ];
    for (key, _, name) in parameters.parameters() {
        let key = key.to_lowercase();
        columns.push(Column::new(&key, &format!("TLI({})", name.zh), &format!("TLI({})", name.en), ""));
    }
    columns.push(Column::new("missing", "缺少", "missing", ""));
    columns.push(Column::new("verdict", "判定", "verdict", ""));
    let (mut rows, mut simulated) = (Vec::new(), None);
    for point in &points {
        for (level, number) in &keys {
            let key = Key::new(point.id, *level, *number);
            let verdict = judge.store.read(|reader| rows::current(reader, judge.division, key))?;
            if let Some(verdict) = verdict {
                rows.push(row_of(judge, point, &verdict)?);
                simulated = simulated.filter(|known: &&Arc<Point>| known.simulated).or(Some(point));
            }
        }
    }
    Ok(Table {
        title: Name::new(format!("{year} 年湖库营养状态"), format!("trophic state of lakes in {year}")),
        method: Name::new(
            format!("{}：TLI(Σ) = ΣW·TLI(j)，缺一项不计算；透明度没有 HJ 212 编码，以 SD 报送", parameters.method),
            format!(
                "{}: all five parameters are needed; transparency has no HJ 212 code and comes as SD",
                parameters.method
            ),
        ),
        source: simulated.map_or_else(|| Name::new("月、年判定", "verdicts of months and years"), |one| source_of(one)),
        as_of: now,
        simulated: simulated.is_some_and(|point| point.simulated),
        columns,
        rows,
    })
}

/// Point, name, period, index, state, TLI(j) …, what is missing, verdict.
fn row_of(judge: &Judge, point: &Point, verdict: &Verdict) -> Result<Vec<String>, Problem> {
    let rules = judge.rules();
    let key = verdict.key;
    let day = key.end().plus(-1).day().min(kernel::time::now().day());
    // A lake whose parameters cannot be read says so in its own row.
    let found = trophic::of_finding(&rules, point, day, &verdict.finding);
    // The stored number, with the state of the table then; nothing where it was not judged.
    let stored = verdict.finding.items.iter().find(|item| item.factor == *trophic::TLI);
    let state = stored.and_then(|item| trophic::state_of(&rules, day, item.index?));
    let mut row = vec![
        point.id.to_string(),
        point.name.zh.clone(),
        period::label(key.level, key.period),
        stored.and_then(|item| item.value).map(|value| value.to_string()).unwrap_or_default(),
        state.map(|state| state.name.zh).unwrap_or_default(),
    ];
    let parameters = rules.trophic_at(day).map_err(|error| Problem::invalid(error.zh))?;
    for (key, ..) in parameters.parameters() {
        let items = found.as_ref().map(|(result, _)| result.items.as_slice()).unwrap_or_default();
        let item = items.iter().find(|item| item.key == key);
        row.push(item.map(|item| item.index.to_string()).unwrap_or_default());
    }
    row.push(trophic::lacking(&rules, day, found));
    row.push(key.to_string());
    Ok(row)
}
