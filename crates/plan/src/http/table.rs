//! The lists of the plan as tables, for CSV.

use api::table::{Column, Table};
use kernel::{Name, Problem, Timestamp};

use super::bodies::Bodies;
use crate::ops::{IndicatorDetail, Plan};
use crate::portfolio::ProjectState;
use crate::target::BodyTarget;

pub(super) fn plain_table(
    title: (&str, &str),
    method: (&str, &str),
    now: Timestamp,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
) -> Table {
    Table {
        title: Name::new(title.0, title.1),
        method: Name::new(method.0, method.1),
        source: Name::new("规划数据包与已审核填报", "plan data and approved entries"),
        as_of: now,
        simulated: false,
        columns,
        rows,
    }
}

pub(super) fn indicator_table(plan: &Plan, year: Option<i32>) -> Result<Table, Problem> {
    let now = kernel::time::now();
    let home = plan.home(year, now)?;
    let columns = vec![
        Column::new("id", "编号", "id", ""),
        Column::new("name", "指标", "indicator", ""),
        Column::new("unit", "单位", "unit", ""),
        Column::new("year", "年", "year", ""),
        Column::new("value", "数值", "value", ""),
        Column::new("basis", "依据", "basis", ""),
        Column::new("simulated", "模拟", "simulated", ""),
        Column::new("projected", "推算到年末", "projected to the end of the year", ""),
        Column::new("projected_low", "推算下限", "projected, low", ""),
        Column::new("projected_high", "推算上限", "projected, high", ""),
        Column::new("path", "路径值", "path", ""),
        Column::new("operator", "目标符号", "operator", ""),
        Column::new("target", "目标值", "target", ""),
        Column::new("target_year", "目标年", "target year", ""),
        Column::new("target_text", "文字目标", "target in words", ""),
        Column::new("light", "状态", "light", ""),
        Column::new("result", "期末结果", "result of the period", ""),
        Column::new("earlier", "上一轮规划", "of the plan before", ""),
        Column::new("missing", "缺多少资料", "pieces of evidence missing", ""),
        Column::new("missing_first", "缺什么（前几项）", "what is missing, the first", ""),
        Column::new("place", "出处", "place in the plan", ""),
    ];
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let rows = home
        .indicators
        .iter()
        .map(|row| {
            let goal = row.standing.target.as_ref();
            vec![
                row.id.clone(),
                row.name.zh.clone(),
                row.unit.clone(),
                row.year.to_string(),
                row.value.clone().unwrap_or_default(),
                format!("{:?}", row.basis).to_lowercase(),
                row.simulated.to_string(),
                text(row.projection.as_ref().and_then(|one| one.value)),
                text(row.projection.as_ref().and_then(|one| one.low)),
                text(row.projection.as_ref().and_then(|one| one.high)),
                text(row.standing.path),
                goal.map(|goal| goal.operator.clone()).unwrap_or_default(),
                text(goal.map(|goal| goal.value)),
                goal.map(|goal| goal.year.to_string()).unwrap_or_default(),
                row.target_text.clone().unwrap_or_default(),
                row.standing.light.clone(),
                row.result.clone(),
                row.earlier.to_string(),
                row.missing_count.to_string(),
                row.missing.iter().map(|name| name.zh.as_str()).collect::<Vec<_>>().join("；"),
                row.place.clone(),
            ]
        })
        .collect();
    let table = plain_table(
        ("规划指标", "indicators of the plan"),
        (
            "公式优先，其次已审核材料，再次规划所载；空格为缺证据",
            "formula, else approved document, else the plan itself; empty is missing",
        ),
        now,
        columns,
        rows,
    );
    Ok(Table { simulated: home.simulated, ..table })
}

pub(super) fn years_table(detail: &IndicatorDetail, now: Timestamp) -> Table {
    let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let columns = vec![
        Column::new("year", "年", "year", ""),
        Column::new("value", "数值", "value", &detail.row.unit),
        Column::new("basis", "依据", "basis", ""),
        Column::new("computed", "公式值", "computed", &detail.row.unit),
        Column::new("documented", "材料值", "documented", &detail.row.unit),
        Column::new("stated", "规划所载", "stated", &detail.row.unit),
        Column::new("path", "路径值", "path", &detail.row.unit),
        Column::new("light", "状态", "light", ""),
        Column::new("to_date", "截至目前", "to date", ""),
    ];
    let rows = detail
        .years
        .iter()
        .map(|year| {
            vec![
                year.year.to_string(),
                year.shown.clone().unwrap_or_default(),
                format!("{:?}", year.cell.basis).to_lowercase(),
                text(year.cell.computed),
                text(year.cell.documented),
                text(year.cell.stated),
                text(year.standing.path),
                year.standing.light.clone(),
                year.to_date.to_string(),
            ]
        })
        .collect();
    let title = (detail.row.name.zh.as_str(), detail.row.name.en.as_str());
    let method = (detail.path_method.zh.as_str(), detail.path_method.en.as_str());
    Table { simulated: detail.row.simulated, ..plain_table(title, method, now, columns, rows) }
}

pub(super) fn target_table(targets: &[BodyTarget], year: Option<i32>, now: Timestamp) -> Table {
    let columns = vec![
        Column::new("subject", "事项", "subject", ""),
        Column::new("name", "名称", "name", ""),
        Column::new("body", "单位", "body", ""),
        Column::new("year", "年", "year", ""),
        Column::new("what", "要求", "what", ""),
        Column::new("target", "目标", "target", ""),
        Column::new("unit", "计量单位", "unit", ""),
        Column::new("reached", "已完成", "reached", ""),
        Column::new("met", "达到", "met", ""),
        Column::new("weaker", "弱于规划路径", "weaker than the path", ""),
    ];
    let amount =
        |value: Option<rust_decimal::Decimal>| value.map(|value| value.normalize().to_string()).unwrap_or_default();
    let rows = targets
        .iter()
        .filter(|one| year.is_none_or(|year| one.year == year))
        .map(|one| {
            vec![
                one.subject.clone(),
                one.name.clone(),
                one.body.clone(),
                one.year.to_string(),
                one.what.clone(),
                amount(one.target),
                one.unit.clone(),
                amount(one.reached),
                one.met.map(|met| met.to_string()).unwrap_or_default(),
                one.weaker.to_string(),
            ]
        })
        .collect();
    plain_table(
        ("分解目标", "targets of bodies by year"),
        (
            "已审核的分解任务，同一单位同一年以最后审核的为准；完成量取已审核自评，空格为未填报",
            "approved assignments, the newest of a body and year; reached as approved reports say; empty is not reported",
        ),
        now,
        columns,
        rows,
    )
}

pub(super) fn project_table(projects: &[ProjectState], now: Timestamp) -> Table {
    let columns = vec![
        Column::new("number", "序号", "number", ""),
        Column::new("name", "项目", "project", ""),
        Column::new("group", "类别", "group", ""),
        Column::new("lead", "牵头", "lead", ""),
        Column::new("from", "起", "from", ""),
        Column::new("until", "止", "until", ""),
        Column::new("stage", "阶段", "stage", ""),
        Column::new("estimate", "估算", "estimate", "万元"),
        Column::new("planned", "计划", "planned", "万元"),
        Column::new("arranged", "安排", "arranged", "万元"),
        Column::new("arrived", "到位", "arrived", "万元"),
        Column::new("paid", "支付", "paid", "万元"),
        Column::new("sites", "位置", "sites", "WGS-84"),
        Column::new("performance", "绩效得分", "performance score", ""),
        Column::new("warnings", "提示", "warnings", ""),
    ];
    let money =
        |value: Option<rust_decimal::Decimal>| value.map(|value| value.normalize().to_string()).unwrap_or_default();
    let rows = projects
        .iter()
        .map(|project| {
            vec![
                project.number.to_string(),
                project.name.clone(),
                project.group.clone(),
                project.lead.join("、"),
                project.years[0].to_string(),
                project.years[1].to_string(),
                project.stage.clone().unwrap_or_default(),
                project.estimate.normalize().to_string(),
                money(project.sums.planned),
                money(project.sums.arranged),
                money(project.sums.arrived),
                money(project.sums.paid),
                project
                    .sites
                    .iter()
                    .map(|site| format!("{} {} {:?}", site.lon, site.lat, site.basis))
                    .collect::<Vec<_>>()
                    .join("；"),
                project.performance_score.map(|score| score.to_string()).unwrap_or_default(),
                project
                    .warnings
                    .iter()
                    .map(|warning| format!("{} {}", warning.code, warning.zh))
                    .collect::<Vec<_>>()
                    .join("；"),
            ]
        })
        .collect();
    plain_table(
        ("规划项目", "projects"),
        ("只计已审核的填报；空格为未填报", "approved entries only; empty is not entered"),
        now,
        columns,
        rows,
    )
}

pub(super) fn body_table(found: &Bodies, now: Timestamp) -> Table {
    let columns = vec![
        Column::new("rank", "名次", "rank", ""),
        Column::new("body", "单位", "body", ""),
        Column::new("duties", "责任数", "duties", ""),
        Column::new("reported", "已审核自评", "approved reports", ""),
        Column::new("scored", "已评", "scored", ""),
        Column::new("score", "得分", "score", ""),
        Column::new("estimate", "牵头项目估算", "estimate of led projects", "万元"),
    ];
    let rows = found
        .bodies
        .iter()
        .map(|score| {
            vec![
                score.rank.map(|rank| rank.to_string()).unwrap_or_default(),
                score.body.clone(),
                score.duties.to_string(),
                score.reported.to_string(),
                score.scored.to_string(),
                score.score.map(|value| value.to_string()).unwrap_or_default(),
                score.estimate.clone(),
            ]
        })
        .collect();
    plain_table(
        ("责任单位得分", "scores of bodies"),
        (
            "按公布的评分办法，只评已审核的自评；过期未报的按办法计分",
            "by the published scheme: accepted reports, and what was not reported in time",
        ),
        now,
        columns,
        rows,
    )
}

pub(super) fn findings_table(report: &crate::Report, now: Timestamp) -> Table {
    let columns = vec![
        Column::new("code", "规则", "rule", ""),
        Column::new("severity", "级别", "severity", ""),
        Column::new("subjects", "对象", "subjects", ""),
        Column::new("what", "问题", "what", ""),
        Column::new("hint", "建议", "hint", ""),
        Column::new("file", "文件", "file", ""),
        Column::new("line", "行", "line", ""),
        Column::new("waived", "豁免理由", "waived because", ""),
    ];
    let rows = report
        .findings
        .iter()
        .map(|finding| {
            vec![
                finding.code.to_owned(),
                format!("{:?}", finding.severity).to_lowercase(),
                finding.subjects.join(" "),
                finding.what.zh.clone(),
                finding.hint.zh.clone(),
                finding.file.clone(),
                finding.at.line.to_string(),
                finding.waived.clone().unwrap_or_default(),
            ]
        })
        .collect();
    plain_table(("规划检查", "findings"), ("qingshan check", "qingshan check"), now, columns, rows)
}
