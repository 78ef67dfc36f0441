//! Routes and API types of cases.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Action, Id, Name, Problem, Role, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::{Case, DutyLink, Evidence};
use crate::ops::{Act, CaseFile, step_refusal};
use crate::rows::Filter;
use crate::step_record::StepRecord;
use crate::transition::{self, Request};

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct NamedCode {
    pub code: String,
    pub name: Name,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct CaseSummary {
    pub id: Id,
    pub number: String,
    pub workflow: String,
    pub title: Name,
    pub state: NamedCode,
    pub severity: NamedCode,
    /// Point id; empty for a duty of a record.
    pub point: String,
    pub point_name: Name,
    /// The duty of a record that it is about.
    pub duty: Option<DutyLink>,
    /// Rests on simulated (模拟) data.
    pub simulated: bool,
    pub owner: String,
    pub owner_name: Name,
    pub assignee: Option<Id>,
    pub assignee_name: Option<String>,
    pub due_at: Timestamp,
    pub overdue: bool,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub spell_from: Timestamp,
    pub spell_until: Timestamp,
    pub exceedances: i64,
    pub revision: i64,
}

impl CaseSummary {
    pub fn of(act: &Act, case: &Case, now: Timestamp) -> Self {
        let workflow = act.workflows.get(&case.workflow).ok();
        let named = |code: &str, name: Option<Name>| NamedCode {
            code: code.to_owned(),
            name: name.unwrap_or_else(|| Name::new(code, code)),
        };
        let state = workflow.and_then(|workflow| workflow.state(&case.state)).map(|state| state.name.clone());
        let severity =
            workflow.and_then(|workflow| workflow.severity_named(&case.severity)).map(|one| one.name.clone());
        let points = act.points.points();
        let point = points.get(case.point);
        Self {
            id: case.id,
            number: case.number.clone(),
            workflow: case.workflow.clone(),
            title: case.title.clone(),
            state: named(&case.state, state),
            severity: named(&case.severity, severity),
            point: if case.duty.is_some() { String::new() } else { case.point.to_string() },
            duty: case.duty.clone(),
            point_name: point.map(|point| point.name.clone()).unwrap_or_default(),
            simulated: point.is_some_and(|point| point.simulated)
                || case.duty.as_ref().is_some_and(|duty| duty.simulated),
            owner: case.owner.clone(),
            owner_name: act.body_name(&case.owner),
            assignee: case.assignee,
            assignee_name: case.assignee_name.clone(),
            due_at: case.due_at,
            overdue: case.closed_at.is_none() && case.due_at < now,
            opened_at: case.opened_at,
            closed_at: case.closed_at,
            spell_from: case.spell_from,
            spell_until: case.spell_until,
            exceedances: case.exceedances,
            revision: case.revision,
        }
    }
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct EntryView {
    at: Timestamp,
    actor: String,
    actor_name: String,
    action: NamedCode,
    note: String,
    evidence: Vec<String>,
    /// The record that the step wrote.
    record: Option<StepRecord>,
}

/// What the caller could do now, and why not where not.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct ActionView {
    code: String,
    name: Name,
    needs_note: bool,
    needs_evidence: bool,
    needs_assignee: bool,
    allowed: bool,
    why_not: Option<String>,
    /// The record that the step writes.
    writes: Option<StepForm>,
}

/// What a step asks for, of a ledger.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StepForm {
    ledger: String,
    fields: Vec<StepField>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StepField {
    /// Id in the ledger.
    id: String,
    /// What the form begins with.
    preset: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct CaseDetail {
    #[serde(flatten)]
    summary: CaseSummary,
    /// The newest entries, oldest first.
    timeline: Vec<EntryView>,
    /// Entries before those.
    older_entries: usize,
    evidence: Vec<Evidence>,
    actions: Vec<ActionView>,
    verdicts: Vec<String>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct CaseQuery {
    /// `open`, `closed`, or a state of the workflow.
    state: Option<String>,
    #[serde(default)]
    mine: bool,
    #[serde(default)]
    overdue: bool,
    /// `alarm` or `duty`.
    workflow: Option<String>,
    /// Point id.
    point: Option<String>,
    /// Record id: cases of its duties.
    record: Option<Id>,
    page: Option<usize>,
    page_size: Option<usize>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct CasePage {
    items: Vec<CaseSummary>,
    total: usize,
    page: usize,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct ActionRequest {
    action: String,
    #[serde(default)]
    note: String,
    /// User id, one of `/api/cases/{id}/assignees`.
    assignee: Option<Id>,
    /// Not used: the name is that of the account.
    #[serde(default)]
    assignee_name: String,
    /// Revision that the caller saw.
    revision: Option<i64>,
    /// Of a step that writes a record: what was filled in, by field of its ledger.
    #[serde(default)]
    fields: serde_json::Map<String, serde_json::Value>,
}

/// Somebody who can work on a case.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Person {
    id: Id,
    name: String,
    roles: Vec<Role>,
    body: Option<String>,
    body_name: Option<Name>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct PersonList {
    items: Vec<Person>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct EvidenceQuery {
    #[serde(default)]
    file_name: String,
}

const MOST_PAGE: usize = 200;
const MOST_NOTE: usize = 4_000;

pub fn routes(act: &Arc<Act>) -> Routes {
    let (list, one, change, attach, fetch) =
        (Arc::clone(act), Arc::clone(act), Arc::clone(act), Arc::clone(act), Arc::clone(act));
    let people = Arc::clone(act);
    Routes::new("act")
        .get(
            "/api/cases",
            operation("案件列表", "cases", Access::May(Action::ReadCases)).query::<CaseQuery>().returns::<CasePage>(),
            async move |caller: Caller, Query(query): Query<CaseQuery>| -> ApiResult<Json<CasePage>> {
                let act = Arc::clone(&list);
                Ok(Json(blocking(move || page_of(&act, &caller, &query)).await?))
            },
        )
        .get(
            "/api/cases/{id}",
            operation("一个案件", "one case", Access::May(Action::ReadCases)).returns::<CaseDetail>(),
            async move |caller: Caller, Path(id): Path<Id>| -> ApiResult<Json<CaseDetail>> {
                let act = Arc::clone(&one);
                Ok(Json(blocking(move || Ok(detail_of(&act, &caller, act.file(&caller.0, id)?))).await?))
            },
        )
        .get(
            "/api/cases/{id}/assignees",
            operation("可以承办的人", "people who can take the case", Access::May(Action::AssignCases))
                .returns::<PersonList>(),
            async move |caller: Caller, Path(id): Path<Id>| -> ApiResult<Json<PersonList>> {
                let act = Arc::clone(&people);
                let found = move || {
                    let people = act.assignees(&caller.0, id)?;
                    let items = people.into_iter().map(|person| Person {
                        id: person.id,
                        name: person.name,
                        roles: person.roles,
                        body_name: person.body.as_deref().map(|body| act.body_name(body)),
                        body: person.body,
                    });
                    Ok(PersonList { items: items.collect() })
                };
                Ok(Json(blocking(found).await?))
            },
        )
        .post(
            "/api/cases/{id}/actions",
            operation("办理", "act on a case", Access::May(Action::ReadCases))
                .body::<ActionRequest>()
                .returns::<CaseDetail>(),
            async move |caller: Caller,
                        Path(id): Path<Id>,
                        Json(body): Json<ActionRequest>|
                        -> ApiResult<Json<CaseDetail>> {
                let act = Arc::clone(&change);
                let done = move || {
                    if body.note.chars().count() > MOST_NOTE {
                        return Err(Problem::invalid(format!("说明最多 {MOST_NOTE} 字 (the note is too long)")));
                    }
                    let request = Request {
                        action: body.action,
                        note: body.note,
                        assignee: body.assignee.map(|id| (id, body.assignee_name)),
                        revision: body.revision,
                        fields: body.fields,
                        ..Request::default()
                    };
                    act.act(&caller.0, id, &request, kernel::time::now())?;
                    Ok(detail_of(&act, &caller, act.file(&caller.0, id)?))
                };
                Ok(Json(blocking(done).await?))
            },
        )
        .post(
            "/api/cases/{id}/evidence",
            operation("上传证据", "upload evidence", Access::May(Action::WorkCases))
                .query::<EvidenceQuery>()
                .raw_body("application/octet-stream")
                .returns::<Evidence>(),
            async move |caller: Caller,
                        Path(id): Path<Id>,
                        Query(query): Query<EvidenceQuery>,
                        bytes: Bytes|
                        -> ApiResult<Json<Evidence>> {
                let act = Arc::clone(&attach);
                let done = move || act.add_evidence(&caller.0, id, &query.file_name, &bytes, kernel::time::now());
                Ok(Json(blocking(done).await?))
            },
        )
        .get(
            "/api/evidence/{hash}",
            operation("一份证据", "one piece of evidence", Access::May(Action::ReadCases))
                .also("application/octet-stream"),
            async move |caller: Caller, Path(hash): Path<String>| -> ApiResult<Response> {
                let act = Arc::clone(&fetch);
                let (content_type, bytes) = blocking(move || act.evidence_file(&caller.0, &hash)).await?;
                // Shown as a download, never run: what was uploaded is not ours.
                let headers = [
                    (header::CONTENT_TYPE, content_type),
                    (header::CONTENT_DISPOSITION, "attachment".to_owned()),
                    (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
                ];
                Ok((headers, bytes).into_response())
            },
        )
}

fn page_of(act: &Act, caller: &Caller, query: &CaseQuery) -> Result<CasePage, Problem> {
    let now = kernel::time::now();
    let point = match &query.point {
        Some(text) => Some(text.parse().map_err(|_| Problem::invalid("point 不是编号 (not an id)"))?),
        None => None,
    };
    let filter = Filter {
        open: match query.state.as_deref() {
            Some("open_all" | "unclosed") => Some(true),
            _ => None,
        },
        state: query.state.clone().filter(|state| state != "open_all" && state != "unclosed"),
        point,
        workflow: query.workflow.clone().filter(|workflow| !workflow.is_empty()),
        record: query.record,
        of_points: false,
        assignee: query.mine.then_some(caller.0.id),
        overdue_at: query.overdue.then_some(now),
        ..Filter::default()
    };
    let cases = act.list(&caller.0, &filter)?;
    let (page, size) = (query.page.unwrap_or(1).max(1), query.page_size.unwrap_or(50).clamp(1, MOST_PAGE));
    let items = cases
        .iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|case| CaseSummary::of(act, case, now))
        .collect();
    Ok(CasePage { items, total: cases.len(), page })
}

fn detail_of(act: &Act, caller: &Caller, file: CaseFile) -> CaseDetail {
    let now = kernel::time::now();
    let workflow = act.workflows.get(&file.case.workflow).ok();
    let action_name = |code: &str| {
        let known = match code {
            "opened" => Some(Name::new("立案", "opened")),
            "extended" => Some(Name::new("继续超标", "spell goes on")),
            "rejudged" => Some(Name::new("重新判定", "judged again")),
            "recovered" => Some(Name::new("恢复", "recovered")),
            "fulfilled" => Some(Name::new("记录已更新", "done by the record")),
            "not_asked" => Some(Name::new("不再要求", "asked no more")),
            "asked_again" => Some(Name::new("又要求办理", "asked again")),
            other => workflow.and_then(|workflow| workflow.transition(other)).map(|transition| transition.name.clone()),
        };
        NamedCode { code: code.to_owned(), name: known.unwrap_or_else(|| Name::new(code, code)) }
    };
    let actions = workflow.map_or_else(Vec::new, |workflow| {
        workflow
            .transitions
            .iter()
            .filter(|transition| transition.from.contains(&file.case.state))
            .map(|transition| {
                let refusal = transition::refusal(workflow, transition, &file.case, &caller.0, file.evidence.len());
                let step = transition.writes.as_ref().map(|writes| {
                    let given = act.given(&file, &transition.id, "", &caller.0, now);
                    (step_refusal(writes, &given), act.asking(writes).form(&given), writes.ledger.clone())
                });
                let refusal = refusal.or_else(|| step.as_ref().and_then(|(refusal, ..)| refusal.clone()));
                ActionView {
                    code: transition.id.clone(),
                    name: transition.name.clone(),
                    needs_note: transition.needs_note,
                    needs_evidence: transition.needs_evidence || transition.needs_new_evidence,
                    needs_assignee: transition.needs_assignee,
                    allowed: refusal.is_none(),
                    why_not: refusal.map(|problem| problem.detail),
                    writes: step.map(|(_, fields, ledger)| StepForm {
                        ledger,
                        fields: fields.into_iter().map(|(id, preset)| StepField { id, preset }).collect(),
                    }),
                }
            })
            .collect()
    });
    CaseDetail {
        summary: CaseSummary::of(act, &file.case, now),
        older_entries: file.steps.values().sum::<usize>().saturating_sub(file.entries.len()),
        timeline: file
            .entries
            .into_iter()
            .map(|entry| EntryView {
                at: entry.at,
                action: action_name(&entry.action),
                actor: entry.actor,
                actor_name: entry.actor_name,
                note: entry.note,
                evidence: entry.evidence,
                record: entry.record,
            })
            .collect(),
        evidence: file.evidence,
        actions,
        verdicts: file.verdicts,
    }
}
