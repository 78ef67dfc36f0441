//! Routes of the public side.

use std::sync::Arc;

use api::{Access, ApiResult, Column, Format, Json, Query, Routes, Table, blocking, operation};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use kernel::{ErrorCode, Name, Problem, Timestamp};
use serde::Deserialize;

use crate::model::{AirRow, PublicSource, WaterRow};
use crate::page::{Home, Language, Method};

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct PageQuery {
    /// `en` for English.
    lang: Option<String>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct DataQuery {
    #[serde(default)]
    format: Format,
}

type Source = Arc<dyn PublicSource>;

fn render(template: &impl Template) -> Result<Html<String>, Problem> {
    template.render().map(Html).map_err(|error| Problem::new(ErrorCode::Internal, format!("rendering a page: {error}")))
}

async fn page(source: Source, query: PageQuery, path: &'static str, air: bool, water: bool) -> ApiResult<Html<String>> {
    let made = move || {
        let (now, language) = (kernel::time::now(), Language::from_query(query.lang.as_deref()));
        let air_rows = if air { source.air(now)? } else { Vec::new() };
        let water_rows = if water { source.water(now)? } else { Vec::new() };
        let simulated = air_rows.iter().any(|row| row.simulated) || water_rows.iter().any(|row| row.simulated);
        render(&Home {
            language,
            other: if language == Language::English { "" } else { "?lang=en" },
            path,
            county: source.county(),
            now,
            show_air: air,
            show_water: water,
            air: &air_rows,
            water: &water_rows,
            simulated,
        })
    };
    blocking(made).await
}

pub fn routes(source: &Source) -> Routes {
    page_routes(source).merge(data_routes(source))
}

fn page_routes(source: &Source) -> Routes {
    let (home, air, water, method) = (Arc::clone(source), Arc::clone(source), Arc::clone(source), Arc::clone(source));
    let described = |zh: &str, en: &str| operation(zh, en, Access::Public).query::<PageQuery>().also("text/html");
    Routes::new("public")
        .get("/", described("公众首页", "public home page"), async move |Query(query): Query<PageQuery>| {
            page(Arc::clone(&home), query, "/", true, true).await
        })
        .get(
            "/public/air",
            described("公众空气页", "public air page"),
            async move |Query(query): Query<PageQuery>| page(Arc::clone(&air), query, "/public/air", true, false).await,
        )
        .get(
            "/public/water",
            described("公众水环境页", "public water page"),
            async move |Query(query): Query<PageQuery>| {
                page(Arc::clone(&water), query, "/public/water", false, true).await
            },
        )
        .get(
            "/public/method",
            described("评价方法", "how it is judged"),
            async move |Query(query): Query<PageQuery>| -> ApiResult<Html<String>> {
                let language = Language::from_query(query.lang.as_deref());
                let other = if language == Language::English { "" } else { "?lang=en" };
                Ok(render(&Method { language, other, path: "/public/method", county: method.county() })?)
            },
        )
}

fn data_routes(source: &Source) -> Routes {
    let (air, water) = (Arc::clone(source), Arc::clone(source));
    let described = |zh: &str, en: &str| operation(zh, en, Access::Public).query::<DataQuery>().also("text/csv");
    Routes::new("public")
        .get(
            "/api/public/air",
            described("公众空气数据", "public air data").returns::<Vec<AirRow>>(),
            async move |Query(query): Query<DataQuery>| -> ApiResult<Response> {
                let source = Arc::clone(&air);
                let (now, rows) = blocking(move || {
                    let now = kernel::time::now();
                    Ok((now, source.air(now)?))
                })
                .await?;
                Ok(match query.format {
                    Format::Json => Json(rows).into_response(),
                    Format::Csv => air_table(&rows, now).respond(Format::Csv),
                })
            },
        )
        .get(
            "/api/public/water",
            described("公众水环境数据", "public water data").returns::<Vec<WaterRow>>(),
            async move |Query(query): Query<DataQuery>| -> ApiResult<Response> {
                let source = Arc::clone(&water);
                let (now, rows) = blocking(move || {
                    let now = kernel::time::now();
                    Ok((now, source.water(now)?))
                })
                .await?;
                Ok(match query.format {
                    Format::Json => Json(rows).into_response(),
                    Format::Csv => water_table(&rows, now).respond(Format::Csv),
                })
            },
        )
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn flag(value: bool) -> String {
    if value { "1".into() } else { "0".into() }
}

fn joined(names: &[Name]) -> String {
    names.iter().map(|name| name.zh.as_str()).collect::<Vec<_>>().join("、")
}

fn air_table(rows: &[AirRow], now: Timestamp) -> Table {
    Table {
        title: Name::new("环境空气", "ambient air"),
        method: Name::new("HJ 633 小时空气质量指数", "hourly air quality index, HJ 633"),
        source: Name::new("自动站", "automatic stations"),
        as_of: now,
        simulated: rows.iter().any(|row| row.simulated),
        columns: vec![
            Column::new("station", "站点", "station", ""),
            Column::new("simulated", "模拟", "simulated", ""),
            Column::new("situation", "状态", "state", ""),
            Column::new("time", "小时（起）", "hour (start)", ""),
            Column::new("aqi", "AQI", "AQI", ""),
            Column::new("category", "类别", "category", ""),
            Column::new("primary", "首要污染物", "primary pollutant", ""),
            Column::new("edition", "标准", "standard", ""),
        ],
        rows: rows
            .iter()
            .map(|row| {
                vec![
                    row.station.zh.clone(),
                    flag(row.simulated),
                    row.situation.name().zh,
                    text(row.time.map(Timestamp::to_iso)),
                    text(row.aqi),
                    text(row.category.as_ref().map(|name| &name.zh)),
                    joined(&row.primary),
                    row.edition.clone(),
                ]
            })
            .collect(),
    }
}

fn water_table(rows: &[WaterRow], now: Timestamp) -> Table {
    Table {
        title: Name::new("地表水与水源", "surface water and sources"),
        method: Name::new("地表水环境质量评价办法（试行）2011", "surface-water evaluation method (2011)"),
        source: Name::new("自动站与断面监测", "automatic stations and sections"),
        as_of: now,
        simulated: rows.iter().any(|row| row.simulated),
        columns: vec![
            Column::new("point", "点位", "point", ""),
            Column::new("river", "河流", "river", ""),
            Column::new("simulated", "模拟", "simulated", ""),
            Column::new("situation", "状态", "state", ""),
            Column::new("time", "时间（起）", "time (start)", ""),
            Column::new("target", "目标类别", "target class", ""),
            Column::new("class", "现状类别", "class", ""),
            Column::new("compliant", "达标", "compliant", ""),
            Column::new("main_pollutants", "主要污染指标", "main pollutants", ""),
            Column::new("edition", "标准", "standard", ""),
        ],
        rows: rows
            .iter()
            .map(|row| {
                vec![
                    row.point.zh.clone(),
                    row.river.zh.clone(),
                    flag(row.simulated),
                    row.situation.name().zh,
                    text(row.time.map(Timestamp::to_iso)),
                    row.target.clone(),
                    text(row.class.as_ref()),
                    text(row.compliant.map(flag)),
                    joined(&row.main_pollutants),
                    row.edition.clone(),
                ]
            })
            .collect(),
    }
}
