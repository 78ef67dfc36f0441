//! Charts that do not rest on the hours of one point: data capture by month, the profile along a river.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Query, Routes, Table, blocking, operation};
use axum::response::Response;
use kernel::{Action, Name, Problem, Timestamp};
use serde::Deserialize;

use super::air::source_of;
use super::chart::{Chart, ChartQuery, DAYS, describe};
use super::quality::period;
use crate::{Judge, names};

#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
struct RiverQuery {
    river: String,
    factor: Option<String>,
    #[serde(default)]
    format: Format,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let (capture, river) = (Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/charts/capture",
            describe("数据获取率（按月）", "data capture by month"),
            async move |caller: Caller, Query(query): Query<ChartQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&capture);
                let format = query.format;
                Ok(blocking(move || capture_of(&judge, &caller, &query)).await?.respond(format))
            },
        )
        .get(
            "/api/charts/river-profile",
            operation("河流沿程水质", "profile along a river", Access::May(Action::ReadMonitoring))
                .query::<RiverQuery>()
                .returns::<Chart>()
                .also("text/csv"),
            async move |caller: Caller, Query(query): Query<RiverQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&river);
                let format = query.format;
                Ok(blocking(move || river_profile(&judge, &caller, &query)).await?.respond(format))
            },
        )
}

fn capture_of(judge: &Judge, caller: &Caller, query: &ChartQuery) -> Result<Chart, Problem> {
    let point = super::one(judge, caller, &query.point)?;
    let now = kernel::time::now();
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), DAYS)?;
    let until = until.min(now);
    if until.millis() - from.millis() > crate::chart::hours::MOST_DAYS * kernel::time::DAY_MILLIS {
        return Err(Problem::invalid("时段最长十年 (at most ten years)"));
    }
    let mut rows = Vec::new();
    let mut month = from.month();
    while month.first_day().start() < until {
        let start = month.first_day().start().max(from);
        let end = month.next().first_day().start().min(until);
        let rates = judge.rates(&point, start, end, now)?;
        let text = |rate: Option<rust_decimal::Decimal>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        rows.push(vec![
            month.first_day().to_iso()[..7].to_owned(),
            rates.counts.due.to_string(),
            rates.counts.received.to_string(),
            rates.counts.valid.to_string(),
            text(rates.shares.transmission),
            text(rates.shares.valid_rate),
            text(rates.shares.effective),
        ]);
        month = month.next();
    }
    let bounds = format!("&from={}&until={}", from.to_iso(), until.to_iso()).replace('+', "%2B");
    let data = format!("/api/charts/capture?point={}{bounds}&format=csv", point.id);
    Ok(Chart {
        table: Table {
            title: Name::new(format!("{} 数据获取率", point.name.zh), format!("{}: data capture", point.name.en)),
            method: Name::new(
                "应收、实收、有效的因子·小时；停运申报不计应收",
                "factor-hours due, received, valid; declared stops are not due",
            ),
            source: source_of(&point),
            as_of: now,
            simulated: point.simulated,
            columns: vec![
                Column::new("month", "月", "month", ""),
                Column::new("due", "应收", "due", ""),
                Column::new("received", "实收", "received", ""),
                Column::new("valid", "有效", "valid", ""),
                Column::new("transmission", "传输率", "transmission", ""),
                Column::new("valid_rate", "有效率", "valid rate", ""),
                Column::new("effective", "有效传输率", "effective", ""),
            ],
            rows,
        },
        figures: Vec::new(),
        data,
        hours: 0,
    })
}

fn river_profile(judge: &Judge, caller: &Caller, query: &RiverQuery) -> Result<Chart, Problem> {
    let now = kernel::time::now();
    let points = super::readable(judge, caller, |_| true);
    let factor = query.factor.clone().unwrap_or_else(|| "w21011".to_owned());
    let sections = judge.river_profile(&points, &query.river, now)?;
    if sections.is_empty() {
        return Err(Problem::not_found(format!("没有河流 {} 的断面 (no section of such a river)", query.river)));
    }
    let river = judge
        .name_of(Some(query.river.as_str()))
        .unwrap_or_else(|| Name::new(query.river.as_str(), query.river.as_str()));
    let mut unit = String::new();
    let mut rows = Vec::new();
    for (point, today) in &sections {
        let value = today.values.iter().find(|value| value.factor == factor);
        if let Some(value) = value {
            unit.clone_from(&value.unit);
        }
        rows.push(vec![
            point.id.to_string(),
            point.name.zh.clone(),
            point.location.as_ref().map(|place| format!("{:.5}", place.lon)).unwrap_or_default(),
            today.target_class.clone().unwrap_or_default(),
            today.class.clone().unwrap_or_default(),
            today.colour.clone().unwrap_or_default(),
            value.map(|value| value.value.clone()).unwrap_or_default(),
            value.and_then(|value| value.class.clone()).unwrap_or_default(),
            today.time.map(Timestamp::to_iso).unwrap_or_default(),
            today.verdict.clone().unwrap_or_default(),
            u8::from(point.simulated).to_string(),
        ]);
    }
    let name = names::factor_name(&factor);
    Ok(Chart {
        table: Table {
            title: Name::new(
                format!("{} 沿程 {}", river.zh, name.zh),
                format!("{}: {} along the river", river.en, name.en),
            ),
            method: Name::new(
                "各断面最新判定，由西向东排列（登记表没有河流里程）",
                "newest verdict of each section, from west to east (the register has no river kilometres)",
            ),
            source: Name::new("断面判定", "verdicts of sections"),
            as_of: now,
            simulated: sections.iter().any(|(point, _)| point.simulated),
            columns: vec![
                Column::new("point", "点位编号", "point id", ""),
                Column::new("name", "断面", "section", ""),
                Column::new("lon", "经度", "longitude", "°"),
                Column::new("target", "目标", "target", ""),
                Column::new("class", "类别", "class", ""),
                Column::new("colour", "颜色", "colour", ""),
                Column::new("value", &name.zh, &name.en, &unit),
                Column::new("item_class", "单项类别", "class of the factor", ""),
                Column::new("time", "时间", "time", ""),
                Column::new("verdict", "判定", "verdict", ""),
                Column::new("simulated", "模拟", "simulated", ""),
            ],
            rows,
        },
        figures: Vec::new(),
        data: format!("/api/charts/river-profile?river={}&factor={factor}&format=csv", query.river),
        hours: 0,
    })
}
