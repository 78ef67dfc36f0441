//! Water bulletins: sections and sources of a day; of a month with the month before and the year before.

use std::sync::Arc;

use api::Column;
use kernel::{Day, Name, Point, PointKind, Problem};
use standards::water::Class;
use store::contract::PeriodLevel;

use super::air::missing_line;
use super::{Cell, Parts, Period, Section};
use crate::Judge;
use crate::http::main_pollutants;
use crate::model::{Stat, Verdict, name_of};
use crate::rivers::RiverRow;
use crate::rule::water::class_of_number;
use crate::trophic;

fn waters(points: &[Arc<Point>]) -> impl Iterator<Item = &Arc<Point>> {
    let wanted =
        [PointKind::WaterSection, PointKind::LakePoint, PointKind::DrinkingWaterSource, PointKind::GroundwaterWell];
    points.iter().filter(move |point| wanted.contains(&point.kind))
}

fn class_text(number: Option<u16>) -> String {
    number.and_then(class_of_number).map(|class| name_of(&class.name()).zh).unwrap_or_default()
}

/// 类别、目标、达标、主要污染指标.
fn cells(verdict: &Verdict) -> Vec<Cell> {
    let (finding, key) = (&verdict.finding, verdict.key);
    let judged = finding.index.is_some() && finding.beside.is_some();
    let main: Vec<String> = main_pollutants(finding)
        .into_iter()
        .map(|main| match main.multiple {
            Some(multiple) => format!("{}({multiple})", main.name.zh),
            None => main.name.zh,
        })
        .collect();
    vec![
        Cell::of(class_text(finding.index), key).alarm_if(finding.exceeding),
        Cell::of(class_text(finding.beside), key),
        Cell::of(
            if !judged {
                ""
            } else if finding.exceeding {
                "否"
            } else {
                "是"
            },
            key,
        )
        .alarm_if(finding.exceeding),
        Cell::of(main.join("、"), key),
    ]
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("name", "断面、水源地或井", "section, source or well", ""),
        Column::new("river", "河流", "river", ""),
        Column::new("class", "类别", "class", ""),
        Column::new("target", "目标", "target", ""),
        Column::new("compliant", "达标", "compliant", ""),
        Column::new("main", "主要污染指标（超标倍数）", "main pollutants (multiple)", ""),
    ]
}

/// Items that every bulletin prints.
const ITEMS: [(&str, &str, &str); 5] = [
    ("w01009", "溶解氧", "dissolved oxygen"),
    ("w01019", "高锰酸盐指数", "CODMn"),
    ("w01018", "化学需氧量", "COD"),
    ("w21003", "氨氮", "ammonia nitrogen"),
    ("w21011", "总磷", "total phosphorus"),
];

fn head(point: &Point) -> Vec<Cell> {
    vec![Cell::text(point.name.zh.clone()), Cell::text(point.river.clone().unwrap_or_default())]
}

fn line(verdicts: &[Verdict]) -> Name {
    let judged = verdicts.iter().filter(|verdict| verdict.finding.index.is_some()).count();
    let good =
        |verdict: &&Verdict| verdict.finding.index.and_then(class_of_number).is_some_and(|class| class <= Class::III);
    let good = verdicts.iter().filter(good).count();
    let over = verdicts.iter().filter(|verdict| verdict.finding.exceeding).count();
    Name::new(
        format!("{judged} 个点位有评价，Ⅰ～Ⅲ类 {good} 个，超过目标 {over} 个"),
        format!("{judged} points judged, {good} of class I–III, {over} beyond their target"),
    )
}

pub fn daily(judge: &Judge, period: Period, points: &[Arc<Point>]) -> Result<Parts, Problem> {
    let mut all = columns();
    all.extend(ITEMS.map(|(code, zh, en)| Column::new(code, zh, en, "mg/L")));
    let mut section = Section::new(
        ("各断面、水源地和井日水质", "sections, sources and wells"),
        ("日均值单因子评价（环办〔2011〕22号；地下水 GB/T 14848）", "single-factor evaluation of daily means"),
        all,
    );
    let (mut used, mut missing, mut verdicts) = (Vec::new(), Vec::new(), Vec::new());
    for point in waters(points) {
        let Some(verdict) = judge.verdict_of(point.id, PeriodLevel::Day, period.from.0.into())? else {
            missing.push(point.name.zh.as_str());
            continue;
        };
        let mut row = head(point);
        row.extend(cells(&verdict));
        for (code, ..) in ITEMS {
            let item = crate::code::Code::new(code).and_then(|factor| verdict.finding.item(factor, Stat::Mean));
            row.push(match item.filter(|item| item.valid()) {
                Some(item) => Cell::of(crate::http::item_value(point, item), verdict.key).alarm_if(item.exceeding()),
                None => Cell::of("", verdict.key),
            });
        }
        section.push(row);
        used.push(Arc::clone(point));
        verdicts.push(verdict);
    }
    let mut lines = vec![line(&verdicts)];
    lines.extend(missing_line(&missing));
    Ok((lines, vec![section], used))
}

pub fn monthly(judge: &Judge, period: Period, points: &[Arc<Point>]) -> Result<Parts, Problem> {
    let mut all = columns();
    all.extend([
        Column::new("before", "上月类别", "month before", ""),
        Column::new("year_before", "上年同月类别", "same month a year before", ""),
        Column::new("days", "评价天数", "days judged", "d"),
        Column::new("days_over", "超目标天数", "days beyond the target", "d"),
    ]);
    let mut section = Section::new(
        ("各断面、水源地和井月水质", "sections, sources and wells"),
        ("月均值单因子评价；天数按日判定", "single-factor evaluation of monthly means; days by daily verdicts"),
        all,
    );
    let month = i64::from(period.month().0);
    let (mut used, mut missing, mut verdicts) = (Vec::new(), Vec::new(), Vec::new());
    for point in waters(points) {
        let Some(verdict) = judge.verdict_of(point.id, PeriodLevel::Month, month)? else {
            missing.push(point.name.zh.as_str());
            continue;
        };
        let mut row = head(point);
        row.extend(cells(&verdict));
        for earlier in [month - 1, month - 12] {
            row.push(match judge.verdict_of(point.id, PeriodLevel::Month, earlier)? {
                Some(earlier) => Cell::of(class_text(earlier.finding.index), earlier.key),
                None => Cell::text("—"),
            });
        }
        for name in ["days_valid", "days_over"] {
            let item = verdict.finding.items.iter().find(|item| item.factor == *name);
            let text = item.and_then(|item| item.value).map(|value| value.to_string()).unwrap_or_default();
            row.push(Cell::of(text, verdict.key));
        }
        section.push(row);
        used.push(Arc::clone(point));
        verdicts.push(verdict);
    }
    let mut lines = vec![line(&verdicts)];
    lines.extend(missing_line(&missing));
    let mut sections = vec![section];
    sections.extend(rivers(judge, period, points)?);
    sections.extend(lakes(judge, period, points)?);
    Ok((lines, sections, used))
}

/// Rivers and the county graded from their sections. `None` without sections.
fn rivers(judge: &Judge, period: Period, points: &[Arc<Point>]) -> Result<Option<Section>, Problem> {
    let sections = points.iter().filter(|point| point.kind == PointKind::WaterSection).cloned();
    let seen = judge.seen(sections, PeriodLevel::Month, period.month().0.into())?;
    if seen.is_empty() {
        return Ok(None);
    }
    let mut section = Section::new(
        ("河流水质评价", "rivers"),
        (
            "环办〔2011〕22号：断面 5 个及以上按断面类别比例法，不足 5 个取断面均值；湖库另评",
            "the 2011 method: five sections and more by shares of classes, fewer by means; lakes apart",
        ),
        vec![
            Column::new("name", "河流", "river", ""),
            Column::new("sections", "断面（有评价）", "sections (judged)", ""),
            Column::new("good_share", "Ⅰ～Ⅲ类比例", "share of I–III", "%"),
            Column::new("inferior_share", "劣Ⅴ类比例", "share worse than V", "%"),
            Column::new("class", "均值类别", "class of the means", ""),
            Column::new("grade", "水质状况", "grade", ""),
            Column::new("main", "主要污染指标", "main pollutants", ""),
            Column::new("missing", "没有评价的断面", "sections without a class", ""),
        ],
    );
    let day = period.month().next().first_day();
    let mut rivers = judge.rivers(&seen);
    rivers.push((Some("全县".into()), seen));
    for (river, seen) in rivers {
        let row = RiverRow::of(judge, Day(day.0 - 1), &seen)?;
        let name = judge.name_of(river.as_deref()).map(|name| name.zh).or(river).unwrap_or_else(|| "未写河流".into());
        section.push(vec![
            Cell::text(name),
            Cell::text(format!("{}（{}）", row.sections, row.judged)),
            Cell::text(row.good_share),
            Cell::text(row.inferior_share),
            Cell::text(row.class.map(|class| class.name().zh).unwrap_or_default()),
            Cell::text(row.grade).alarm_if(row.heavy),
            Cell::text(row.main),
            Cell::text(row.missing),
        ]);
    }
    Ok(Some(section))
}

/// Trophic state of lakes in the month and in the year so far; what is missing is said. `None` without lakes.
fn lakes(judge: &Judge, period: Period, points: &[Arc<Point>]) -> Result<Option<Section>, Problem> {
    let lakes: Vec<_> = points.iter().filter(|point| point.kind == PointKind::LakePoint).collect();
    if lakes.is_empty() {
        return Ok(None);
    }
    let mut section = Section::new(
        ("湖库营养状态", "trophic state of lakes"),
        (
            "环办〔2011〕22号 综合营养状态指数：叶绿素a、总磷、总氮、透明度、高锰酸盐指数的均值，缺一项不计算",
            "trophic level index of the 2011 method from means of five parameters; with one missing there is none",
        ),
        vec![
            Column::new("name", "湖库", "lake", ""),
            Column::new("tli", "本月 TLI(Σ)", "TLI(Σ) of the month", ""),
            Column::new("state", "营养状态", "trophic state", ""),
            Column::new("missing", "缺少的项目", "missing parameters", ""),
            Column::new("year_tli", "本年 TLI(Σ)", "TLI(Σ) of the year", ""),
            Column::new("year_state", "本年营养状态", "trophic state of the year", ""),
        ],
    );
    let levels = [(PeriodLevel::Month, period.month().0.into()), (PeriodLevel::Year, period.month().year().into())];
    for point in lakes {
        let mut row = vec![Cell::text(point.name.zh.clone())];
        for (level, number) in levels {
            let Some(verdict) = judge.verdict_of(point.id, level, number)? else {
                row.extend([Cell::text(""), Cell::text("")]);
                if level == PeriodLevel::Month {
                    row.push(Cell::text("没有月判定"));
                }
                continue;
            };
            let (rules, key) = (judge.rules(), verdict.key);
            let day = Day(key.end().day().0 - 1);
            let item = verdict.finding.items.iter().find(|item| item.factor == *trophic::TLI);
            let state = item.and_then(|item| trophic::state_of(&rules, day, item.index?));
            let value = item.and_then(|item| item.value).map(|value| value.to_string()).unwrap_or_default();
            let rich = state.as_ref().is_some_and(|state| state.key.ends_with("_eutrophic"));
            row.push(Cell::of(value, key));
            row.push(Cell::of(state.map(|state| state.name.zh).unwrap_or_default(), key).alarm_if(rich));
            if level == PeriodLevel::Month {
                let found = trophic::of_finding(&rules, point, day, &verdict.finding);
                row.push(Cell::text(trophic::lacking(&rules, day, found)));
            }
        }
        section.push(row);
    }
    Ok(Some(section))
}
