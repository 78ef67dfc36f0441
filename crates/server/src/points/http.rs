//! Routes of points: the list with its filters, and one point with all that is known of it.

use std::collections::HashMap;

use act::CaseSummary;
use api::{Access, ApiResult, Caller, Column, Format, Json, Path, Query, Routes, Table, blocking, operation};
use axum::response::{IntoResponse, Response};
use collect::http::{DeviceRow, factor_at};
use judge::http::Headline;
use kernel::point::PointLocation;
use kernel::time::DAY_MILLIS;
use kernel::{Action, FactorLimit, Name, PointKind, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Points, Standing, State, StateCode};

const MOST_PAGE: usize = 500;

/// Shares of the last 24 hours, decimal text 0–1.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct RatesView {
    transmission: Option<String>,
    valid: Option<String>,
    effective: Option<String>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct PointSummary {
    id: String,
    ledger: String,
    key: String,
    name: Name,
    kind: PointKind,
    kind_name: Name,
    township: Option<String>,
    township_name: Option<Name>,
    owner: Option<String>,
    location: Option<PointLocation>,
    location_note: String,
    simulated: bool,
    schematic: bool,
    state: State,
    /// Data time of the newest packet.
    last_data_at: Option<Timestamp>,
    connected: bool,
    rates: Option<RatesView>,
    headline: Option<Headline>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FactorView {
    code: String,
    name: Name,
    unit: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct PointDetail {
    #[serde(flatten)]
    summary: PointSummary,
    river: Option<String>,
    river_name: Option<Name>,
    function_class: Option<String>,
    function_class_basis: Option<String>,
    standard: Option<String>,
    standard_grade: Option<String>,
    limits: Vec<FactorLimit>,
    /// What the standards that bind it leave without a limit today.
    limit_gaps: Vec<Name>,
    factors: Vec<FactorView>,
    devices: Vec<DeviceRow>,
    open_cases: Vec<CaseSummary>,
    record_id: String,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct PointQuery {
    /// Kinds, separated by commas.
    kind: Option<String>,
    /// States, separated by commas.
    state: Option<String>,
    township: Option<String>,
    /// Text in name or key.
    q: Option<String>,
    page: Option<usize>,
    page_size: Option<usize>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct PointPage {
    items: Vec<PointSummary>,
    total: usize,
    page: usize,
}

/// Query text → what it lets through.
pub(super) struct Wanted {
    kinds: Vec<PointKind>,
    states: Vec<StateCode>,
    township: Option<String>,
    text: String,
}

fn listed<T>(text: &str, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Problem> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| parse(part).ok_or_else(|| Problem::invalid(format!("{name}：不认识“{part}” (unknown)")))).collect()
}

impl Wanted {
    pub(super) fn of(kind: &str, state: &str, township: &str, q: &str) -> Result<Self, Problem> {
        Ok(Self {
            kinds: listed(kind, "kind", PointKind::from_name)?,
            states: listed(state, "state", StateCode::from_code)?,
            township: Some(township.to_owned()).filter(|township| !township.is_empty()),
            text: q.trim().to_lowercase(),
        })
    }

    pub(super) fn takes_state(&self, state: StateCode) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }

    pub(super) fn takes(&self, point: &kernel::Point) -> bool {
        let has_text =
            || [&point.name.zh, &point.name.en, &point.key].iter().any(|text| text.to_lowercase().contains(&self.text));
        (self.kinds.is_empty() || self.kinds.contains(&point.kind))
            && (self.township.is_none() || self.township == point.township)
            && (self.text.is_empty() || has_text())
    }
}

pub fn routes(points: &Points) -> Routes {
    let (list, one) = (points.clone(), points.clone());
    let read = Access::May(Action::ReadMonitoring);
    Routes::new("points")
        .get(
            "/api/points",
            operation("点位", "points", read).query::<PointQuery>().returns::<PointPage>().also("text/csv"),
            async move |caller: Caller, Query(query): Query<PointQuery>| -> ApiResult<Response> {
                let points = list.clone();
                blocking(move || page_of(&points, &caller, &query)).await
            },
        )
        .get(
            "/api/points/{id}",
            operation("一个点位", "one point", read).returns::<PointDetail>(),
            async move |caller: Caller, Path(id): Path<String>| -> ApiResult<Json<PointDetail>> {
                let points = one.clone();
                Ok(Json(blocking(move || detail_of(&points, &caller, &id)).await?))
            },
        )
}

fn page_of(points: &Points, caller: &Caller, query: &PointQuery) -> Result<Response, Problem> {
    let now = kernel::time::now();
    let [kind, state, township, q] =
        [&query.kind, &query.state, &query.township, &query.q].map(|part| part.as_deref().unwrap_or_default());
    let wanted = Wanted::of(kind, state, township, q)?;
    let mut standings = points
        .standings(now, |point| wanted.takes(point) && caller.0.may(Action::ReadMonitoring, point.owner.as_deref()))?;
    standings.retain(|standing| wanted.takes_state(standing.state.code));
    let total = standings.len();
    let page = query.page.unwrap_or(1).max(1);
    let csv = query.format == Format::Csv;
    let size = if csv { usize::MAX } else { query.page_size.unwrap_or(50).clamp(1, MOST_PAGE) };
    let townships = points.townships()?;
    let shown = standings.iter().skip((page - 1).saturating_mul(size)).take(size);
    let items = shown.map(|standing| points.summary(standing, &townships, now)).collect::<Result<Vec<_>, _>>()?;
    if csv {
        Ok(table(&items, now).respond(Format::Csv))
    } else {
        Ok(Json(PointPage { items, total, page }).into_response())
    }
}

fn detail_of(points: &Points, caller: &Caller, id: &str) -> Result<PointDetail, Problem> {
    let now = kernel::time::now();
    let unknown = || Problem::not_found(format!("没有点位 {id} (no such point)"));
    let number: i64 = id.parse().map_err(|_| unknown())?;
    let standing = points.standing_of(number, now)?.ok_or_else(unknown)?;
    let point = &standing.point;
    if !caller.0.may(Action::ReadMonitoring, point.owner.as_deref()) {
        return Err(unknown());
    }
    let readable = standing.cases.iter().filter(|case| act::ops::may_read(&caller.0, case));
    Ok(PointDetail {
        summary: points.summary(&standing, &points.townships()?, now)?,
        river: point.river.clone(),
        river_name: points.judge.name_of(point.river.as_deref()),
        function_class: point.function_class.clone(),
        function_class_basis: point.function_class_basis.clone(),
        standard: point.standard.clone(),
        standard_grade: point.standard_grade.clone(),
        limits: point.limits.clone(),
        limit_gaps: points.judge.limit_gaps(point, now),
        factors: point
            .factors
            .iter()
            .map(|code| {
                let (name, unit) = factor_at(point.kind, code);
                FactorView { code: code.clone(), name, unit }
            })
            .collect(),
        devices: points.collect.device_rows(point.id, &caller.0, point.owner.as_deref()),
        open_cases: readable.map(|case| CaseSummary::of(&points.act, case, now)).collect(),
        record_id: point.id.to_string(),
    })
}

type Townships = HashMap<String, Name>;

impl Points {
    fn townships(&self) -> Result<Townships, Problem> {
        Ok(self.register.townships()?.into_iter().map(|township| (township.key, township.name)).collect())
    }

    fn summary(&self, standing: &Standing, townships: &Townships, now: Timestamp) -> Result<PointSummary, Problem> {
        let point = &standing.point;
        // Rates are asked for what is heard; a point that only files tell of owes no hours.
        let rates = match standing.last_data {
            Some(_) => Some(self.judge.rates(point, now.plus(-DAY_MILLIS), now, now)?),
            None => None,
        };
        let text = |rate: Option<_>| rate.map(|rate: rust_decimal::Decimal| rate.to_string());
        let headline = standing.verdict.as_ref().and_then(|verdict| self.judge.headline(point, verdict));
        Ok(PointSummary {
            id: point.id.to_string(),
            ledger: point.ledger.clone(),
            key: point.key.clone(),
            name: point.name.clone(),
            kind: point.kind,
            kind_name: point.kind.label(),
            township: point.township.clone(),
            township_name: point.township.as_ref().and_then(|key| townships.get(key).cloned()),
            owner: point.owner.clone(),
            location: point.location.clone(),
            location_note: point.location_note.clone(),
            simulated: point.simulated,
            schematic: point.schematic,
            state: standing.state.clone(),
            last_data_at: standing.last_data.map(|(_, data)| data),
            connected: self.collect.connected(point.id, now),
            rates: rates.map(|rates| RatesView {
                transmission: text(rates.shares.transmission),
                valid: text(rates.shares.valid_rate),
                effective: text(rates.shares.effective),
            }),
            headline: headline.or_else(|| self.newest_value(standing)),
        })
    }

    /// The newest value as it came, where nothing was judged yet.
    fn newest_value(&self, standing: &Standing) -> Option<Headline> {
        let latest = self.store.latest(&[standing.point.id]);
        let coded = latest.iter().filter_map(|value| Some((self.store.factor_code(value.value.factor)?, value)));
        // The factor that the register names first, then the newest.
        let place = |code: &str| standing.point.factors.iter().position(|known| known == code).unwrap_or(usize::MAX);
        let (code, value) = coded.min_by_key(|(code, value)| (place(code), -value.data_time.millis()))?;
        let (name, unit) = factor_at(standing.point.kind, &code);
        Some(Headline {
            factor: code.to_string(),
            name,
            value: value.value.value.to_string(),
            unit,
            time: value.data_time,
            level: None,
            colour: None,
        })
    }
}

fn table(items: &[PointSummary], now: Timestamp) -> Table {
    let flag = |value: bool| if value { "1".to_owned() } else { "0".to_owned() };
    let rows = items
        .iter()
        .map(|item| {
            let rate = |of: fn(&RatesView) -> &Option<String>| {
                item.rates.as_ref().and_then(|rates| of(rates).clone()).unwrap_or_default()
            };
            vec![
                item.id.clone(),
                item.key.clone(),
                item.name.zh.clone(),
                item.kind_name.zh.clone(),
                item.township_name.as_ref().map(|name| name.zh.clone()).unwrap_or_default(),
                item.location.as_ref().map(|place| place.lon.to_string()).unwrap_or_default(),
                item.location.as_ref().map(|place| place.lat.to_string()).unwrap_or_default(),
                item.location.as_ref().map(|place| place.accuracy.clone()).unwrap_or_default(),
                item.state.name.zh.clone(),
                item.state.reason.as_ref().map(|reason| reason.zh.clone()).unwrap_or_default(),
                item.last_data_at.map(Timestamp::to_iso).unwrap_or_default(),
                flag(item.connected),
                rate(|rates| &rates.transmission),
                rate(|rates| &rates.valid),
                rate(|rates| &rates.effective),
                flag(item.simulated),
                flag(item.schematic),
            ]
        })
        .collect();
    Table {
        title: Name::new("点位", "points"),
        method: Name::new("传输率、有效率、有效传输率按最近 24 小时", "rates over the last 24 hours"),
        source: Name::new("台账、采集、判定、案件", "register, collection, verdicts, cases"),
        as_of: now,
        simulated: items.iter().any(|item| item.simulated),
        columns: vec![
            Column::new("id", "编号", "id", ""),
            Column::new("key", "台账编号", "key", ""),
            Column::new("name", "名称", "name", ""),
            Column::new("kind", "类型", "kind", ""),
            Column::new("township", "乡镇（街道）", "township", ""),
            Column::new("lon", "经度", "longitude", "°"),
            Column::new("lat", "纬度", "latitude", "°"),
            Column::new("accuracy", "位置精度", "accuracy of place", ""),
            Column::new("state", "状态", "state", ""),
            Column::new("reason", "原因", "reason", ""),
            Column::new("last_data_at", "最新数据时间", "newest data", ""),
            Column::new("connected", "在线连接", "connected", ""),
            Column::new("transmission", "传输率", "transmission", ""),
            Column::new("valid", "有效率", "valid", ""),
            Column::new("effective", "有效传输率", "effective", ""),
            Column::new("simulated", "模拟", "simulated", ""),
            Column::new("schematic", "示意", "schematic", ""),
        ],
        rows,
    }
}
