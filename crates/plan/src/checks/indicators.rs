//! Rules about indicators, their targets and the tasks.

use rust_decimal::Decimal;

use super::Out;
use crate::finding::{Finding, Severity};
use crate::model::{Direction, Indicator, Target};
use crate::scheme::Rules;
use crate::source::{At, INDICATORS, PROJECTS, Position, Source, TASKS};
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
    // A scheme that cannot be read is found by whoever loads it.
    let rules = Rules::read(source.files).or_else(|_| Rules::built_in()).ok();
    for indicator in &source.indicators.indicators {
        let item = indicator.get_ref();
        let mut out = Out { file: INDICATORS, findings };
        if !item.has_formula() && item.document.trim().is_empty() {
            out.put(
                "PL406",
                Severity::Error,
                source.at(INDICATORS, indicator),
                subject_of(item),
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
        values(source, indicator, &mut out);
        targets(source, indicator, &mut out);
        if let Some(rules) = &rules {
            possible(source, rules, indicator, &mut out);
        }
        statistic(item, source.at_key(INDICATORS, indicator, "statistic", 0), &mut out);
    }
}

fn subject_of(item: &Indicator) -> Vec<String> {
    vec![format!("indicator:{}", item.id)]
}

fn values(source: &Source<'_>, indicator: &At<Indicator>, out: &mut Out<'_>) {
    let item = indicator.get_ref();
    for (place, value) in item.values.iter().enumerate() {
        let at = source.at_key(INDICATORS, indicator, "[[indicator.value]]", place);
        year(source, item, value.year, at, out);
        if let Some(listed) = value.listed_for.filter(|listed| *listed != value.year) {
            out.put(
                "PL414",
                Severity::Warning,
                at,
                subject_of(item),
                (
                    format!("“{}”列在 {listed} 年下的现状值是 {} 年的（{}）", item.name, value.year, value.place),
                    format!("the value of {} that stands under {listed} is of {}", item.id, value.year),
                ),
                ("补统计当年值，或注明年份", "count it for that year, or print the year"),
            );
        }
        if value.value.is_some() {
            continue;
        }
        let shown = if value.text.is_empty() { "—" } else { &value.text };
        out.put(
            "PL405",
            Severity::Warning,
            at,
            subject_of(item),
            (
                format!("“{}”{} 年现状值在{}是“{shown}”，不是一个数", item.name, value.year, value.place),
                format!("{} has no single number for {}: {shown}", item.id, value.year),
            ),
            ("补统计，否则无法说明是否改善", "without it nobody can say whether it got better"),
        );
    }
    late_baseline(source, indicator, out);
    // An amount that is added up begins at nothing; a cumulated rate is held against that of the period before.
    let wants_baseline = !item.cumulative || item.unit == "%";
    if item.values.is_empty() && !item.targets.is_empty() && wants_baseline {
        out.put(
            "PL405",
            Severity::Warning,
            source.at(INDICATORS, indicator),
            subject_of(item),
            (format!("“{}”有目标，没有现状值", item.name), format!("{} has a target but no baseline", item.id)),
            ("补录现状值及其来源", "enter the baseline and its source"),
        );
    }
}

/// A value of after the last target year is no baseline: the path to the target would have no beginning.
fn late_baseline(source: &Source<'_>, indicator: &At<Indicator>, out: &mut Out<'_>) {
    let item = indicator.get_ref();
    let first = item.values.iter().map(|value| value.year).min();
    let last = item.targets.iter().map(|target| target.year).max();
    let Some((first, last)) = first.zip(last).filter(|(first, last)| first > last) else { return };
    out.put(
        "PL422",
        Severity::Error,
        source.at_key(INDICATORS, indicator, "[[indicator.value]]", 0),
        subject_of(item),
        (
            format!("“{}”的现状值是 {first} 年的，晚于目标年 {last}", item.name),
            format!("the baseline of {} is of {first}, its target of {last}", item.id),
        ),
        ("核对年份", "check the years"),
    );
}

/// A year far from the plan is a slip of the pen (2205 for 2025). Ten years back: targets of the plan before.
fn year(source: &Source<'_>, item: &Indicator, year: i32, at: Position, out: &mut Out<'_>) {
    let Some(plan) = &source.plan else { return };
    let (first, last) = (plan.period[0] - 10, plan.horizon);
    if (first..=last).contains(&year) {
        return;
    }
    out.put(
        "PL413",
        Severity::Error,
        at,
        subject_of(item),
        (
            format!("“{}”的年份 {year} 不在 {first}—{last} 之间", item.name),
            format!("the year {year} of {} is not within {first}–{last}", item.id),
        ),
        ("核对年份", "check the year"),
    );
}

fn targets(source: &Source<'_>, indicator: &At<Indicator>, out: &mut Out<'_>) {
    let item = indicator.get_ref();
    for (place, target) in item.targets.iter().enumerate() {
        let at = source.at_key(INDICATORS, indicator, "[[indicator.target]]", place);
        year(source, item, target.year, at, out);
        operator(item, target, at, out);
        let Some(wanted) = target.value else {
            out.put(
                "PL404",
                Severity::Warning,
                at,
                subject_of(item),
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
        compare(item, target, wanted, at, out);
    }
}

/// An operator that is known, has its number, and points the way that the indicator should go.
fn operator(item: &Indicator, target: &Target, at: Position, out: &mut Out<'_>) {
    let against = match (target.operator.as_str(), item.direction) {
        (">=" | ">", Direction::LowerIsBetter) => Some("越低越好"),
        ("<=" | "<", Direction::HigherIsBetter) => Some("越高越好"),
        _ => None,
    };
    let known = matches!(target.operator.as_str(), ">=" | ">" | "<=" | "<" | "=" | "text");
    let (zh, en) = if !known {
        ("不认识", "is not known")
    } else if target.operator == "text" && target.value.is_some() {
        ("是文字，却带着数", "says words, a number stands beside it")
    } else if target.operator != "text" && target.value.is_none() {
        ("要有数，却没有写", "wants a number, there is none")
    } else if against.is_some() {
        ("与指标方向相反", "points against the direction of the indicator")
    } else {
        return;
    };
    out.put(
        "PL412",
        Severity::Error,
        at,
        subject_of(item),
        (
            format!("“{}”{} 年目标的运算符“{}”{zh}", item.name, target.year, target.operator),
            format!("the operator {} of the {} target of {} {en}", target.operator, target.year, item.id),
        ),
        ("用 >=、>、<=、<、= 或 text，并与 direction 一致", "use >=, >, <=, <, = or text, as direction has it"),
    );
}

/// Weaker: asks for less than was reached already.
fn weaker(direction: Direction, wanted: Decimal, reached: Decimal) -> bool {
    match direction {
        Direction::HigherIsBetter => wanted < reached,
        Direction::LowerIsBetter => wanted > reached,
        Direction::Neutral => false,
    }
}

/// A target for a later year must not be weaker than what was reached; a target of a year with a value must be met.
/// What was reached is stated, or follows from "较2015年".
fn compare(item: &Indicator, target: &Target, wanted: Decimal, at: Position, out: &mut Out<'_>) {
    let stated = item.values.iter().filter_map(|value| Some((value.year, value.value?, "")));
    let derived = item.values.iter().filter_map(|value| value.before().map(|(year, then)| (year, then, "（推算）")));
    for (year, reached, how) in stated.chain(derived) {
        if year < target.year && weaker(item.direction, wanted, reached) {
            out.put(
                "PL403",
                Severity::Error,
                at,
                subject_of(item),
                (
                    format!(
                        "“{}”{} 年目标 {}{wanted} 弱于 {year} 年现状 {reached}{how}（{}）",
                        item.name, target.year, target.operator, target.place
                    ),
                    format!(
                        "the {} target {}{wanted} of {} is weaker than the {reached} of {year}",
                        target.year, target.operator, item.id
                    ),
                ),
                (
                    "达标也可能是倒退；说明理由，或改为不低于现状",
                    "reaching it may be a step back; give the reason or hold the level reached",
                ),
            );
        }
    }
    for value in item.values.iter().filter(|value| value.listed_for.unwrap_or(value.year) == target.year) {
        let Some(reached) = value.value.filter(|reached| weaker(item.direction, *reached, wanted)) else { continue };
        out.put(
            "PL411",
            Severity::Warning,
            at,
            subject_of(item),
            (
                format!("“{}”{} 年为 {reached}，未达目标 {}{wanted}", item.name, value.year, target.operator),
                format!("{} reached {reached} in {}, its target was {wanted}", item.id, value.year),
            ),
            ("规划里要说明如何补上", "the plan should say how this is made good"),
        );
    }
    if item.unit == "%" && wanted > Decimal::ONE_HUNDRED {
        out.put(
            "PL410",
            Severity::Error,
            at,
            subject_of(item),
            (format!("“{}”的目标 {wanted}% 超过 100%", item.name), format!("{} aims at more than 100 %", item.id)),
            ("核对数字", "check the figure"),
        );
    }
}

/// Values and targets within what the unit, or the indicator's own range, allows; one target a year and direction.
fn possible(source: &Source<'_>, rules: &Rules, indicator: &At<Indicator>, out: &mut Out<'_>) {
    let item = indicator.get_ref();
    let (least, most) = rules.range_of(item);
    let outside = |value: Decimal| least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most);
    let values = item.values.iter().enumerate().map(|(place, one)| ("[[indicator.value]]", place, one.year, one.value));
    let targets =
        item.targets.iter().enumerate().map(|(place, one)| ("[[indicator.target]]", place, one.year, one.value));
    for (key, place, year, value) in values.chain(targets) {
        // Rates above 100 % have a rule of their own where they are targets.
        let told = key == "[[indicator.target]]" && item.unit == "%" && value > Some(Decimal::ONE_HUNDRED);
        let Some(value) = value.filter(|value| outside(*value) && !told) else { continue };
        out.put(
            "PL420",
            Severity::Error,
            source.at_key(INDICATORS, indicator, key, place),
            subject_of(item),
            (
                format!("“{}”{year} 年为 {value} {}，不可能", item.name, item.unit),
                format!("{} is {value} {} in {year}, which cannot be", item.id, item.unit),
            ),
            ("核对数字和单位；确实可能的在 range 里写明", "check figure and unit; say `range` where it can be"),
        );
    }
    for (place, target) in item.targets.iter().enumerate() {
        let sense = |one: &Target| one.operator.trim_end_matches('=').to_owned();
        let twice = item.targets[..place].iter().find(|other| {
            other.year == target.year
                && sense(other) == sense(target)
                && other.value.is_some()
                && target.value.is_some()
                && other.value != target.value
        });
        let Some(other) = twice else { continue };
        let show = |one: &Target| format!("{} {}", one.operator, one.value.unwrap_or_default().normalize());
        out.put(
            "PL419",
            Severity::Error,
            source.at_key(INDICATORS, indicator, "[[indicator.target]]", place),
            subject_of(item),
            (
                format!("“{}”{} 年有两个目标：{}、{}", item.name, target.year, show(other), show(target)),
                format!("{} has two targets for {}: {}, {}", item.id, target.year, show(other), show(target)),
            ),
            ("留一个，另一个记在 earlier 或 place 里", "keep one of them"),
        );
    }
}

fn statistic(item: &Indicator, at: Position, out: &mut Out<'_>) {
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
        subject_of(item),
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
        let at = source.at_key(INDICATORS, indicator, "quantity", 0);
        let (dimension, wanted) = normalise(wanted, &item.unit);
        let mut sum = Decimal::ZERO;
        let mut parts: Vec<String> = Vec::new();
        let mut subjects = vec![format!("indicator:{}", item.id)];
        for project in &source.projects.projects {
            for quantity in project.get_ref().quantities.iter().filter(|quantity| quantity.kind == item.quantity) {
                let (other, value) = normalise(quantity.value, &quantity.unit);
                if other != dimension {
                    let mut out = Out { file: PROJECTS, findings };
                    out.put(
                        "PL416",
                        Severity::Error,
                        source.at_key(PROJECTS, project, "quantity", 0),
                        vec![format!("project:{}", project.get_ref().number), format!("indicator:{}", item.id)],
                        (
                            format!(
                                "{}的单位“{}”与指标“{}”的“{}”不能相比",
                                quantity.what, quantity.unit, item.name, item.unit
                            ),
                            format!("{} cannot be compared with the {} of {}", quantity.unit, item.unit, item.id),
                        ),
                        ("改成可以换算的单位", "use a unit that can be converted"),
                    );
                } else {
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
    let Some(plan) = &source.plan else { return };
    for task in &source.tasks.tasks {
        let item = task.get_ref();
        let Some(due) = item.due.filter(|due| !(plan.period[0]..=plan.horizon).contains(due)) else { continue };
        let mut out = Out { file: TASKS, findings };
        out.put(
            "PL301",
            Severity::Error,
            source.at_key(TASKS, task, "due", 0),
            vec![format!("task:{}", item.id)],
            (format!("任务期限 {due} 年不在规划期内"), format!("due in {due}, outside the plan")),
            ("核对年份", "check the year"),
        );
    }
}
