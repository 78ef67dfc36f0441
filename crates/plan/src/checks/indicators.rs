//! Rules about indicators, their targets and the tasks.

use rust_decimal::Decimal;

use super::Out;
use crate::finding::{Finding, Severity};
use crate::model::{Direction, Indicator, Target};
use crate::source::{INDICATORS, Position, Source, TASKS};
use crate::unit::normalise;

/// Statistics that GB 3095 (2012, 2026) has a limit for, by pollutant.
const AMBIENT_STATISTICS: &[(&str, &[&str])] = &[
    ("SO2", &["annual_mean", "daily_mean", "hourly_mean"]),
    ("NO2", &["annual_mean", "daily_mean", "hourly_mean"]),
    ("CO", &["daily_mean", "hourly_mean"]),
    ("O3", &["daily_max_8h_mean", "hourly_mean"]),
    ("PM10", &["annual_mean", "daily_mean"]),
    ("PM25", &["annual_mean", "daily_mean"]),
];

pub fn each(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for indicator in &source.indicators.indicators {
        let at = source.at(INDICATORS, indicator);
        let item = indicator.get_ref();
        let subject = vec![format!("indicator:{}", item.id)];
        let mut out = Out { file: INDICATORS, findings };
        if !item.has_formula() && item.document.trim().is_empty() {
            out.put(
                "PL406",
                Severity::Error,
                at,
                subject.clone(),
                (
                    format!("“{}”没有公式，也没有指明用哪份文件证明", item.name),
                    format!("{} has neither a formula nor a document", item.id),
                ),
                (
                    "写 formula，或在 document 里写明材料与提供单位",
                    "give a formula, or say in document which paper proves it and who gives it",
                ),
            );
        }
        if item.bodies.is_empty() {
            out.put(
                "PL203",
                Severity::Warning,
                at,
                subject.clone(),
                (format!("“{}”没有责任单位", item.name), format!("{} has no responsible body", item.id)),
                ("原文没有写明；由县里分解落实", "the source names none; the county assigns it"),
            );
        }
        for body in item.bodies.iter().filter(|body| !source.bodies.is_empty() && !source.bodies.contains(*body)) {
            out.put(
                "PL201",
                Severity::Error,
                at,
                vec![subject[0].clone(), format!("body:{body}")],
                (format!("单位“{body}”不在 bodies/ 的名录里"), format!("the body {body} is not in bodies/")),
                ("补进名录，或改用名录里的写法", "add it there, or spell it as there"),
            );
        }
        values(item, at, &subject, &mut out);
        statistic(item, at, &subject, &mut out);
    }
}

fn values(item: &Indicator, at: Position, subject: &[String], out: &mut Out<'_>) {
    for value in item.values.iter().filter(|value| value.value.is_none()) {
        out.put(
            "PL405",
            Severity::Warning,
            at,
            subject.to_vec(),
            (
                format!("“{}”{} 年现状值在{}是“—”", item.name, value.year, value.place),
                format!("{} has no value for {}", item.id, value.year),
            ),
            ("补统计，否则无法说明是否改善", "without it nobody can say whether it got better"),
        );
    }
    if item.values.is_empty() && !item.targets.is_empty() && !item.cumulative {
        out.put(
            "PL405",
            Severity::Warning,
            at,
            subject.to_vec(),
            (format!("“{}”有目标，没有现状值", item.name), format!("{} has a target but no baseline", item.id)),
            ("补录现状值及其来源", "enter the baseline and its source"),
        );
    }
    for target in &item.targets {
        let Some(wanted) = target.value else {
            out.put(
                "PL404",
                Severity::Warning,
                at,
                subject.to_vec(),
                (
                    format!("“{}”{} 年目标是“{}”，不是数", item.name, target.year, target.text),
                    format!("the target of {} for {} is words, not a number", item.id, target.year),
                ),
                (
                    "下达数字后补录；在此之前无法判断完成与否",
                    "enter the number once it is given; until then nothing can be judged",
                ),
            );
            continue;
        };
        compare(item, target, wanted, at, subject, out);
    }
}

/// A target for a later year must not be weaker than what was reached; a target of a year with a value must be met.
fn compare(item: &Indicator, target: &Target, wanted: Decimal, at: Position, subject: &[String], out: &mut Out<'_>) {
    for value in &item.values {
        let Some(reached) = value.value else { continue };
        let worse = match item.direction {
            Direction::HigherIsBetter => wanted < reached,
            Direction::LowerIsBetter => wanted > reached,
            Direction::Neutral => false,
        };
        if value.year < target.year && worse {
            out.put(
                "PL403",
                Severity::Error,
                at,
                subject.to_vec(),
                (
                    format!(
                        "“{}”{} 年目标 {}{wanted} 弱于 {} 年现状 {reached}（{}）",
                        item.name, target.year, target.operator, value.year, target.place
                    ),
                    format!(
                        "the {} target {}{wanted} of {} is weaker than the {reached} of {}",
                        target.year, target.operator, item.id, value.year
                    ),
                ),
                (
                    "达标也可能是倒退；说明理由，或改为不低于现状",
                    "reaching it may be a step back; give the reason or hold the level reached",
                ),
            );
        }
        let missed = match item.direction {
            Direction::HigherIsBetter => reached < wanted,
            Direction::LowerIsBetter => reached > wanted,
            Direction::Neutral => false,
        };
        if value.year == target.year && missed {
            out.put(
                "PL411",
                Severity::Warning,
                at,
                subject.to_vec(),
                (
                    format!("“{}”{} 年为 {reached}，未达目标 {}{wanted}", item.name, value.year, target.operator),
                    format!("{} reached {reached} in {}, its target was {wanted}", item.id, value.year),
                ),
                ("规划里要说明如何补上", "the plan should say how this is made good"),
            );
        }
    }
    let percent_above = item.unit == "%" && wanted > Decimal::ONE_HUNDRED;
    if percent_above {
        out.put(
            "PL410",
            Severity::Error,
            at,
            subject.to_vec(),
            (format!("“{}”的目标 {wanted}% 超过 100%", item.name), format!("{} aims at more than 100 %", item.id)),
            ("核对数字", "check the figure"),
        );
    }
}

fn statistic(item: &Indicator, at: Position, subject: &[String], out: &mut Out<'_>) {
    let [pollutant, statistic] = &item.statistic[..] else {
        return;
    };
    let known = AMBIENT_STATISTICS.iter().find(|(name, _)| name == pollutant).map(|(_, statistics)| *statistics);
    if known.is_some_and(|statistics| statistics.contains(&statistic.as_str())) {
        return;
    }
    out.put(
        "PL409",
        Severity::Error,
        at,
        subject.to_vec(),
        (
            format!("“{}”用的统计量 {pollutant} {statistic} 在 GB 3095 里没有限值", item.name),
            format!("GB 3095 has no limit for the {statistic} of {pollutant}"),
        ),
        (
            "O3 年评价用日最大 8 小时平均第 90 百分位数（HJ 663）",
            "the year of O3 is judged by the 90th percentile of daily maximum 8-hour means (HJ 663)",
        ),
    );
}

/// Amounts that the plan promises must be carried by projects, and their sum must be the promise.
pub fn carried(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for indicator in &source.indicators.indicators {
        let item = indicator.get_ref();
        if item.quantity.is_empty() {
            continue;
        }
        let Some((target, wanted)) = item.targets.iter().find_map(|target| target.value.map(|value| (target, value)))
        else {
            continue;
        };
        let at = source.at(INDICATORS, indicator);
        let (dimension, wanted) = normalise(wanted, &item.unit);
        let mut sum = Decimal::ZERO;
        let mut parts: Vec<String> = Vec::new();
        let mut subjects = vec![format!("indicator:{}", item.id)];
        for project in &source.projects.projects {
            for quantity in project.get_ref().quantities.iter().filter(|quantity| quantity.kind == item.quantity) {
                let (other, value) = normalise(quantity.value, &quantity.unit);
                if other == dimension {
                    sum += value;
                    parts.push(format!("项目 {} {} {}", project.get_ref().number, quantity.value, quantity.unit));
                    subjects.push(format!("project:{}", project.get_ref().number));
                }
            }
        }
        let mut out = Out { file: INDICATORS, findings };
        if parts.is_empty() {
            out.put(
                "PL407",
                Severity::Error,
                at,
                subjects,
                (
                    format!("“{}”{} 年目标没有任何项目承载（{}）", item.name, target.year, target.place),
                    format!("no project carries the target of {}", item.id),
                ),
                ("补项目，或写明由哪些既有工程完成", "add the project, or say which existing works will do it"),
            );
        } else if (sum - wanted).abs() * Decimal::from(100) > wanted {
            // One per cent is left for the rounding of 亩 to km².
            let total = (sum * Decimal::from(100) / wanted).round_dp(0);
            out.put(
                "PL408",
                Severity::Error,
                at,
                subjects,
                (
                    format!("“{}”目标与项目工程量之和不符：{}，合计为目标的 {total}%", item.name, parts.join("、")),
                    format!("the projects carry {total} % of the target of {}", item.id),
                ),
                (
                    "核对是否重复计列，或目标与项目口径不同",
                    "is an amount counted twice, or do target and projects count differently?",
                ),
            );
        }
    }
}

pub fn tasks(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let horizon = source.plan.as_ref().map(|plan| (plan.period[0], plan.horizon));
    for task in &source.tasks.tasks {
        let at = source.at(TASKS, task);
        let item = task.get_ref();
        let subject = vec![format!("task:{}", item.id)];
        let mut out = Out { file: TASKS, findings };
        if item.owners.is_empty() {
            out.put(
                "PL203",
                Severity::Warning,
                at,
                subject.clone(),
                (
                    format!("任务“{}”原文没有写明责任单位", item.text),
                    format!("the source names no owner of {}", item.id),
                ),
                ("由县里分解落实", "the county assigns it"),
            );
        }
        for body in item.owners.iter().filter(|body| !source.bodies.is_empty() && !source.bodies.contains(*body)) {
            out.put(
                "PL201",
                Severity::Error,
                at,
                vec![subject[0].clone(), format!("body:{body}")],
                (format!("单位“{body}”不在 bodies/ 的名录里"), format!("the body {body} is not in bodies/")),
                ("补进名录，或改用名录里的写法", "add it there, or spell it as there"),
            );
        }
        if let (Some(due), Some((first, last))) = (item.due, horizon)
            && !(first..=last).contains(&due)
        {
            out.put(
                "PL301",
                Severity::Error,
                at,
                subject,
                (format!("任务期限 {due} 年不在规划期内"), format!("due in {due}, outside the plan")),
                ("核对年份", "check the year"),
            );
        }
    }
}
