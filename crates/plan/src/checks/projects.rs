//! Rules about the project table.

use rust_decimal::{Decimal, RoundingStrategy};

use super::Out;
use super::figures::{ListView, check_list};
use crate::finding::{Finding, Severity};
use crate::model::{Project, Quantity};
use crate::source::{At, PROJECTS, Position, Source};
use crate::unit::{factor, normalise};

/// Unit of `estimate` of a project.
const ESTIMATE_UNIT: &str = "万元";

/// The printed total must be the sum of the lines.
pub fn total(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let Some(total) = &source.projects.total else {
        return;
    };
    let at = source.at_key(PROJECTS, total, "estimate", 0);
    let (unit, place) = (&total.get_ref().unit, &total.get_ref().place);
    let mut out = Out { file: PROJECTS, findings };
    if normalise(Decimal::ONE, unit).0 != normalise(Decimal::ONE, ESTIMATE_UNIT).0 {
        out.put(
            "PL416",
            Severity::Error,
            source.at_key(PROJECTS, total, "unit", 0),
            vec!["projects:total".into()],
            (
                format!("{place}的合计以“{unit}”计，与各项的{ESTIMATE_UNIT}不能相比"),
                format!("the total is in {unit}, which cannot be compared with the {ESTIMATE_UNIT} of the lines"),
            ),
            ("写元、万元或亿元", "write 元, 万元 or 亿元"),
        );
        return;
    }
    let sum: Decimal = source.projects.projects.iter().map(|project| project.get_ref().estimate).sum();
    let declared = total.get_ref().estimate;
    let sum = match factor(unit) {
        one if one == Decimal::ONE => sum,
        // In a larger unit the total is printed rounded.
        one => (sum / one).round_dp_with_strategy(declared.scale(), RoundingStrategy::MidpointAwayFromZero),
    };
    if sum == declared {
        return;
    }
    let count = source.projects.projects.len();
    let difference = declared - sum;
    out.put(
        "PL101",
        Severity::Error,
        at,
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
        wholes(item, key("whole"), key("quantity"), &mut out);
        for list in &item.lists {
            let view = ListView { what: &list.what, stated: list.stated, open: list.open, items: &list.items };
            check_list(view, &subject(item), key("list"), &mut out);
        }
        throughputs(item, key("throughput"), &mut out);
        rates(item, key("quantity"), key("conversion"), &mut out);
    }
}

/// Parts make the whole; and the amount that is reported and added up is that whole.
fn wholes(project: &Project, at: Position, at_quantity: Position, out: &mut Out<'_>) {
    for whole in &project.wholes {
        let sum: Decimal = whole.parts.iter().sum();
        if sum != whole.value {
            out.put(
                "PL102",
                Severity::Error,
                at,
                vec![subject(project)],
                (
                    format!("{}写 {} {}，分项之和是 {sum}", whole.what, whole.value, whole.unit),
                    format!("{} is stated as {} but its parts add up to {sum}", whole.what, whole.value),
                ),
                ("核对总数与分项", "compare the whole with its parts"),
            );
        }
        let named =
            |quantity: &&Quantity| quantity.what == whole.what || !whole.kind.is_empty() && quantity.kind == whole.kind;
        let (dimension, value) = normalise(whole.value, &whole.unit);
        for quantity in project.quantities.iter().filter(named) {
            let (other, amount) = normalise(quantity.value, &quantity.unit);
            if (&other, amount) == (&dimension, value) {
                continue;
            }
            out.put(
                "PL102",
                Severity::Error,
                at_quantity,
                vec![subject(project), format!("quantity:{}", quantity.kind)],
                (
                    format!(
                        "{}记 {} {}，总数“{}”却是 {} {}",
                        quantity.what, quantity.value, quantity.unit, whole.what, whole.value, whole.unit
                    ),
                    format!(
                        "the quantity {} is {} {}, its whole {} {}",
                        quantity.kind, quantity.value, quantity.unit, whole.value, whole.unit
                    ),
                ),
                ("两处应是同一个数", "both should be one figure"),
            );
        }
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

pub fn subject(project: &Project) -> String {
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
    for (key, list) in [("lead", &project.lead), ("cooperating", &project.cooperating)] {
        super::owners::twice(subject(project), list, source.at_key(PROJECTS, spanned, key, 0), out);
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
    for body in project.lead.iter().chain(&project.cooperating).filter(|body| source.lacks(body)) {
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
