//! Newest values, series, anomalies of a point.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Json, Path, Query, Routes, Table, blocking, operation};
use axum::response::{IntoResponse, Response};
use kernel::{Action, Name, Point, Problem, Timestamp, time::DAY_MILLIS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::contract::{ObservationQuery, StoredObservation};
use store::packed::Statistic;
use store::{PackedValue, Store};

use super::{allowed_point, factor_at, time};
use crate::service::Collect;
use crate::{anomaly, rows};

/// Values one answer lists; the rest is asked for with a later `from`.
const MOST_ITEMS: usize = 20_000;
const ANOMALY_DAYS: i64 = 30;

/// The newest value of a series.
#[derive(Debug, Serialize, JsonSchema)]
struct Latest {
    factor: String,
    name: Name,
    /// Default unit of the factor table; the station's own may differ.
    unit: String,
    statistic: &'static str,
    /// Decimal as sent; empty: the device sent the field without a value.
    value: String,
    mark: Option<char>,
    mark_name: Option<Name>,
    data_time: Timestamp,
    received_at: Timestamp,
    /// CN: 2011, 2051, 2061, 2031, …
    kind: u16,
    system: u16,
    frame: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum SeriesKind {
    Realtime,
    Minute,
    Hour,
    Day,
}

impl SeriesKind {
    const fn cn(self) -> u16 {
        match self {
            Self::Realtime => 2011,
            Self::Minute => 2051,
            Self::Hour => 2061,
            Self::Day => 2031,
        }
    }

    /// How far back a series goes when nobody says.
    const fn default_days(self) -> i64 {
        match self {
            Self::Realtime | Self::Minute => 1,
            Self::Hour => 7,
            Self::Day => 90,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SeriesQuery {
    /// HJ 212 factor code.
    factor: String,
    kind: SeriesKind,
    /// `Avg`, `Rtd`, `Cou`, …; empty: what the series has first of Avg, Rtd, Data, Cou.
    statistic: Option<String>,
    /// ISO time or date at +08:00.
    from: Option<String>,
    /// Exclusive.
    until: Option<String>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SeriesItem {
    time: Timestamp,
    value: String,
    min: Option<String>,
    max: Option<String>,
    mark: Option<char>,
    revision: u32,
    frame: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Series {
    point: String,
    factor: String,
    name: Name,
    unit: String,
    kind: u16,
    statistic: &'static str,
    items: Vec<SeriesItem>,
    truncated: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AnomalyRow {
    name: String,
    title: Name,
    count: i64,
    last_at: Timestamp,
}

pub fn routes(collect: &Arc<Collect>) -> Routes {
    let read = Access::May(Action::ReadMonitoring);
    let (one, two, three) = (Arc::clone(collect), Arc::clone(collect), Arc::clone(collect));
    Routes::new("collect")
        .get(
            "/api/points/{id}/latest",
            operation("点位最新值", "newest values of a point", read).returns::<Vec<Latest>>(),
            async move |caller: Caller, Path(id): Path<i64>| -> ApiResult<Json<Vec<Latest>>> {
                let point = allowed_point(&one, &caller, id, Action::ReadMonitoring)?;
                Ok(Json(latest(&*one.store, &point)))
            },
        )
        .get(
            "/api/points/{id}/series",
            operation("点位时间序列", "a series of a point", read)
                .query::<SeriesQuery>()
                .returns::<Series>()
                .also("text/csv"),
            async move |caller: Caller, Path(id): Path<i64>, Query(query): Query<SeriesQuery>| -> ApiResult<Response> {
                let point = allowed_point(&two, &caller, id, Action::ReadMonitoring)?;
                let (format, simulated) = (query.format, point.simulated);
                let (store, observed) = (Arc::clone(&two.store), Arc::clone(&point));
                let series = blocking(move || series(&*store, &observed, &query, kernel::time::now())).await?;
                Ok(match format {
                    Format::Json => Json(series).into_response(),
                    Format::Csv => table(&series, &point.name, simulated).respond(Format::Csv),
                })
            },
        )
        .get(
            "/api/points/{id}/anomalies",
            operation("点位报文异常", "anomalies of a point's packets", read).returns::<Vec<AnomalyRow>>(),
            async move |caller: Caller, Path(id): Path<i64>| -> ApiResult<Json<Vec<AnomalyRow>>> {
                allowed_point(&three, &caller, id, Action::ReadMonitoring)?;
                let collect = Arc::clone(&three);
                let since = i64::from(kernel::time::now().day().0) - ANOMALY_DAYS;
                let found = blocking(move || {
                    Ok(collect.store.read(|reader| rows::anomalies(reader, collect.division, id, since))?)
                })
                .await?;
                let rows = found.into_iter().map(|total| AnomalyRow {
                    title: anomaly::title(&total.name),
                    name: total.name,
                    count: total.count,
                    last_at: total.last_at,
                });
                Ok(Json(rows.collect()))
            },
        )
}

fn latest(store: &dyn Store, point: &Point) -> Vec<Latest> {
    let mut found = store.latest(&[point.id]);
    found.sort_by_key(|value| (value.kind, value.system, value.value.factor, value.value.statistic));
    found
        .into_iter()
        .filter_map(|latest| {
            let code = store.factor_code(latest.value.factor)?;
            let (name, unit) = factor_at(point.kind, &code);
            let mark = latest.value.mark.as_char();
            Some(Latest {
                factor: code.to_string(),
                name,
                unit,
                statistic: latest.value.statistic.name(),
                value: latest.value.value.to_string(),
                mark,
                mark_name: mark.and_then(mark_name),
                data_time: latest.data_time,
                received_at: latest.received_at,
                kind: latest.kind,
                system: latest.system,
                frame: latest.frame.to_string(),
            })
        })
        .collect()
}

fn mark_name(mark: char) -> Option<Name> {
    let mut text = [0; 4];
    let found = hj212::mark::find(mark.encode_utf8(&mut text), hj212::Edition::V2017)?;
    Some(Name::new(found.zh, found.en))
}

fn series(store: &dyn Store, point: &Point, query: &SeriesQuery, now: Timestamp) -> Result<Series, Problem> {
    let cn = query.kind.cn();
    let until = time("until", query.until.as_deref(), now.plus(3_600_000))?;
    let from = time("from", query.from.as_deref(), until.plus(-query.kind.default_days() * DAY_MILLIS))?;
    let asked = match query.statistic.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => Some(
            Statistic::from_name(name)
                .ok_or_else(|| Problem::invalid(format!("statistic：不认识“{name}” (unknown statistic)")))?,
        ),
        None => None,
    };
    // Buckets are days or months; a century of days would be tens of thousands of look-ups.
    if until.millis() - from.millis() > 3 * 366 * DAY_MILLIS
        && matches!(query.kind, SeriesKind::Realtime | SeriesKind::Minute)
    {
        return Err(Problem::invalid(
            "实时、分钟数据一次最多查三年 (at most three years of real-time or minute data at once)",
        ));
    }
    if until.millis() - from.millis() > 100 * 366 * DAY_MILLIS {
        return Err(Problem::invalid("一次最多查一百年 (at most a hundred years at once)"));
    }
    let number = store.known_factor(&query.factor);
    let query_of = ObservationQuery {
        point: point.id,
        system: None,
        kind: cn,
        from,
        until,
        every_revision: false,
        limit: MOST_ITEMS + 1,
    };
    // An unknown code has no values anywhere.
    let found = match number {
        Some(number) => store.observations_of_factor(query_of, number)?,
        None => Vec::new(),
    };
    let (name, unit) = factor_at(point.kind, &query.factor);
    let statistic = asked.or_else(|| first_statistic(&found, number)).unwrap_or(Statistic::Average);
    let truncated = found.len() > MOST_ITEMS;
    let items = found.iter().take(MOST_ITEMS).filter_map(|row| item(row, number, statistic)).collect();
    Ok(Series {
        point: point.id.to_string(),
        factor: query.factor.clone(),
        name,
        unit,
        kind: cn,
        statistic: statistic.name(),
        items,
        truncated,
    })
}

fn first_statistic(found: &[StoredObservation], factor: Option<u32>) -> Option<Statistic> {
    let has = |statistic: Statistic| {
        found
            .iter()
            .take(100)
            .flat_map(|row| &row.values)
            .any(|value| Some(value.factor) == factor && value.statistic == statistic)
    };
    [Statistic::Average, Statistic::Realtime, Statistic::Level, Statistic::Total].into_iter().find(|&known| has(known))
}

fn item(row: &StoredObservation, factor: Option<u32>, statistic: Statistic) -> Option<SeriesItem> {
    let of = |statistic: Statistic| -> Option<&PackedValue> {
        row.values.iter().find(|value| Some(value.factor) == factor && value.statistic == statistic)
    };
    let value = of(statistic)?;
    let (least, most) = match statistic {
        Statistic::ConvertedAverage => (Statistic::ConvertedMinimum, Statistic::ConvertedMaximum),
        _ => (Statistic::Minimum, Statistic::Maximum),
    };
    Some(SeriesItem {
        time: row.key.data_time,
        value: value.value.to_string(),
        min: of(least).map(|value| value.value.to_string()),
        max: of(most).map(|value| value.value.to_string()),
        mark: value.mark.as_char(),
        revision: row.revision,
        frame: row.frame.to_string(),
    })
}

fn table(series: &Series, point: &Name, simulated: bool) -> Table {
    let unit = series.unit.as_str();
    let rows = series
        .items
        .iter()
        .map(|item| {
            vec![
                item.time.to_iso(),
                item.value.clone(),
                item.min.clone().unwrap_or_default(),
                item.max.clone().unwrap_or_default(),
                item.mark.map(String::from).unwrap_or_default(),
                item.revision.to_string(),
                item.frame.clone(),
            ]
        })
        .collect();
    Table {
        title: Name::new(format!("{} {}", point.zh, series.name.zh), format!("{} {}", point.en, series.name.en)),
        method: Name::new("如现场机所发，未换算", "as the device sent it, not converted"),
        source: Name::new("站点报文", "packets of the station"),
        as_of: kernel::time::now(),
        simulated,
        columns: vec![
            Column::new("time", "时间", "time", ""),
            Column::new("value", "值", "value", unit),
            Column::new("min", "最小", "minimum", unit),
            Column::new("max", "最大", "maximum", unit),
            Column::new("mark", "标记", "mark", ""),
            Column::new("revision", "修订", "revision", ""),
            Column::new("frame", "原始报文", "raw frame", ""),
        ],
        rows,
    }
}
