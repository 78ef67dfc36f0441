//! Noise of functional zones in a month: by class, and point by point.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Column;
use kernel::{Name, Point, PointKind, Problem};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use store::contract::PeriodLevel;

use super::air::missing_line;
use super::noise_grade::{PointLevel, Survey, overall};
use super::{Cell, Parts, Period, Section};
use crate::Judge;
use crate::model::Stat;
use crate::names;

/// Days compared, days over, and the levels of those days.
#[derive(Clone, Debug, Default)]
struct Part {
    days: u32,
    over: u32,
    levels: Vec<f64>,
}

impl Part {
    fn add(&mut self, value: Option<Decimal>, limited: bool, over: bool) {
        self.levels.extend(value.and_then(|value| value.to_f64()));
        if limited {
            self.days += 1;
            self.over += u32::from(over);
        }
    }

    fn rate(&self) -> String {
        let met = self.days - self.over;
        standards::measure::percent(met.into(), self.days.into(), 1).map(|rate| rate.to_string()).unwrap_or_default()
    }

    /// Energy mean, one decimal.
    fn level(&self) -> String {
        self.mean().map(|level| level.to_string()).unwrap_or_default()
    }

    fn mean(&self) -> Option<Decimal> {
        let level = standards::noise::leq(&self.levels).map(|level| standards::decimal::round_float(level, 1));
        level.and_then(Decimal::from_f64)
    }

    fn join(&mut self, other: &Self) {
        self.days += other.days;
        self.over += other.over;
        self.levels.extend(&other.levels);
    }
}

pub fn monthly(judge: &Judge, period: Period, points: &[Arc<Point>]) -> Result<Parts, Problem> {
    let mut zones = Section::new(
        ("各类功能区", "classes of zones"),
        (
            "点次达标率＝达标的点·日／有限值的点·日（GB 3096）",
            "compliant point-days / point-days with a limit (GB 3096)",
        ),
        vec![
            Column::new("class", "功能区类别", "class", ""),
            Column::new("points", "点位数", "points", ""),
            Column::new("day_rate", "昼间达标率", "daytime compliance", "%"),
            Column::new("night_rate", "夜间达标率", "night compliance", "%"),
        ],
    );
    let mut list = Section::new(
        ("各点位", "points"),
        ("Ld、Ln 为各日等效声级的能量平均", "energy means of the daily levels"),
        vec![
            Column::new("name", "点位", "point", ""),
            Column::new("class", "类别", "class", ""),
            Column::new("survey", "监测类别", "kind of monitoring", ""),
            Column::new("days", "天数", "days", "d"),
            Column::new("ld", "昼间", "daytime", "dB(A)"),
            Column::new("ln", "夜间", "night", "dB(A)"),
            Column::new("day_over", "昼间超标天数", "days over, daytime", "d"),
            Column::new("night_over", "夜间超标天数", "days over, night", "d"),
        ],
    );
    let mut over = Section::new(
        ("超标明细", "exceedances"),
        ("超标以 dB(A) 计，没有倍数", "exceedance in dB(A), no multiple"),
        vec![
            Column::new("date", "日期", "date", ""),
            Column::new("name", "点位", "point", ""),
            Column::new("period", "时段", "period", ""),
            Column::new("value", "声级", "level", "dB(A)"),
            Column::new("limit", "限值", "limit", "dB(A)"),
            Column::new("over", "程度", "by how much", ""),
        ],
    );
    let mut by_class: BTreeMap<String, (usize, Part, Part)> = BTreeMap::new();
    let mut levels: BTreeMap<Survey, [Vec<PointLevel>; 2]> = BTreeMap::new();
    let (mut used, mut missing) = (Vec::new(), Vec::new());
    for point in points.iter().filter(|point| point.kind == PointKind::NoisePoint) {
        let days = judge.verdicts(point.id, PeriodLevel::Day, period.from.start(), period.until.start())?;
        if days.is_empty() {
            missing.push(point.name.zh.as_str());
            continue;
        }
        let class = point.function_class.clone().unwrap_or_else(|| "未定".to_owned());
        let (mut day, mut night) = (Part::default(), Part::default());
        let survey = Survey::of(point.survey.as_deref());
        for verdict in &days {
            for item in verdict.finding.items.iter().filter(|item| item.valid()) {
                let (part, name) = match item.stat {
                    Stat::DayLevel => (&mut day, "昼间"),
                    Stat::NightLevel => (&mut night, "夜间"),
                    _ => continue,
                };
                part.add(item.value, item.limit.is_some(), item.exceeding());
                // The limits are those of functional zones.
                if item.exceeding() && survey == Survey::Zone {
                    let text = |value: Option<Decimal>| value.map(|value| value.to_string()).unwrap_or_default();
                    over.push(vec![
                        Cell::text(verdict.key.start().day().to_iso()),
                        Cell::text(point.name.zh.clone()),
                        Cell::text(name),
                        Cell::of(text(item.value), verdict.key).alarm_if(true),
                        Cell::of(text(item.limit), verdict.key),
                        Cell::of(names::over(item).map(|over| over.zh).unwrap_or_default(), verdict.key),
                    ]);
                }
            }
        }
        // Points of area and road traffic noise are in no functional zone.
        if survey == Survey::Zone {
            let all = by_class.entry(class.clone()).or_default();
            all.0 += 1;
            all.1.join(&day);
            all.2.join(&night);
        }
        let found = levels.entry(survey).or_default();
        for (list, part) in found.iter_mut().zip([&day, &night]) {
            let (name, road_length) = (point.name.zh.clone(), point.road_length);
            list.extend(part.mean().map(|level| PointLevel { name, level, road_length }));
        }
        list.push(vec![
            Cell::text(point.name.zh.clone()),
            Cell::text(class),
            Cell::text(survey.label()),
            Cell::text(days.len().to_string()),
            Cell::text(day.level()),
            Cell::text(night.level()),
            Cell::text(day.over.to_string()).alarm_if(day.over > 0),
            Cell::text(night.over.to_string()).alarm_if(night.over > 0),
        ]);
        used.push(Arc::clone(point));
    }
    for (class, (count, day, night)) in by_class {
        zones.push(vec![
            Cell::text(class),
            Cell::text(count.to_string()),
            Cell::text(day.rate()),
            Cell::text(night.rate()),
        ]);
    }
    let lines: Vec<Name> = missing_line(&missing).into_iter().collect();
    Ok((lines, vec![zones, list, over, grades(judge, period, &levels)], used))
}

/// Area and road traffic noise as a whole (HJ 640); what is missing for a grade is said.
fn grades(judge: &Judge, period: Period, levels: &BTreeMap<Survey, [Vec<PointLevel>; 2]>) -> Section {
    let mut section = Section::new(
        ("区域和道路交通声环境总体水平（HJ 640）", "area and road traffic noise as a whole (HJ 640)"),
        (
            "各点声级为月内各日等效声级的能量平均；区域按点算术平均，道路按路长加权；平均方法未确认时不评等级",
            "a point's level is the energy mean of its days; points are averaged plainly for areas, by length for roads; \
             no grade until the way of averaging is confirmed",
        ),
        vec![
            Column::new("survey", "监测类别", "kind of monitoring", ""),
            Column::new("period", "时段", "period", ""),
            Column::new("points", "点位数", "points", ""),
            Column::new("mean", "平均声级", "mean level", "dB(A)"),
            Column::new("grade", "等级", "grade", ""),
            Column::new("note", "缺少", "missing", ""),
        ],
    );
    let rules = judge.rules();
    let standard = rules.library.in_force("HJ 640", "", crate::period::date(period.from));
    for survey in [Survey::Region, Survey::Traffic] {
        for (place, of_day) in [standards::noise::Period::Day, standards::noise::Period::Night].into_iter().enumerate()
        {
            let points = levels.get(&survey).map_or(&[] as &[PointLevel], |found| &found[place]);
            let found = match &standard {
                Ok(standard) => overall(standard, survey, of_day, points),
                Err(error) => super::noise_grade::Overall { note: error.text().zh, ..Default::default() },
            };
            let grade = found.grade.map(|grade| format!("{}（{}）", grade.name.zh, grade.word.zh));
            section.push(vec![
                Cell::text(survey.label()),
                Cell::text(of_day.name().zh),
                Cell::text(points.len().to_string()),
                Cell::text(found.mean.map(|mean| mean.to_string()).unwrap_or_default()),
                Cell::text(grade.unwrap_or_default()),
                Cell::text(found.note),
            ]);
        }
    }
    section
}
