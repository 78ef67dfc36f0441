//! Air bulletins: stations of a day; stations and days of a month.

use std::sync::Arc;

use api::Column;
use kernel::{Name, Point, PointKind, Problem};
use standards::air::Pollutant;
use store::contract::PeriodLevel;

use super::{Cell, Parts, Period, Section};
use crate::Judge;
use crate::http::item_value;
use crate::model::{Stat, Verdict};
use crate::rule::air;

const VALUES: [(Pollutant, Stat, &str); 6] = [
    (Pollutant::Pm25, Stat::Mean, "pm25"),
    (Pollutant::Pm10, Stat::Mean, "pm10"),
    (Pollutant::So2, Stat::Mean, "so2"),
    (Pollutant::No2, Stat::Mean, "no2"),
    (Pollutant::Co, Stat::Mean, "co"),
    (Pollutant::O3, Stat::Mda8, "o3_8h"),
];

fn columns() -> Vec<Column> {
    let mut columns = vec![
        Column::new("aqi", "AQI", "AQI", ""),
        Column::new("category", "类别", "category", ""),
        Column::new("primary", "首要污染物", "primary pollutant", ""),
    ];
    for (pollutant, _, key) in VALUES {
        let label = if key == "o3_8h" { "O3 8 小时" } else { pollutant.label() };
        columns.push(Column::new(key, label, if key == "o3_8h" { "O3 8 h" } else { label }, pollutant.unit()));
    }
    columns
}

fn cells(judge: &Judge, point: &Point, verdict: &Verdict) -> Vec<Cell> {
    let view = judge.aqi_view(verdict);
    let key = verdict.key;
    let primary: Vec<&str> = view.primary.iter().map(|name| name.zh.as_str()).collect();
    let mut cells = vec![
        Cell::of(view.aqi.map_or_else(|| "NA".to_owned(), |aqi| aqi.to_string()), key),
        Cell::of(view.category.map(|name| name.zh).unwrap_or_default(), key)
            .alarm_if(view.level.is_some_and(|level| level > 2)),
        Cell::of(primary.join("、"), key),
    ];
    for (pollutant, stat, _) in VALUES {
        let item = air::code(pollutant).and_then(|factor| verdict.finding.item(factor, stat));
        cells.push(match item.filter(|item| item.valid()) {
            Some(item) => Cell::of(item_value(point, item), key).alarm_if(item.exceeding()),
            None => Cell::of("", key),
        });
    }
    cells
}

fn stations(points: &[Arc<Point>]) -> impl Iterator<Item = &Arc<Point>> {
    points.iter().filter(|point| point.kind == PointKind::AirStation)
}

pub fn daily(judge: &Judge, period: Period, points: &[Arc<Point>]) -> Result<Parts, Problem> {
    let mut columns_all = vec![Column::new("name", "站点", "station", "")];
    columns_all.extend(columns());
    columns_all.push(Column::new("standard", "标准", "standard", ""));
    let mut section = Section::new(
        ("各站日空气质量", "stations"),
        ("日历日评价：日均值与臭氧日最大 8 小时均值", "civil day: daily means and the daily maximum 8-hour ozone"),
        columns_all,
    );
    let (mut used, mut missing, mut over) = (Vec::new(), Vec::new(), 0);
    for point in stations(points) {
        match judge.verdict_of(point.id, PeriodLevel::Day, period.from.0.into())? {
            Some(verdict) => {
                let mut row = vec![Cell::text(point.name.zh.clone())];
                row.extend(cells(judge, point, &verdict));
                row.push(Cell::of(verdict.finding.standard.clone(), verdict.key));
                over += usize::from(verdict.finding.index.is_some_and(|aqi| aqi > 100));
                section.push(row);
                used.push(Arc::clone(point));
            }
            None => missing.push(point.name.zh.as_str()),
        }
    }
    let mut lines = vec![Name::new(
        format!("{} 个站有日评价，其中 {over} 个超过良", used.len()),
        format!("{} stations with a daily index, {over} worse than good", used.len()),
    )];
    lines.extend(missing_line(&missing));
    Ok((lines, vec![section], used))
}

pub fn missing_line(missing: &[&str]) -> Option<Name> {
    (!missing.is_empty()).then(|| {
        Name::new(
            format!("没有评价的点位 {} 个：{}", missing.len(), missing.join("、")),
            format!("{} points without a verdict: {}", missing.len(), missing.join(", ")),
        )
    })
}

pub fn monthly(judge: &Judge, period: Period, points: &[Arc<Point>]) -> Result<Parts, Problem> {
    let mut summary = vec![
        Column::new("name", "站点", "station", ""),
        Column::new("valid_days", "有效天数", "valid days", "d"),
        Column::new("good_days", "优良天数", "good days", "d"),
        Column::new("good_ratio", "优良天数比例", "good-day ratio", "%"),
        Column::new("heavy_days", "重污染天数", "heavily polluted days", "d"),
        Column::new("composite", "综合指数", "composite index", ""),
    ];
    for (pollutant, _, key) in VALUES {
        let zh = match pollutant {
            Pollutant::O3 => "O3 第 90 百分位".to_owned(),
            Pollutant::Co => "CO 第 95 百分位".to_owned(),
            other => format!("{} 平均", other.label()),
        };
        summary.push(Column::new(key, &zh, key, pollutant.unit()));
    }
    summary.extend([
        Column::new("days_dust", "沙尘天数", "dust days", "d"),
        Column::new("pm25_beside", "PM2.5 平均（沙尘另一口径）", "PM2.5, the other view of dust", "µg/m³"),
        Column::new("pm10_beside", "PM10 平均（沙尘另一口径）", "PM10, the other view of dust", "µg/m³"),
    ]);
    let mut section = Section::new(
        ("各站月评价", "stations"),
        (
            "HJ 663 月评价；优良天数比例 = 优良天数／有效天数；未确认的权重不用于综合指数；2017 年起 PM10、PM2.5 和综合指数不含沙尘天",
            "month by HJ 663; good days / valid days; unconfirmed weights give no composite index; from 2017 PM10, PM2.5 \
             and the composite index without dust days",
        ),
        summary,
    );
    let mut day_columns = vec![Column::new("date", "日期", "date", ""), Column::new("name", "站点", "station", "")];
    day_columns.extend(columns());
    let mut days = Section::new(("逐日", "days"), ("日判定", "daily verdicts"), day_columns);
    let (mut used, mut missing) = (Vec::new(), Vec::new());
    for point in stations(points) {
        let Some(month) = judge.verdict_of(point.id, PeriodLevel::Month, period.month().0.into())? else {
            missing.push(point.name.zh.as_str());
            continue;
        };
        section.push(month_row(point, &month));
        for verdict in judge.verdicts(point.id, PeriodLevel::Day, period.from.start(), period.until.start())? {
            let mut row = vec![Cell::text(verdict.key.start().day().to_iso()), Cell::text(point.name.zh.clone())];
            row.extend(cells(judge, point, &verdict));
            days.push(row);
        }
        used.push(Arc::clone(point));
    }
    let lines = missing_line(&missing).into_iter().collect();
    Ok((lines, vec![section, days], used))
}

fn month_row(point: &Point, month: &Verdict) -> Vec<Cell> {
    let number = |name: &str| {
        let item = month.finding.items.iter().find(|item| item.factor == *name);
        Cell::of(
            item.and_then(|item| item.value).map(|value| value.normalize().to_string()).unwrap_or_default(),
            month.key,
        )
    };
    let mut row = vec![Cell::text(point.name.zh.clone())];
    row.extend(["days_valid", "days_good", "good_ratio", "days_heavy", "composite"].map(number));
    for (pollutant, ..) in VALUES {
        let stat = if matches!(pollutant, Pollutant::O3 | Pollutant::Co) { Stat::Percentile } else { Stat::Mean };
        let item = air::code(pollutant).and_then(|factor| month.finding.item(factor, stat));
        row.push(Cell::of(item.map(|item| item_value(point, item)).unwrap_or_default(), month.key));
    }
    row.push(number("days_dust"));
    for pollutant in [Pollutant::Pm25, Pollutant::Pm10] {
        let factor = air::code(pollutant);
        let beside = [Stat::MeanWithDust, Stat::MeanWithoutDust].into_iter();
        let item = beside.filter_map(|stat| month.finding.item(factor?, stat)).next();
        row.push(Cell::of(item.map(|item| item_value(point, item)).unwrap_or_default(), month.key));
    }
    row
}
