//! Rivers and the county from their sections, and the city surface-water index, of a month or year.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, Day, Name, PointKind, Problem, Timestamp};
use rust_decimal::Decimal;
use serde::Deserialize;
use standards::water::{Class, Surface};
use store::contract::PeriodLevel;

use super::air_period::period_of;
use crate::reach::{CityIndex, Part, change, city_index};
use crate::rivers::{RiverRow, Seen, judged};
use crate::{Judge, period};

/// Of the table of the index.
const COLUMNS: usize = 8;

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct RiversQuery {
    /// `2026` or `2026-11`; without it: this year.
    period: Option<String>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct IndexQuery {
    /// `2026` or `2026-11`; without it: this year.
    period: Option<String>,
    /// What it is compared with; without it: the same period a year before.
    base: Option<String>,
    #[serde(default)]
    format: Format,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let (rivers, index) = (Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/water/rivers",
            operation(
                "河流和全县水质评价（断面类别比例法、断面均值法）",
                "rivers and the county graded from their sections",
                Access::May(Action::ReadMonitoring),
            )
            .query::<RiversQuery>()
            .returns::<Table>()
            .also("text/csv"),
            async move |caller: Caller, Query(query): Query<RiversQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&rivers);
                let format = query.format;
                Ok(blocking(move || rivers_of(&judge, &caller, &query)).await?.respond(format))
            },
        )
        .get(
            "/api/water/city-index",
            operation(
                "城市地表水水质指数（CWQI），公式确认后才计算",
                "city surface-water index, computed once its formulas are confirmed",
                Access::May(Action::ReadMonitoring),
            )
            .query::<IndexQuery>()
            .returns::<Table>()
            .also("text/csv"),
            async move |caller: Caller, Query(query): Query<IndexQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&index);
                let format = query.format;
                Ok(blocking(move || index_of(&judge, &caller, &query)).await?.respond(format))
            },
        )
}

/// The last day of a period that has begun: its method counts.
fn last_day(level: PeriodLevel, number: i64, now: Timestamp) -> Day {
    period::start(level, number + 1).plus(-1).day().min(now.day())
}

fn rivers_of(judge: &Judge, caller: &Caller, query: &RiversQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let (level, number) = period_of(query.period.as_deref(), now.day())?;
    let day = last_day(level, number, now);
    let sections = super::readable(judge, caller, |point| point.kind == PointKind::WaterSection);
    let seen = judge.seen(sections, level, number)?;
    let mut rows = Vec::new();
    for (river, seen) in judge.rivers(&seen) {
        let name = judge
            .name_of(river.as_deref())
            .map_or_else(|| river.clone().unwrap_or_else(|| "未写河流".into()), |name| name.zh);
        rows.push(row_of(river.unwrap_or_default(), name, &RiverRow::of(judge, day, &seen)?));
    }
    if !seen.is_empty() {
        rows.push(row_of(String::new(), "全县".into(), &RiverRow::of(judge, day, &seen)?));
    }
    let mut columns = vec![
        Column::new("river", "河流编号", "river key", ""),
        Column::new("name", "河流", "river", ""),
        Column::new("grade", "水质状况", "grade", ""),
        Column::new("class", "均值类别", "class of the means", ""),
        Column::new("sections", "断面数", "sections", ""),
        Column::new("judged", "有评价", "judged", ""),
        Column::new("good_share", "Ⅰ～Ⅲ类比例", "share of I–III", "%"),
        Column::new("inferior_share", "劣Ⅴ类比例", "share worse than V", "%"),
        Column::new("main", "主要污染指标", "main pollutants", ""),
        Column::new("by", "方法", "method", ""),
    ];
    for class in Class::ALL {
        columns.push(Column::new(&format!("class_{}", class.key()), &class.name().zh, &class.name().en, ""));
    }
    columns.push(Column::new("missing", "没有评价的断面", "sections without a class", ""));
    let label = period::label(level, number);
    Ok(Table {
        title: Name::new(format!("河流水质评价 {label}"), format!("rivers {label}")),
        method: Name::new(
            "环办〔2011〕22号：断面 5 个及以上按断面类别比例法，不足 5 个取各项断面均值后单因子评价；只算有评价的断面，湖库另评",
            "the 2011 method: five sections and more by the shares of their classes, fewer by the means of each item; \
             only sections with a class, lakes apart",
        ),
        source: Name::new("断面的月、年判定", "verdicts of sections by month and year"),
        as_of: now,
        simulated: seen.iter().any(|(point, verdict)| verdict.is_some() && point.simulated),
        columns,
        rows,
    })
}

fn row_of(key: String, name: String, row: &RiverRow) -> Vec<String> {
    let mut cells = vec![
        key,
        name,
        row.grade.clone(),
        row.class.map(|class| class.key().to_owned()).unwrap_or_default(),
        row.sections.to_string(),
        row.judged.to_string(),
        row.good_share.clone(),
        row.inferior_share.clone(),
        row.main.clone(),
        row.method.to_owned(),
    ];
    cells.extend(row.by_class.iter().map(usize::to_string));
    cells.push(row.missing.clone());
    cells
}

fn index_of(judge: &Judge, caller: &Caller, query: &IndexQuery) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let (level, number) = period_of(query.period.as_deref(), now.day())?;
    let (base_level, base_number) = match query.base.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => {
            let (base_level, base_number) = period_of(Some(text), now.day())?;
            if base_level != level || period::start(base_level, base_number) > now {
                let what =
                    "base 应与 period 同为年或月，且已开始 (base must be a year or month as period is, and have begun)";
                return Err(Problem::invalid(what));
            }
            (base_level, base_number)
        }
        None => (level, number - if level == PeriodLevel::Year { 1 } else { 12 }),
    };
    let waters = [PointKind::WaterSection, PointKind::LakePoint];
    let points = super::readable(judge, caller, |point| waters.contains(&point.kind));
    let seen = judge.seen(points.iter().cloned(), level, number)?;
    let base = judge.seen(points, base_level, base_number)?;
    let index = |seen: &Seen, level, number| city_index(&judge.rules(), last_day(level, number, now), &judged(seen));
    let surface = judge.rules().surface_at(last_day(level, number, now)).map_err(|why| Problem::invalid(why.zh))?;
    let (label, base_label) = (period::label(level, number), period::label(base_level, base_number));
    let columns = vec![
        Column::new("item", "项目编码", "item", ""),
        Column::new("name", "项目", "name", ""),
        Column::new("river", "河流", "rivers", ""),
        Column::new("lake", "湖库", "lakes", ""),
        Column::new("county", "全县", "county", ""),
        Column::new("base", base_label.as_str(), base_label.as_str(), ""),
        Column::new("change", "变化程度", "change", "%"),
        Column::new("missing", "缺少的项目", "missing items", ""),
    ];
    let (rows, method) = match index(&seen, level, number) {
        Ok(found) => (
            index_rows(&surface, &found, index(&base, base_level, base_number).ok()),
            Name::new(
                format!(
                    "{}：21 项断面均值与Ⅲ类限值之比的和，缺一项不计算；河流与湖库按断面数加权；越小越好",
                    found.standard
                ),
                format!(
                    "{}: sum of the ratios of means to class III over the 21 items, none while one is missing; rivers and lakes weighted by their sections; less is better",
                    found.standard
                ),
            ),
        ),
        // Not confirmed, or nothing covers the day: it is said, and nothing is computed.
        Err(why) => (Vec::new(), Name::new(format!("不计算：{}", why.zh), format!("not computed: {}", why.en))),
    };
    Ok(Table {
        title: Name::new(format!("地表水水质指数 CWQI {label}"), format!("surface-water index CWQI {label}")),
        method,
        source: Name::new("断面和湖库的月、年判定", "verdicts of sections and lakes by month and year"),
        as_of: now,
        simulated: seen.iter().any(|(point, verdict)| verdict.is_some() && point.simulated),
        columns,
        rows,
    })
}

/// Items, then the sums and the county beside its base. Of a part that lacks items there is no sum, and the items are
/// named.
fn index_rows(surface: &Surface, found: &CityIndex, base: Option<CityIndex>) -> Vec<Vec<String>> {
    let items = |part: &Option<Part>| -> BTreeMap<String, String> {
        let items = part.iter().flat_map(|part| &part.index.items);
        items.map(|(key, index)| (key.clone(), index.normalize().to_string())).collect()
    };
    let (river, lake) = (items(&found.river), items(&found.lake));
    let cell = |part: &BTreeMap<String, String>, key: &str| part.get(key).cloned().unwrap_or_default();
    let known = surface.items.iter().filter(|item| river.contains_key(&item.key) || lake.contains_key(&item.key));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for item in known {
        let cells = [cell(&river, &item.key), cell(&lake, &item.key)];
        // An item that rivers and lakes limit apart stands once.
        if rows.iter().any(|row| row[0] == item.key) {
            continue;
        }
        let mut row = vec![item.key.clone(), item.name.zh.clone()];
        row.extend(cells);
        row.resize(COLUMNS, String::new());
        rows.push(row);
    }
    let sum = |part: &Option<Part>| match part {
        Some(part) if part.missing.is_empty() => part.index.index.normalize().to_string(),
        Some(part) => format!("缺 {} 项", part.missing.len()),
        None => String::new(),
    };
    let shown = |index: Option<Decimal>| index.map(|index| index.normalize().to_string()).unwrap_or_default();
    let missing = [("河流", &found.river), ("湖库", &found.lake)].into_iter().filter_map(|(name, part)| {
        let part = part.as_ref().filter(|part| !part.missing.is_empty())?;
        let names: Vec<&str> = part.missing.iter().map(|name| name.zh.as_str()).collect();
        Some(format!("{name}缺 {}", names.join("、")))
    });
    rows.push(vec![
        "CWQI".into(),
        "合计".into(),
        sum(&found.river),
        sum(&found.lake),
        shown(found.index),
        shown(base.as_ref().and_then(|base| base.index)),
        base.as_ref().and_then(|base| change(base, found)).map(|change| change.to_string()).unwrap_or_default(),
        missing.collect::<Vec<_>>().join("；"),
    ]);
    rows
}
