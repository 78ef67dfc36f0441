//! Rules about the project table.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Out;
use super::figures::{ListView, check_list};
use crate::finding::{Finding, Severity};
use crate::model::Project;
use crate::source::{PROJECTS, Position, Source};
use crate::unit::normalise;

/// The printed total must be the sum of the lines.
pub fn total(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let Some(total) = &source.projects.total else {
        return;
    };
    let sum: Decimal = source.projects.projects.iter().map(|project| project.get_ref().estimate).sum();
    let declared = total.get_ref().estimate;
    if sum == declared {
        return;
    }
    let (unit, place) = (&total.get_ref().unit, &total.get_ref().place);
    let count = source.projects.projects.len();
    let difference = declared - sum;
    let mut out = Out { file: PROJECTS, findings };
    out.put(
        "PL101",
        Severity::Error,
        source.at(PROJECTS, total),
        vec!["projects:total".into()],
        (
            format!("{place}写 {declared} {unit}，{count} 项之和是 {sum} {unit}，相差 {difference}"),
            format!("{place} prints {declared}, the {count} lines add up to {sum}; the difference is {difference}"),
        ),
        ("核对是哪一项的投资有误，或合计印错", "find the line with the wrong estimate, or correct the total"),
    );
}

pub fn each(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let period = source.plan.as_ref().map(|plan| plan.period);
    for project in &source.projects.projects {
        let at = source.at(PROJECTS, project);
        let item = project.get_ref();
        let mut out = Out { file: PROJECTS, findings };
        years(item, period, at, &mut out);
        bodies(source, item, at, &mut out);
        for whole in &item.wholes {
            let sum: Decimal = whole.parts.iter().sum();
            if sum != whole.value {
                out.put(
                    "PL102",
                    Severity::Error,
                    at,
                    vec![subject(item)],
                    (
                        format!("{}写 {} {}，分项之和是 {sum}", whole.what, whole.value, whole.unit),
                        format!("{} is stated as {} but its parts add up to {sum}", whole.what, whole.value),
                    ),
                    ("核对总数与分项", "compare the whole with its parts"),
                );
            }
        }
        for list in &item.lists {
            let view = ListView { what: &list.what, stated: list.stated, open: list.open, items: &list.items };
            check_list(view, &subject(item), at, &mut out);
        }
        throughputs(item, at, &mut out);
    }
}

fn subject(project: &Project) -> String {
    format!("project:{}", project.number)
}

fn years(project: &Project, period: Option<[i32; 2]>, at: Position, out: &mut Out<'_>) {
    let [first, last] = project.years;
    if first > last {
        out.put(
            "PL302",
            Severity::Error,
            at,
            vec![subject(project)],
            (format!("实施周期 {first}-{last} 起止颠倒"), format!("the period {first}–{last} ends before it begins")),
            ("核对年份", "check the years"),
        );
    } else if let Some([begin, end]) = period
        && (first < begin || last > end)
    {
        out.put(
            "PL301",
            Severity::Error,
            at,
            vec![subject(project)],
            (
                format!("“{}”实施周期 {first}-{last} 超出规划期 {begin}-{end}", project.name),
                format!("the period {first}–{last} reaches beyond the plan's {begin}–{end}"),
            ),
            (
                "是笔误，还是跨期项目？跨期的要写明本期完成多少",
                "a slip, or a project that goes on? Then say how much falls into this period",
            ),
        );
    }
}

fn bodies(source: &Source<'_>, project: &Project, at: Position, out: &mut Out<'_>) {
    if project.lead.is_empty() {
        out.put(
            "PL203",
            Severity::Error,
            at,
            vec![subject(project)],
            (format!("“{}”没有牵头单位", project.name), "no lead body".into()),
            ("写上牵头单位", "name the lead body"),
        );
    }
    for lead in project.lead.iter().filter(|lead| project.cooperating.contains(lead)) {
        out.put(
            "PL202",
            Severity::Error,
            at,
            vec![subject(project), format!("body:{lead}")],
            (format!("{lead} 既是牵头又是配合单位"), format!("{lead} both leads and co-operates")),
            ("删去一处，或改为真正的配合单位", "remove one, or name the body that was meant"),
        );
    }
    if project.open_list {
        out.put(
            "PL204",
            Severity::Warning,
            at,
            vec![subject(project)],
            (
                format!("“{}”的配合单位以“等”结尾，责任不清", project.name),
                "the list of co-operating bodies is left open".into(),
            ),
            ("列全配合单位", "list all of them"),
        );
    }
    if source.bodies.is_empty() {
        return;
    }
    for body in project.lead.iter().chain(&project.cooperating).filter(|body| !source.bodies.contains(*body)) {
        out.put(
            "PL201",
            Severity::Error,
            at,
            vec![subject(project), format!("body:{body}")],
            (format!("单位“{body}”不在 bodies/ 的名录里"), format!("the body {body} is not in bodies/")),
            ("补进名录，或改用名录里的写法", "add it there, or spell it as there"),
        );
    }
}

/// A day's capacity times 365 must be near the year's: a plant stands still at most a third of the year, and
/// never runs more than all of it.
fn throughputs(project: &Project, at: Position, out: &mut Out<'_>) {
    for throughput in &project.throughputs {
        let (dimension, most) = normalise(throughput.per_day, &throughput.day_unit);
        let (other, year) = normalise(throughput.per_year, &throughput.year_unit);
        if dimension != other || (year <= most && year * Decimal::from(3) >= most * Decimal::from(2)) {
            continue;
        }
        let ratio = if year.is_zero() { Decimal::ZERO } else { (most / year).round_dp(2) };
        let what = &throughput.what;
        out.put(
            "PL401",
            Severity::Error,
            at,
            vec![subject(project)],
            (
                format!(
                    "{what}：{} {} × 365 = {most} 吨/年，却写 {} {}，相差 {ratio} 倍",
                    throughput.per_day, throughput.day_unit, throughput.per_year, throughput.year_unit
                ),
                format!(
                    "{what}: {} t/d × 365 = {most} t/a, stated are {} {} — a factor of {ratio}",
                    throughput.per_day, throughput.per_year, throughput.year_unit
                ),
            ),
            ("多半漏了或多了“万”", "a 万 (ten thousand) is probably missing or too much"),
        );
    }
}

/// Two projects that state the same amount of the same thing probably count one thing twice.
pub fn counted_twice(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(&str, String, Decimal), &Project> = BTreeMap::new();
    for project in &source.projects.projects {
        let item = project.get_ref();
        for quantity in &item.quantities {
            let (dimension, value) = normalise(quantity.value, &quantity.unit);
            let key = (quantity.kind.as_str(), dimension, value.normalize());
            if let Some(first) = seen.get(&key) {
                let mut out = Out { file: PROJECTS, findings };
                out.put(
                    "PL402",
                    Severity::Error,
                    source.at(PROJECTS, project),
                    vec![subject(first), subject(item)],
                    (
                        format!(
                            "“{}”与“{}”都写 {} {} {}",
                            first.name, item.name, quantity.what, quantity.value, quantity.unit
                        ),
                        format!(
                            "projects {} and {} state the same {} {}",
                            first.number, item.number, quantity.value, quantity.kind
                        ),
                    ),
                    ("确认是两份工程量还是同一份；同一份只能计一次", "two amounts or one? One amount counts once"),
                );
            } else {
                seen.insert(key, item);
            }
        }
    }
}
