//! The list of tasks, and the tables of one body, one project and one assessment.

use std::sync::Arc;

use api::table::{Column, Format, Table};
use api::{Access, ApiResult, Caller, Json, Query, Routes, blocking, operation};
use axum::response::{IntoResponse, Response};
use kernel::{Action, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::plain_table;
use crate::assessment::Assessment;
use crate::duty::Duty;
use crate::item::Item;
use crate::ops::{Plan, TaskRow};

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct TaskQuery {
    /// As they stood at the end of that year.
    year: Option<i32>,
    #[serde(default)]
    format: Format,
}

#[derive(Serialize, schemars::JsonSchema)]
struct Tasks {
    tasks: Vec<TaskRow>,
    as_of: Timestamp,
}

pub fn routes(plan: &Arc<Plan>) -> Routes {
    let all = Arc::clone(plan);
    Routes::new("plan").get(
        "/api/plan/tasks",
        operation("任务清单", "tasks of the plan", Access::May(Action::ReadPlan))
            .query::<TaskQuery>()
            .returns::<Tasks>()
            .also("text/csv"),
        async move |_: Caller, Query(query): Query<TaskQuery>| -> ApiResult<Response> {
            let plan = Arc::clone(&all);
            let now = kernel::time::now();
            let tasks = blocking(move || Ok(plan.tasks(query.year))).await?;
            Ok(match query.format {
                Format::Csv => task_table(&tasks, now).respond(Format::Csv),
                Format::Json => Json(Tasks { tasks, as_of: now }).into_response(),
            })
        },
    )
}

fn task_table(tasks: &[TaskRow], now: Timestamp) -> Table {
    let columns = vec![
        Column::new("id", "编号", "id", ""),
        Column::new("task", "任务", "task", ""),
        Column::new("place", "出处", "place in the plan", ""),
        Column::new("owners", "责任单位（规划所载）", "bodies that the plan names", ""),
        Column::new("assigned", "责任单位（后来分解）", "bodies since", ""),
        Column::new("deliverable", "成果", "deliverable", ""),
        Column::new("proof", "证明方式", "way of proof", ""),
        Column::new("due", "期限", "due", ""),
        Column::new("indicators", "指标", "indicators", ""),
        Column::new("projects", "项目", "projects", ""),
        Column::new("progress", "完成程度（自评）", "progress, reported", "%"),
        Column::new("progress_year", "自评年份", "year of the report", ""),
    ];
    let rows = tasks
        .iter()
        .map(|task| {
            vec![
                task.id.clone(),
                task.text.clone(),
                task.place.clone(),
                match crate::model::inferred(&task.owners, &task.owners_from) {
                    Some(from) => format!("{}（{from}）", task.owners.join("、")),
                    None => task.owners.join("、"),
                },
                task.assigned.join("、"),
                task.deliverable.clone(),
                task.proof.clone(),
                task.due.map(|due| due.to_string()).unwrap_or_default(),
                task.indicators.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(" "),
                task.projects.iter().map(|(number, _)| number.to_string()).collect::<Vec<_>>().join(" "),
                task.progress.clone().unwrap_or_default(),
                task.progress_year.map(|year| year.to_string()).unwrap_or_default(),
            ]
        })
        .collect();
    plain_table(
        ("规划任务", "tasks of the plan"),
        (
            "完成程度取最近一年已审核的自评，几个单位共担的取最低；空格为未填报",
            "progress by the accepted reports of the newest year, the least of several bodies; empty is not reported",
        ),
        now,
        columns,
        rows,
    )
}

/// The duties of a body in a year.
pub(super) fn duty_table(body: &str, duties: &[Duty], now: Timestamp) -> Table {
    let columns = vec![
        Column::new("subject", "对象", "subject", ""),
        Column::new("name", "名称", "name", ""),
        Column::new("part", "分工", "part", ""),
        Column::new("due", "应完成", "due", "%"),
        Column::new("progress", "自评完成", "progress, reported", "%"),
        Column::new("report_state", "自评状态", "state of the report", ""),
        Column::new("score", "得分", "score", ""),
    ];
    let share = |value: f64| format!("{:.0}", value * 100.0);
    let rows = duties
        .iter()
        .map(|duty| {
            vec![
                duty.subject.clone(),
                duty.name.clone(),
                serde_json::to_value(duty.part)
                    .ok()
                    .and_then(|part| part.as_str().map(str::to_owned))
                    .unwrap_or_default(),
                share(duty.due),
                duty.progress.map(share).unwrap_or_default(),
                duty.report_state.map(|state| state.name().to_owned()).unwrap_or_default(),
                duty.score.map(|score| score.to_string()).unwrap_or_default(),
            ]
        })
        .collect();
    plain_table((body, body), ("一年的责任与得分", "duties of a year and their scores"), now, columns, rows)
}

/// Entries with their decisions, one a row.
pub(super) fn item_table(title: (&str, &str), items: &[Item], now: Timestamp) -> Table {
    let columns = vec![
        Column::new("id", "编号", "id", ""),
        Column::new("subject", "对象", "subject", ""),
        Column::new("year", "年", "year", ""),
        Column::new("kind", "种类", "kind", ""),
        Column::new("content", "内容（JSON）", "content, JSON", ""),
        Column::new("note", "说明", "note", ""),
        Column::new("state", "状态", "state", ""),
        Column::new("entered_by", "填报", "entered by", ""),
        Column::new("entered_at", "填报时间", "entered at", ""),
        Column::new("decided_by", "审核", "decided by", ""),
        Column::new("decided_at", "审核时间", "decided at", ""),
        Column::new("evidence", "材料", "evidence", ""),
    ];
    let rows = items
        .iter()
        .map(|item| {
            vec![
                item.id.to_string(),
                item.subject.clone(),
                item.year.to_string(),
                item.content.kind().name().to_owned(),
                serde_json::to_string(&item.content).unwrap_or_default(),
                item.note.clone(),
                item.state.name().to_owned(),
                item.entered_name.clone(),
                item.entered_at.to_iso(),
                item.decided_name.clone().unwrap_or_default(),
                item.decided_at.map(Timestamp::to_iso).unwrap_or_default(),
                item.evidence.iter().map(|file| file.file_name.as_str()).collect::<Vec<_>>().join("；"),
            ]
        })
        .collect();
    let method = ("填报与审核，一条一行", "entries and decisions, one a row");
    plain_table(title, method, now, columns, rows)
}

/// Every cell of an assessment with the page that says why.
pub(super) fn assessment_table(content: &Assessment) -> Table {
    let columns = vec![
        Column::new("section", "章节", "section", ""),
        Column::new("table", "表", "table", ""),
        Column::new("row", "行", "row", ""),
        Column::new("column", "栏", "column", ""),
        Column::new("value", "内容", "value", ""),
        Column::new("page", "依据", "page", ""),
    ];
    let mut rows = Vec::new();
    for section in &content.sections {
        for table in &section.tables {
            for (at, line) in table.rows.iter().enumerate() {
                for (header, entry) in table.header.iter().zip(line).filter(|(header, _)| !header.zh.is_empty()) {
                    rows.push(vec![
                        section.title.zh.clone(),
                        table.title.zh.clone(),
                        (at + 1).to_string(),
                        header.zh.clone(),
                        entry.text.clone(),
                        entry.href.clone().unwrap_or_default(),
                    ]);
                }
            }
        }
    }
    let method = ("报告各表逐格列出", "the tables of the document cell by cell");
    let title = (content.title.zh.as_str(), content.title.en.as_str());
    Table { simulated: content.simulated, ..plain_table(title, method, content.as_of, columns, rows) }
}
