//! The sections of an assessment, from what stands now. Pure.

use kernel::Name;

use super::IndicatorRow;
use crate::assessment::{ChartBlock, ChartForm, ChartSeries, Entry, Section, TableBlock};
use crate::curve::{self, CurveYear};
use crate::evaluate::Basis;
use crate::portfolio::ProjectState;
use crate::target::BodyTarget;

const PINE: &str = "1D5C4A";

pub(super) fn names(pairs: &[(&str, &str)]) -> Vec<Name> {
    pairs.iter().map(|(zh, en)| Name::new(*zh, *en)).collect()
}

const MISSING: &str = "缺";

pub(super) fn summary(rows: &[IndicatorRow], projects: &[ProjectState], year: i32) -> Section {
    let count = |light: &str| match light {
        "partial" => rows.iter().filter(|row| row.standing.partial).count(),
        light => rows.iter().filter(|row| row.standing.light == light && !row.standing.partial).count(),
    };
    let undeclared = projects.iter().filter(|project| project.stage.is_none()).count();
    let said = Outcome::of(rows, year);
    let total = rows.len().max(1);
    let bars = [
        ("green", "达到路径", "on the path"),
        ("yellow", "略落后", "slightly behind"),
        ("red", "落后", "behind"),
        ("partial", "证据不全", "part of the evidence"),
        ("missing", "缺证据", "no evidence"),
        ("text", "文字目标", "in words"),
    ];
    let rows_of_bars = bars.iter().map(|(light, zh, _)| {
        let number = count(light);
        let link = format!("/app/plan?year={year}&light={light}");
        vec![
            Entry::text(*zh),
            Entry::number(number.to_string(), link),
            Entry { bar: Some(number as f64 / total as f64), ..Entry::default() },
        ]
    });
    Section {
        title: Name::new("一、总体结论", "1 Summary"),
        paragraphs: vec![
            said.sentence(rows.len(), year),
            Name::new(
                format!("{} 个项目中，{undeclared} 个尚未填报阶段。", projects.len()),
                format!("Of {} projects {undeclared} have no stage entered.", projects.len()),
            ),
        ],
        tables: vec![TableBlock {
            title: Name::new("指标状态分布", "Indicators by state"),
            header: names(&[("状态", "state"), ("项数", "indicators"), ("占比", "share")]),
            widths: vec![2, 1, 5],
            rows: rows_of_bars.collect(),
        }],
        charts: vec![ChartBlock {
            kind: ChartForm::Bar,
            title: Name::new(format!("{year} 年指标状态（项数）"), format!("Indicators by state, {year}")),
            categories: bars.iter().map(|(_, zh, en)| Name::new(*zh, *en)).collect(),
            series: vec![ChartSeries {
                name: Name::new("项数", "indicators"),
                colour: PINE.into(),
                dashed: false,
                values: bars.iter().map(|(light, ..)| Some(count(light) as f64)).collect(),
            }],
        }],
    }
}

/// Every indicator in one of these: together they are all.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    met: usize,
    /// Of a target whose year it is, or has been.
    missed: usize,
    /// The target's year is still ahead of the year of the paper.
    not_yet: usize,
    partial: usize,
    missing: usize,
    in_words: usize,
}

impl Outcome {
    fn of(rows: &[IndicatorRow], year: i32) -> Self {
        let mut found = Self::default();
        for row in rows {
            let standing = &row.standing;
            let ahead = standing.target.as_ref().is_some_and(|goal| goal.year > year);
            let place = match (standing.light.as_str(), standing.met) {
                ("text", _) => &mut found.in_words,
                _ if standing.partial => &mut found.partial,
                (_, Some(true)) => &mut found.met,
                (_, Some(false)) if ahead => &mut found.not_yet,
                (_, Some(false)) => &mut found.missed,
                (_, None) => &mut found.missing,
            };
            *place += 1;
        }
        found
    }

    fn sentence(&self, total: usize, year: i32) -> Name {
        let Self { met, missed, not_yet, partial, missing, in_words } = self;
        Name::new(
            format!(
                "{year} 年：{total} 项指标中，{met} 项达到目标，{missed} 项未达标，{not_yet} 项目标年未到、尚未达到，{partial} 项资料不全，{missing} 项缺证据，{in_words} 项为文字目标。缺证据和资料不全的不作达标结论，也不按零计。"
            ),
            format!(
                "{year}: of {total} indicators {met} meet their target, {missed} miss it, {not_yet} have not reached a target whose year is still ahead, of {partial} some evidence is missing, {missing} have no evidence, {in_words} have a target in words. What lacks evidence is counted neither as met nor as zero."
            ),
        )
    }
}

/// `past`: the values of each row in each of the years, as they are shown.
pub(super) fn indicators(rows: &[IndicatorRow], year: i32, (years, past): (&[i32], &[Vec<Option<String>>])) -> Section {
    let basis = |row: &IndicatorRow| match row.basis {
        Basis::Formula if row.simulated => "公式（模拟数据）",
        Basis::Formula => "公式",
        Basis::Document => "材料",
        Basis::Stated => "规划所载",
        Basis::Missing => MISSING,
    };
    let lines = rows.iter().map(|row| {
        let page = format!("/app/plan/indicators/{}?year={year}", row.id);
        let target = match (&row.standing.target, &row.target_text) {
            (Some(goal), _) => format!("{} {}", goal.year, goal.text()),
            (None, Some(text)) => text.clone(),
            (None, None) => "—".into(),
        };
        vec![
            Entry::link(row.name.zh.clone(), page.clone()),
            Entry::text(row.unit.clone()),
            Entry::text(target),
            row.value.clone().map_or_else(|| Entry::text(MISSING), |value| Entry::number(value, page)),
            Entry::text(row.standing.name.zh.clone()),
            Entry::text(basis(row)),
            Entry::text(match (row.missing_count, row.missing.first()) {
                (0, _) | (_, None) => String::new(),
                (1, Some(first)) => first.zh.clone(),
                (count, Some(first)) => format!("{} 等 {count} 项", first.zh),
            }),
        ]
    });
    Section {
        title: Name::new("二、指标", "2 Indicators"),
        paragraphs: Vec::new(),
        tables: vec![
            TableBlock {
                title: Name::new(format!("{year} 年指标完成情况"), format!("Indicators in {year}")),
                header: names(&[
                    ("指标", "indicator"),
                    ("单位", "unit"),
                    ("目标", "target"),
                    ("数值", "value"),
                    ("状态", "state"),
                    ("依据", "basis"),
                    ("缺的资料", "missing"),
                ]),
                widths: vec![4, 1, 2, 1, 2, 2, 3],
                rows: lines.collect(),
            },
            years_table(rows, years, past),
            forecast_table(rows, year),
        ],
        ..Section::default()
    }
}

fn years_table(rows: &[IndicatorRow], years: &[i32], past: &[Vec<Option<String>>]) -> TableBlock {
    let mut header = names(&[("指标", "indicator"), ("单位", "unit")]);
    header.extend(years.iter().map(|year| Name::new(year.to_string(), year.to_string())));
    let lines = rows.iter().zip(past).map(|(row, values)| {
        let mut line = vec![Entry::text(row.name.zh.clone()), Entry::text(row.unit.clone())];
        line.extend(years.iter().zip(values).map(|(year, value)| match value {
            Some(value) => Entry::number(value.clone(), format!("/app/plan/indicators/{}?year={year}", row.id)),
            None => Entry::text(MISSING),
        }));
        line
    });
    TableBlock {
        title: Name::new("历年数值", "Values by year"),
        widths: [vec![4, 1], vec![1; years.len()]].concat(),
        header,
        rows: lines.collect(),
    }
}

/// What complete years lead to, with the interval of the published method.
fn forecast_table(rows: &[IndicatorRow], year: i32) -> TableBlock {
    let lines = rows.iter().flat_map(|row| {
        let ahead = row.forecast.years.iter().filter(move |forecast| forecast.year > year);
        ahead.map(|forecast| {
            vec![
                Entry::link(row.name.zh.clone(), format!("/app/plan/indicators/{}", row.id)),
                Entry::text(forecast.year.to_string()),
                Entry::number(format!("{:.1}", forecast.value), format!("/app/plan/indicators/{}", row.id)),
                Entry::text(format!("{:.1}～{:.1}", forecast.low, forecast.high)),
                Entry::text(row.unit.clone()),
            ]
        })
    });
    TableBlock {
        title: Name::new("趋势预测（假定以往的变化延续）", "Forecast, if the past goes on"),
        header: names(&[
            ("指标", "indicator"),
            ("年", "year"),
            ("预测", "forecast"),
            ("区间", "interval"),
            ("单位", "unit"),
        ]),
        widths: vec![5, 1, 1, 2, 1],
        rows: lines.collect(),
    }
}

/// What bodies were asked for in the year.
pub(super) fn targets_table(targets: &[BodyTarget], year: i32) -> TableBlock {
    let amount = |value: Option<rust_decimal::Decimal>, unit: &str, none: &str| {
        value.map_or_else(|| none.to_owned(), |value| format!("{} {unit}", value.normalize()))
    };
    let rows = targets.iter().filter(|one| one.year == year).map(|one| {
        vec![
            Entry::link(one.body.clone(), format!("/app/plan/bodies/{}?year={year}", one.body)),
            Entry::text(one.name.clone()),
            Entry::text(one.what.clone()),
            Entry::text(amount(one.target, &one.unit, "文字")),
            Entry::text(amount(one.reached, &one.unit, "未填报")),
            Entry::text(match one.met {
                Some(true) => "达到",
                Some(false) => "未达到",
                None => "不能判断",
            }),
        ]
    });
    TableBlock {
        title: Name::new(format!("{year} 年分解目标"), format!("Targets of bodies, {year}")),
        header: names(&[
            ("单位", "body"),
            ("事项", "subject"),
            ("要求", "what"),
            ("目标", "target"),
            ("已完成", "reached"),
            ("结果", "result"),
        ]),
        widths: vec![2, 4, 3, 2, 2, 1],
        rows: rows.collect(),
    }
}

/// `until`: the year of the assessment, or the running one before it; money of later years is not shown.
pub(super) fn portfolio_section(projects: &[ProjectState], until: i32) -> Section {
    let money = |value: Option<rust_decimal::Decimal>, page: &str| match value {
        Some(value) => Entry::number(value.normalize().to_string(), page),
        None => Entry::text("未填报"),
    };
    let lines = projects.iter().map(|project| {
        let page = format!("/app/plan/projects/{}", project.number);
        vec![
            Entry::text(project.number.to_string()),
            Entry::link(project.name.clone(), page.clone()),
            Entry::text(project.stage_name.clone().map_or_else(|| "未填报".into(), |name| name.zh)),
            Entry::number(estimate_text(project), page.clone()),
            money(project.sums.arranged, &page),
            money(project.sums.paid, &page),
        ]
    });
    let mut curve = curve::curve(projects);
    curve.retain(|year| year.year <= until);
    let top = curve.last().map(|year| year.even).unwrap_or_default();
    let share = |value: rust_decimal::Decimal| {
        let share = value.checked_div(top).unwrap_or_default();
        rust_decimal::prelude::ToPrimitive::to_f64(&share).unwrap_or_default()
    };
    let bars = curve.iter().map(|year| {
        vec![
            Entry::text(year.year.to_string()),
            Entry::number(year.even.to_string(), "/app/plan/projects"),
            Entry { bar: Some(share(year.even)), ..Entry::default() },
            money(year.arranged, "/app/plan/projects"),
            money(year.paid, "/app/plan/projects"),
        ]
    });
    Section {
        title: Name::new("三、项目", "3 Projects"),
        paragraphs: vec![Name::new(
            "“均匀摊开”是把估算（调整过的按调整后）按周期平均的假设，原文没有分年投资，已取消的项目不在内；安排与支付只列已审核的填报。",
            "“Spread evenly” divides the estimates (changed ones as changed) over the periods: an assumption, for the plan states no yearly money. Projects that were given up are left out; arranged and paid are approved entries only.",
        )],
        tables: vec![
            TableBlock {
                title: Name::new("项目进展（万元）", "Projects (10,000 yuan)"),
                header: names(&[
                    ("序号", "number"),
                    ("项目", "project"),
                    ("阶段", "stage"),
                    ("估算", "estimate"),
                    ("已安排", "arranged"),
                    ("已支付", "paid"),
                ]),
                widths: vec![1, 5, 2, 2, 2, 2],
                rows: lines.collect(),
            },
            TableBlock {
                title: Name::new("累计投资曲线（万元）", "Cumulative money (10,000 yuan)"),
                header: names(&[
                    ("年", "year"),
                    ("均匀摊开", "spread evenly"),
                    ("占总估算", "of all estimates"),
                    ("已安排", "arranged"),
                    ("已支付", "paid"),
                ]),
                widths: vec![1, 2, 4, 2, 2],
                rows: bars.collect(),
            },
            quantity_table(projects),
            warning_table(projects),
            performance_table(projects),
        ],
        charts: vec![ChartBlock {
            kind: ChartForm::Line,
            title: Name::new("累计投资（万元）", "Cumulative money (10,000 yuan)"),
            categories: curve.iter().map(|year| Name::new(year.year.to_string(), year.year.to_string())).collect(),
            series: money_lines(&curve),
        }],
    }
}

/// The estimate as it stands now, with what the plan said where that changed.
fn estimate_text(project: &ProjectState) -> String {
    let now = project.estimate_now.normalize();
    match project.estimate_now == project.estimate {
        true => now.to_string(),
        false => format!("{now}（规划 {}）", project.estimate.normalize()),
    }
}

fn project_entry(project: &ProjectState) -> Entry {
    Entry::link(format!("{} {}", project.number, project.name), format!("/app/plan/projects/{}", project.number))
}

fn quantity_table(projects: &[ProjectState]) -> TableBlock {
    let lines = projects.iter().flat_map(|project| {
        project.quantities.iter().map(move |row| {
            vec![
                project_entry(project),
                Entry::text(row.what.clone()),
                Entry::text(format!("{} {}", row.planned.normalize(), row.unit)),
                row.done.map_or_else(
                    || Entry::text("未填报"),
                    |done| {
                        let page = format!("/app/plan/projects/{}", project.number);
                        Entry::number(format!("{} {}", done.normalize(), row.unit), page)
                    },
                ),
            ]
        })
    });
    TableBlock {
        title: Name::new("工程量", "Quantities"),
        header: names(&[("项目", "project"), ("内容", "what"), ("计划", "planned"), ("完成", "done")]),
        widths: vec![4, 3, 2, 2],
        rows: lines.collect(),
    }
}

fn warning_table(projects: &[ProjectState]) -> TableBlock {
    let lines = projects.iter().flat_map(|project| {
        project.warnings.iter().map(move |warning| {
            vec![project_entry(project), Entry::text(warning.code.clone()), Entry::text(warning.zh.clone())]
        })
    });
    TableBlock {
        title: Name::new("资金核对与风险", "Money checks and risks"),
        header: names(&[("项目", "project"), ("规则", "rule"), ("问题", "what")]),
        widths: vec![4, 1, 5],
        rows: lines.collect(),
    }
}

/// Points got of those that could be scored; a criterion without facts is not scored.
fn performance_table(projects: &[ProjectState]) -> TableBlock {
    let lines = projects.iter().filter_map(|project| {
        let scored: Vec<_> = project.performance.iter().filter(|one| one.got.is_some()).collect();
        let (got, points) =
            scored.iter().fold((0.0, 0.0), |(got, all), one| (got + one.got.unwrap_or(0.0), all + one.points));
        let named: Vec<&str> = scored.iter().map(|one| one.name.zh.as_str()).collect();
        (!scored.is_empty()).then(|| {
            vec![
                project_entry(project),
                Entry::number(format!("{got:.1}"), format!("/app/plan/projects/{}", project.number)),
                Entry::text(format!("{points:.0}")),
                Entry::text(named.join("、")),
            ]
        })
    });
    TableBlock {
        title: Name::new("绩效（只计有资料的评分项）", "Performance (criteria that have facts)"),
        header: names(&[("项目", "project"), ("得分", "points got"), ("可评分值", "of"), ("评了哪些", "criteria")]),
        widths: vec![5, 1, 1, 4],
        rows: lines.collect(),
    }
}

/// The S-curve. Money is drawn only where somebody entered any: a line of gaps says less than its absence.
fn money_lines(curve: &[CurveYear]) -> Vec<ChartSeries> {
    let number = |value: rust_decimal::Decimal| rust_decimal::prelude::ToPrimitive::to_f64(&value);
    let line = |name: Name, colour: &str, values: Vec<Option<f64>>| ChartSeries {
        name,
        colour: colour.to_owned(),
        dashed: false,
        values,
    };
    let even = line(
        Name::new("均匀摊开（假设）", "spread evenly (assumed)"),
        "5D6B66",
        curve.iter().map(|year| number(year.even)).collect(),
    );
    let entered = |name: Name, colour: &str, of: fn(&CurveYear) -> Option<rust_decimal::Decimal>| {
        line(name, colour, curve.iter().map(|year| of(year).and_then(number)).collect())
    };
    [
        ChartSeries { dashed: true, ..even },
        entered(Name::new("安排", "arranged"), "8A5A00", |year| year.arranged),
        entered(Name::new("到位", "arrived"), "4B5FA8", |year| year.arrived),
        entered(Name::new("支付", "paid"), PINE, |year| year.paid),
    ]
    .into_iter()
    .filter(|series| series.values.iter().any(Option::is_some))
    .collect()
}
