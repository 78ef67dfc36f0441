//! Rules about the project table.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Out;
use super::figures::{ListView, check_list};
use crate::finding::{Finding, Severity};
use crate::model::Project;
use crate::source::{At, PROJECTS, Position, Source};
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
        source.at_key(PROJECTS, total, "estimate", 0),
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
        let item = project.get_ref();
        let key = |key| source.at_key(PROJECTS, project, key, 0);
        let mut out = Out { file: PROJECTS, findings };
        years(item, period, key("years"), &mut out);
        bodies(source, project, &mut out);
        signs(item, &key, &mut out);
        for whole in &item.wholes {
            let sum: Decimal = whole.parts.iter().sum();
            if sum != whole.value {
                out.put(
                    "PL102",
                    Severity::Error,
                    key("whole"),
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
            check_list(view, &subject(item), key("list"), &mut out);
        }
        throughputs(item, key("throughput"), &mut out);
        rates(item, key("quantity"), key("conversion"), &mut out);
    }
}

/// Amounts of money and of things: what is below zero, or a thing of which there is none, is a slip.
fn signs(project: &Project, key: &dyn Fn(&'static str) -> Position, out: &mut Out<'_>) {
    let mut wrong = |name: &str, value: Decimal, at: Position| {
        out.put(
            "PL415",
            Severity::Error,
            at,
            vec![subject(project)],
            (format!("{name}是 {value}，应大于零"), format!("{name} is {value}, it should be above zero")),
            ("核对数字与正负号", "check the figure and its sign"),
        );
    };
    if project.estimate < Decimal::ZERO {
        wrong("投资估算", project.estimate, key("estimate"));
    }
    let amounts = project.quantities.iter().map(|one| ("quantity", &one.what, one.value));
    let wholes = project.wholes.iter().flat_map(|one| {
        std::iter::once(one.value).chain(one.parts.iter().copied()).map(|value| ("whole", &one.what, value))
    });
    let daily = project
        .throughputs
        .iter()
        .flat_map(|one| [one.per_day, one.per_year].map(|value| ("throughput", &one.what, value)));
    let converted = project
        .conversions
        .iter()
        .flat_map(|one| [one.input, one.output].map(|value| ("conversion", &one.what, value)));
    for (field, name, value) in amounts.chain(wholes).chain(daily).chain(converted) {
        if value <= Decimal::ZERO {
            wrong(name, value, key(field));
        }
    }
}

/// A capacity is an amount per time (2万吨/天, not 2万吨); and nothing puts out more than is put in.
fn rates(project: &Project, at_quantity: Position, at_conversion: Position, out: &mut Out<'_>) {
    for quantity in &project.quantities {
        if quantity.kind.ends_with("_capacity") && !quantity.unit.contains('/') {
            out.put(
                "PL417",
                Severity::Error,
                at_quantity,
                vec![subject(project)],
                (
                    format!("{}：{} {}，没有写每天还是每年", quantity.what, quantity.value, quantity.unit),
                    format!("{}: {} {} per what time?", quantity.kind, quantity.value, quantity.unit),
                ),
                ("写明是每天还是每年的量", "say whether it is per day or per year"),
            );
        }
    }
    for one in &project.conversions {
        let (dimension, input) = normalise(one.input, &one.input_unit);
        let (other, output) = normalise(one.output, &one.output_unit);
        let written = format!("{} {} → {} {}", one.input, one.input_unit, one.output, one.output_unit);
        if dimension != other {
            incomparable(project, &one.what, &written, at_conversion, out);
        } else if output > input {
            out.put(
                "PL418",
                Severity::Error,
                at_conversion,
                vec![subject(project)],
                (format!("{}：产出大于投入（{written}）", one.what), format!("more comes out than goes in: {written}")),
                ("核对两个数的单位，多半漏了“万”", "check both units; a 万 (ten thousand) is probably missing"),
            );
        }
    }
}

fn incomparable(project: &Project, what: &str, written: &str, at: Position, out: &mut Out<'_>) {
    out.put(
        "PL416",
        Severity::Error,
        at,
        vec![subject(project)],
        (format!("{what}：两个单位不能相比（{written}）"), format!("units that cannot be compared: {written}")),
        ("改成可以换算的单位", "use units that can be converted"),
    );
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

fn bodies(source: &Source<'_>, spanned: &At<Project>, out: &mut Out<'_>) {
    let project = spanned.get_ref();
    let at = source.at_key(PROJECTS, spanned, "lead", 0);
    let at_cooperating = source.at_key(PROJECTS, spanned, "cooperating", 0);
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
            at_cooperating,
            vec![subject(project), format!("body:{lead}")],
            (format!("{lead} 既是牵头又是配合单位"), format!("{lead} both leads and co-operates")),
            ("删去一处，或改为真正的配合单位", "remove one, or name the body that was meant"),
        );
    }
    if project.open_list {
        out.put(
            "PL204",
            Severity::Warning,
            at_cooperating,
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
            if project.lead.contains(body) { at } else { at_cooperating },
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
        let what = &throughput.what;
        if dimension != other || !dimension.starts_with("mass_rate") {
            let written = format!(
                "{} {}，{} {}",
                throughput.per_day, throughput.day_unit, throughput.per_year, throughput.year_unit
            );
            incomparable(project, what, &written, at, out);
            continue;
        }
        if year <= most && year * Decimal::from(3) >= most * Decimal::from(2) {
            continue;
        }
        let ratio = if year.is_zero() { Decimal::ZERO } else { (most / year).round_dp(2) };
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
                    source.at_key(PROJECTS, project, "quantity", 0),
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
