//! Charts: one address each, JSON with its metadata or CSV; `/api/charts/hours` is what they rest on.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Column, Format, Operation, Query, Routes, Table, blocking, operation};
use axum::response::{IntoResponse, Response};
use kernel::{Action, Hour, Name, Point, Problem, Timestamp};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use standards::statistics::SECTORS;

use super::air::source_of;
use super::quality::period;
use crate::chart::hours::HourRow;
use crate::chart::wind::{self, WindHour};
use crate::chart::{shown, trend, variation};
use crate::code::Code;
use crate::{Judge, names};

/// Direction and speed of the wind in HJ 212.
const DIRECTION: &str = "a01008";
const SPEED: &str = "a01007";
/// Days of a chart without dates.
pub const DAYS: i64 = 365;

#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct ChartQuery {
    pub point: String,
    /// HJ 212 code; several with commas where a chart takes several.
    pub factor: Option<String>,
    /// Without it: 365 days before `until`.
    pub from: Option<String>,
    /// Exclusive; without it: now.
    pub until: Option<String>,
    #[serde(default)]
    pub format: Format,
}

/// One number of a chart that stands in no row: slope, p value, calm hours.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Figure {
    pub key: &'static str,
    pub label: Name,
    /// Decimal text; empty: cannot be given.
    pub value: String,
    pub unit: String,
}

/// A table, the figures beside it, and where the values it rests on are.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Chart {
    #[serde(flatten)]
    pub table: Table,
    pub figures: Vec<Figure>,
    /// The hours behind it, as CSV.
    pub data: String,
    /// Hours that the chart rests on.
    pub hours: usize,
}

impl Chart {
    pub fn respond(self, format: Format) -> Response {
        match format {
            Format::Json => axum::Json(self).into_response(),
            Format::Csv => self.table.respond(Format::Csv),
        }
    }
}

/// What a chart is made from.
struct Input {
    point: Arc<Point>,
    factors: Vec<Code>,
    rows: Vec<HourRow>,
    unit: String,
    data: String,
    now: Timestamp,
}

type Make = fn(&Judge, &Input) -> Chart;

pub fn describe(zh: &str, en: &str) -> Operation {
    operation(zh, en, Access::May(Action::ReadMonitoring)).query::<ChartQuery>().returns::<Chart>().also("text/csv")
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let kinds: [(&str, &str, &str, bool, Make); 8] = [
        ("hours", "图表所依据的小时值", "hourly values behind the charts", false, hours),
        ("time-variation", "时间变化：小时、星期、月", "time variation: hour, weekday, month", false, time_variation),
        ("wind-rose", "风玫瑰与污染玫瑰", "wind and pollution rose", true, wind_rose),
        ("polar", "风向风速极坐标图", "polar plot", true, polar),
        ("percentile-rose", "百分位玫瑰", "percentile rose", true, percentile_rose),
        ("trend", "趋势及其置信区间", "trend with confidence", false, trend_of),
        ("correlation", "相关", "correlation", false, correlation),
        ("calendar", "日历图", "calendar", false, calendar),
    ];
    let mut routes = Routes::new("judge");
    for (kind, zh, en, windy, make) in kinds {
        let judge = Arc::clone(judge);
        routes = routes.get(
            &format!("/api/charts/{kind}"),
            describe(zh, en),
            async move |caller: Caller, Query(query): Query<ChartQuery>| -> ApiResult<Response> {
                let judge = Arc::clone(&judge);
                let format = query.format;
                let work = move || {
                    let input = input_of(&judge, &caller, &query, windy)?;
                    Ok::<_, Problem>(make(&judge, &input))
                };
                Ok(blocking(work).await?.respond(format))
            },
        );
    }
    routes
}

fn input_of(judge: &Judge, caller: &Caller, query: &ChartQuery, windy: bool) -> Result<Input, Problem> {
    let point = super::one(judge, caller, &query.point)?;
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), DAYS)?;
    let mut factors = Vec::new();
    for text in query.factor.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|text| !text.is_empty()) {
        factors.push(Code::new(text).ok_or_else(|| Problem::invalid(format!("factor = {text} 不是因子编码")))?);
    }
    if factors.is_empty() {
        let expected = point.factors.iter().filter_map(|code| Code::new(code));
        factors.extend(expected.take(crate::chart::hours::MOST_FACTORS - 2));
    }
    if windy {
        factors.truncate(1);
        factors.extend([DIRECTION, SPEED].into_iter().filter_map(Code::new));
    }
    let rows = judge.hours_of(&point, &factors, from, until)?;
    let list: Vec<&str> = factors.iter().map(Code::as_str).collect();
    let data = format!(
        "/api/charts/hours?point={}&factor={}&from={}&until={}&format=csv",
        point.id,
        list.join(","),
        from.to_iso().replace('+', "%2B"),
        until.to_iso().replace('+', "%2B"),
    );
    let unit = factors.first().map(|factor| unit_of(judge, &point, *factor)).unwrap_or_default();
    Ok(Input { point, factors, rows, unit, data, now: kernel::time::now() })
}

/// The unit of an hourly mean: that of the judgement for ambient air, the device's otherwise.
fn unit_of(judge: &Judge, point: &Point, factor: Code) -> String {
    match crate::rule::air::pollutant(factor) {
        Some(pollutant) if point.kind == kernel::PointKind::AirStation => pollutant.unit().to_owned(),
        _ => judge.rules().factors.get(factor.as_str()).map(|known| known.unit.clone()).unwrap_or_default(),
    }
}

impl Input {
    fn series(&self, column: usize) -> Vec<(i64, f64)> {
        let value = |row: &HourRow| row.values.get(column).copied().flatten()?.to_f64();
        self.rows.iter().filter_map(|row| Some((row.hour, value(row)?))).collect()
    }

    /// Hours with concentration, direction and speed.
    fn winds(&self) -> Vec<WindHour> {
        let value = |row: &HourRow, column: usize| row.values.get(column).copied().flatten()?.to_f64();
        self.rows
            .iter()
            .filter_map(|row| {
                Some(WindHour { value: value(row, 0)?, direction: value(row, 1)?, speed: value(row, 2)? })
            })
            .collect()
    }

    fn name(&self) -> Name {
        self.factors.first().map(|factor| names::factor_name(factor.as_str())).unwrap_or_default()
    }

    fn chart(&self, title: (&str, &str), method: (&str, &str), columns: Vec<Column>, rows: Vec<Vec<String>>) -> Chart {
        let (factor, point) = (self.name(), &self.point.name);
        Chart {
            table: Table {
                title: Name::new(
                    format!("{} {} {}", point.zh, factor.zh, title.0),
                    format!("{}: {} {}", point.en, factor.en, title.1),
                ),
                method: Name::new(method.0, method.1),
                source: source_of(&self.point),
                as_of: self.now,
                simulated: self.point.simulated,
                columns,
                rows,
            },
            figures: Vec::new(),
            data: self.data.clone(),
            hours: self.rows.len(),
        }
    }
}

fn hours(judge: &Judge, input: &Input) -> Chart {
    let mut columns = vec![Column::new("time", "时间（起）", "start of the hour", "")];
    for factor in &input.factors {
        let name = names::factor_name(factor.as_str());
        columns.push(Column::new(factor.as_str(), &name.zh, &name.en, &unit_of(judge, &input.point, *factor)));
    }
    let rows = input
        .rows
        .iter()
        .map(|row| {
            let mut cells = vec![Hour(row.hour).start().to_iso()];
            cells.extend(
                row.values.iter().map(|value| value.map(|value| value.normalize().to_string()).unwrap_or_default()),
            );
            cells
        })
        .collect();
    let method =
        ("有效小时均值：已按标记、审核和停运申报取舍", "valid hourly means after marks, reviews and declared stops");
    input.chart(("小时值", "hours"), method, columns, rows)
}

fn time_variation(_: &Judge, input: &Input) -> Chart {
    let rows = variation::time_variation(&input.series(0))
        .into_iter()
        .map(|cell| [vec![cell.facet.to_owned(), cell.key], cell.mean.cells().to_vec()].concat())
        .collect();
    let columns = vec![
        Column::new("facet", "分组方式", "facet", ""),
        Column::new("key", "组", "group", ""),
        Column::new("n", "小时数", "hours", "h"),
        Column::new("mean", "平均", "mean", &input.unit),
        Column::new("low", "95% 区间下限", "95 % low", &input.unit),
        Column::new("high", "95% 区间上限", "95 % high", &input.unit),
    ];
    let method = (
        "各组小时均值的算术平均；区间 = 平均 ± 1.96·s/√n（相邻小时相关，区间偏窄）；星期一为 1",
        "arithmetic means of hours; interval = mean ± 1.96·s/√n (hours depend on each other: it is too narrow); Monday is 1",
    );
    input.chart(("时间变化", "time variation"), method, columns, rows)
}

fn wind_rose(_: &Judge, input: &Input) -> Chart {
    let rose = wind::rose(&input.winds());
    let share = |hours: usize| shown((rose.hours > 0).then(|| 100.0 * hours as f64 / rose.hours as f64));
    let rows = SECTORS
        .iter()
        .zip(&rose.sectors)
        .map(|(name, sector)| {
            let all: usize = sector.hours.iter().sum();
            let mut row = vec![(*name).to_owned()];
            row.extend(sector.hours.iter().map(ToString::to_string));
            row.extend([share(all), shown(sector.mean_speed), shown(sector.mean), shown(sector.high)]);
            row
        })
        .collect();
    let columns = vec![
        Column::new("sector", "风向", "wind from", ""),
        Column::new("h0", "0.5～2 m/s", "0.5–2 m/s", "h"),
        Column::new("h1", "2～4 m/s", "2–4 m/s", "h"),
        Column::new("h2", "4～6 m/s", "4–6 m/s", "h"),
        Column::new("h3", "≥6 m/s", "≥6 m/s", "h"),
        Column::new("share", "频率", "share of hours", "%"),
        Column::new("speed", "平均风速", "mean speed", "m/s"),
        Column::new("mean", "平均浓度", "mean concentration", &input.unit),
        Column::new("high", "高浓度概率", "probability of a high value", ""),
    ];
    let method = (
        "16 方位；低于 0.5 m/s 为静风，不计方位；高浓度 = 高于全部小时的第 75 百分位",
        "16 sectors; below 0.5 m/s is calm and has no sector; high = above the 75th percentile of all hours",
    );
    let mut chart = input.chart(("风玫瑰与污染玫瑰", "wind and pollution rose"), method, columns, rows);
    chart.hours = rose.hours;
    chart.figures = vec![
        figure("calm", "静风小时", "calm hours", rose.calm.to_string(), "h"),
        figure("hours", "有风和浓度的小时", "hours with wind and value", rose.hours.to_string(), "h"),
        figure("threshold", "第 75 百分位", "75th percentile", shown(rose.threshold), &input.unit),
    ];
    chart
}

fn figure(key: &'static str, zh: &str, en: &str, value: String, unit: &str) -> Figure {
    Figure { key, label: Name::new(zh, en), value, unit: unit.to_owned() }
}

fn polar(_: &Judge, input: &Input) -> Chart {
    let winds = input.winds();
    let rows = wind::polar(&winds)
        .into_iter()
        .map(|cell| {
            let sector = SECTORS.get(cell.sector).copied().unwrap_or_default().to_owned();
            vec![sector, shown(Some(cell.speed)), cell.n.to_string(), shown(Some(cell.mean))]
        })
        .collect();
    let columns = vec![
        Column::new("sector", "风向", "wind from", ""),
        Column::new("speed", "风速（起）", "speed from", "m/s"),
        Column::new("n", "小时数", "hours", "h"),
        Column::new("mean", "平均浓度", "mean concentration", &input.unit),
    ];
    let method = (
        "风向 16 方位 × 风速 1 m/s 一档（11 m/s 以上一档）的算术平均，不平滑；静风除外",
        "means by 16 sectors × speed bins of 1 m/s (one bin from 11 m/s on), not smoothed; calm left out",
    );
    let mut chart = input.chart(("极坐标图", "polar plot"), method, columns, rows);
    chart.hours = winds.len();
    chart
}

fn percentile_rose(_: &Judge, input: &Input) -> Chart {
    let winds = input.winds();
    let rows = SECTORS
        .iter()
        .zip(wind::percentile_rose(&winds))
        .map(|(name, (n, percentiles))| {
            [vec![(*name).to_owned(), n.to_string()], percentiles.map(shown).to_vec()].concat()
        })
        .collect();
    let mut columns = vec![Column::new("sector", "风向", "wind from", ""), Column::new("n", "小时数", "hours", "h")];
    for (key, zh) in [("p5", "第 5"), ("p25", "第 25"), ("p50", "第 50"), ("p75", "第 75"), ("p95", "第 95")] {
        columns.push(Column::new(key, &format!("{zh} 百分位"), key, &input.unit));
    }
    let method = ("各风向小时浓度的百分位（线性内插，同 HJ 663）", "percentiles by sector, linear as in HJ 663");
    let mut chart = input.chart(("百分位玫瑰", "percentile rose"), method, columns, rows);
    chart.hours = winds.len();
    chart
}

fn trend_of(_: &Judge, input: &Input) -> Chart {
    let found = trend::trend(&input.series(0));
    let rows = found
        .months
        .iter()
        .map(|month| {
            vec![
                month.month.first_day().to_iso()[..7].to_owned(),
                month.n.to_string(),
                month.due.to_string(),
                shown(Some(month.mean)),
                u8::from(month.counts).to_string(),
                shown(found.at(month.month)),
            ]
        })
        .collect();
    let columns = vec![
        Column::new("month", "月", "month", ""),
        Column::new("n", "小时数", "hours", "h"),
        Column::new("due", "全月小时", "hours of the month", "h"),
        Column::new("mean", "月均", "monthly mean", &input.unit),
        Column::new("counts", "参加", "counts", ""),
        Column::new("line", "趋势线", "trend line", &input.unit),
    ];
    let method = (
        "月均值（至少半数小时有效）的 Theil–Sen 斜率与 95% 区间（Sen 1968）；Mann–Kendall 检验（结校正）。季节性斜率与检验只在同月之间比较（Hirsch 等 1982），满 24 个月才给出",
        "Theil–Sen slope of monthly means (at least half of the hours) with its 95 % interval; Mann–Kendall test with ties. \
         The seasonal slope and test compare months of one name only (Hirsch et al. 1982), from 24 months on",
    );
    let mut chart = input.chart(("趋势", "trend"), method, columns, rows);
    let a_year = format!("{}/a", input.unit);
    let line = |value: fn(&standards::statistics::TheilSen) -> f64| shown(found.line.as_ref().map(value));
    let seasonal =
        |value: fn(&standards::statistics::SeasonalKendall) -> f64| shown(found.seasonal.as_ref().map(value));
    chart.figures = vec![
        figure("slope", "斜率", "slope", line(|line| line.slope), &a_year),
        figure("low", "斜率 95% 下限", "slope, 95 % low", line(|line| line.low), &a_year),
        figure("high", "斜率 95% 上限", "slope, 95 % high", line(|line| line.high), &a_year),
        figure("p", "Mann–Kendall p", "Mann–Kendall p", shown(found.test.map(|test| test.p)), ""),
        figure("tau", "Kendall τ", "Kendall τ", shown(found.test.map(|test| test.tau)), ""),
        figure("seasonal_slope", "季节性斜率", "seasonal slope", seasonal(|found| found.slope), &a_year),
        figure("seasonal_low", "季节性斜率 95% 下限", "seasonal slope, 95 % low", seasonal(|found| found.low), &a_year),
        figure(
            "seasonal_high",
            "季节性斜率 95% 上限",
            "seasonal slope, 95 % high",
            seasonal(|found| found.high),
            &a_year,
        ),
        figure("seasonal_p", "季节性 Kendall p", "seasonal Kendall p", seasonal(|found| found.p), ""),
        figure("n", "月数", "months", found.test.map(|test| test.n.to_string()).unwrap_or_default(), ""),
    ];
    chart
}

fn correlation(_: &Judge, input: &Input) -> Chart {
    let rows: Vec<Vec<Option<f64>>> = input
        .rows
        .iter()
        .map(|row| row.values.iter().map(|value| value.and_then(|value| value.to_f64())).collect())
        .collect();
    let name = |place: usize| input.factors.get(place).map(|factor| factor.to_string()).unwrap_or_default();
    let label = |place: usize| names::factor_name(&name(place)).zh;
    let rows = trend::correlations(&rows, input.factors.len())
        .into_iter()
        .map(|pair| {
            vec![
                name(pair.x),
                name(pair.y),
                label(pair.x),
                label(pair.y),
                pair.n.to_string(),
                shown(pair.pearson),
                shown(pair.spearman),
            ]
        })
        .collect();
    let columns = vec![
        Column::new("x", "因子一", "factor 1", ""),
        Column::new("y", "因子二", "factor 2", ""),
        Column::new("x_name", "名称一", "name 1", ""),
        Column::new("y_name", "名称二", "name 2", ""),
        Column::new("n", "共同小时", "hours with both", "h"),
        Column::new("pearson", "Pearson r", "Pearson r", ""),
        Column::new("spearman", "Spearman rs", "Spearman rs", ""),
    ];
    let method = ("两因子都有效的小时", "hours in which both are valid");
    let mut chart = input.chart(("相关", "correlation"), method, columns, rows);
    chart.table.title = Name::new(
        format!("{} 因子相关", input.point.name.zh),
        format!("{}: correlation of factors", input.point.name.en),
    );
    chart
}

fn calendar(_: &Judge, input: &Input) -> Chart {
    let mut days: std::collections::BTreeMap<i32, (usize, f64)> = std::collections::BTreeMap::new();
    for (hour, value) in input.series(0) {
        let day = days.entry(Hour(hour).day().0).or_default();
        day.0 += 1;
        day.1 += value;
    }
    let rows = days
        .into_iter()
        .map(|(day, (n, sum))| vec![kernel::Day(day).to_iso(), n.to_string(), shown(Some(sum / n as f64))])
        .collect();
    let columns = vec![
        Column::new("date", "日期", "date", ""),
        Column::new("n", "小时数", "hours", "h"),
        Column::new("mean", "平均", "mean", &input.unit),
    ];
    let method = (
        "当日有效小时的算术平均；评价用日均值见日判定",
        "mean of the valid hours; assessed daily means are in the day verdicts",
    );
    input.chart(("日历图", "calendar"), method, columns, rows)
}
