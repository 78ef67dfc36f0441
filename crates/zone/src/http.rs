//! Routes of the admission check.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Action, ErrorCode, Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::admission::Answer;
use crate::compare::Recomputed;
use crate::document;
use crate::ops::{Again, Question, Summary, Zones};
use crate::picture;
use crate::rows::{Listed, Saved};
use crate::rule::AttributeValue;

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

#[derive(Serialize, schemars::JsonSchema)]
struct ZoneLayerView {
    id: String,
    name: Name,
    source: String,
    schematic: bool,
    zones: usize,
    /// Why there is nothing.
    absent: Option<Name>,
    /// What of it is not drawn yet.
    incomplete: Option<Name>,
    /// Ledger whose records take its place once they have geometries.
    ledger: Option<String>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct ZoneRuleView {
    id: String,
    name: Name,
    verdict: crate::Verdict,
    basis: Name,
    layers: Vec<String>,
    attributes: Vec<ZoneAttributeView>,
    when: String,
}

#[derive(Serialize, schemars::JsonSchema)]
struct ZoneAttributeView {
    key: String,
    name: Name,
    /// What may be answered; nothing: a number.
    values: Vec<AttributeValue>,
    /// Unit of the number; empty: none.
    unit: String,
}

/// A check. `question` and `answer` are as they were when it was made.
#[derive(Serialize, schemars::JsonSchema)]
struct SavedView {
    /// Empty: it was not saved.
    number: String,
    made_at: Timestamp,
    made_by: String,
    question: Question,
    answer: Answer,
    /// Day whose rules and zones the answer is about.
    on: String,
    /// That day under the rules and layers of now: what differs, a changed rule or layer makes. Nothing: it is today.
    same_day: Option<Recomputed>,
    /// Today under the rules and layers of now. Nothing: the answer is from now.
    today: Option<Recomputed>,
}

/// A check in a list.
#[derive(Serialize, schemars::JsonSchema)]
struct SavedSummary {
    number: String,
    made_at: Timestamp,
    made_by: String,
    #[serde(flatten)]
    summary: Summary,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct CheckQuery {
    /// `false`: only an answer, no number.
    save: Option<bool>,
}

fn broken(error: serde_json::Error) -> Problem {
    Problem::new(ErrorCode::Internal, format!("reading a saved admission check: {error}"))
}

fn view(saved: Saved, again: Option<Again>) -> Result<SavedView, Problem> {
    let question: Question = serde_json::from_str(&saved.site).map_err(broken)?;
    let (same_day, today) = match again {
        Some(again) => (again.same_day, Some(again.today)),
        None => (None, None),
    };
    Ok(SavedView {
        on: question.day_of(saved.made_at).to_iso(),
        question,
        answer: serde_json::from_str(&saved.answer).map_err(broken)?,
        number: saved.number,
        made_at: saved.made_at,
        made_by: saved.made_by,
        same_day,
        today,
    })
}

pub fn routes(zones: &Arc<Zones>) -> Routes {
    layer_routes(zones).merge(admission_routes(zones))
}

fn layer_routes(zones: &Arc<Zones>) -> Routes {
    let read = Access::May(Action::ReadMonitoring);
    let (layers, geometry, rules) = (Arc::clone(zones), Arc::clone(zones), Arc::clone(zones));
    Routes::new("zone")
        .get(
            "/api/zones/layers",
            operation("分区图层", "zone layers", read).returns::<Vec<ZoneLayerView>>(),
            async move || -> ApiResult<Json<Vec<ZoneLayerView>>> { Ok(Json(layer_views(&layers))) },
        )
        .get(
            "/api/zones/layers/{id}",
            operation("一个分区图层的图形", "geometry of a zone layer", read)
                .returns::<Map<String, Value>>()
                .also("application/geo+json"),
            async move |Path(id): Path<String>| -> ApiResult<Response> {
                let zones = Arc::clone(&geometry);
                let text = blocking(move || layer_geometry(&zones, &id)).await?;
                Ok(([(header::CONTENT_TYPE, "application/geo+json")], text).into_response())
            },
        )
        .get(
            "/api/zones/rules",
            operation("准入规则", "admission rules", read).returns::<Vec<ZoneRuleView>>(),
            async move || -> ApiResult<Json<Vec<ZoneRuleView>>> { Ok(Json(rule_views(&rules))) },
        )
}

fn admission_routes(zones: &Arc<Zones>) -> Routes {
    let read = Access::May(Action::ReadMonitoring);
    let (check, list, one, word) = (Arc::clone(zones), Arc::clone(zones), Arc::clone(zones), Arc::clone(zones));
    Routes::new("zone")
        .post(
            "/api/admissions",
            operation("准入审查", "admission check", read)
                .query::<CheckQuery>()
                .body::<Question>()
                .returns::<SavedView>(),
            async move |caller: Caller,
                        Query(query): Query<CheckQuery>,
                        Json(question): Json<Question>|
                        -> ApiResult<Json<SavedView>> {
                let zones = Arc::clone(&check);
                let made = move || checked(&zones, &caller, question, query.save.unwrap_or(true));
                Ok(Json(blocking(made).await?))
            },
        )
        .get(
            "/api/admissions",
            operation("已做的准入审查", "saved admission checks", read).returns::<Vec<SavedSummary>>(),
            async move |caller: Caller| -> ApiResult<Json<Vec<SavedSummary>>> {
                let zones = Arc::clone(&list);
                let found = blocking(move || zones.list(&caller.0)).await?;
                let view = |(saved, summary): (Listed, Summary)| SavedSummary {
                    number: saved.number,
                    made_at: saved.made_at,
                    made_by: saved.made_by,
                    summary,
                };
                Ok(Json(found.into_iter().map(view).collect()))
            },
        )
        .get(
            "/api/admissions/{number}",
            operation("一次准入审查，并按现行规则重算", "one admission check, and what today's rules say", read)
                .returns::<SavedView>(),
            async move |caller: Caller, Path(number): Path<String>| -> ApiResult<Json<SavedView>> {
                let zones = Arc::clone(&one);
                let found = move || {
                    let saved = zones.find(&caller.0, &number)?;
                    let again = zones.again(&saved, kernel::time::now())?;
                    view(saved, Some(again))
                };
                Ok(Json(blocking(found).await?))
            },
        )
        .get(
            "/api/admissions/{number}/docx",
            operation("准入审查结果（Word）", "an admission check as a Word document", read).also(DOCX),
            async move |caller: Caller, Path(number): Path<String>| -> ApiResult<Response> {
                let zones = Arc::clone(&word);
                let written = move || {
                    let saved = zones.find(&caller.0, &number)?;
                    let internal =
                        |error: String| Problem::new(ErrorCode::Internal, format!("writing a docx: {error}"));
                    let now = kernel::time::now();
                    let again = zones.again(&saved, now)?;
                    let bytes = document::blocks(&saved, &zones.book(), &again, now)
                        .and_then(|blocks| document::write(&blocks))
                        .map_err(internal)?;
                    // The number holds Chinese; file names in headers are ASCII.
                    let ascii: String = saved.number.chars().filter(char::is_ascii).collect();
                    Ok((format!("attachment; filename=\"admission{ascii}.docx\""), bytes))
                };
                let (name, bytes) = blocking(written).await?;
                Ok(([(header::CONTENT_TYPE, DOCX), (header::CONTENT_DISPOSITION, &name)], bytes).into_response())
            },
        )
}

fn checked(zones: &Zones, caller: &Caller, question: Question, save: bool) -> Result<SavedView, Problem> {
    let now = kernel::time::now();
    if save {
        let (saved, _) = zones.check_and_save(&caller.0, &question, now)?;
        return view(saved, None);
    }
    let answer = zones.check(&question, now)?;
    Ok(SavedView {
        number: String::new(),
        made_at: now,
        made_by: caller.0.name.clone(),
        on: question.day_of(now).to_iso(),
        question,
        answer,
        same_day: None,
        today: None,
    })
}

fn layer_views(zones: &Zones) -> Vec<ZoneLayerView> {
    let today = kernel::time::now().day();
    let views = |layer: &crate::Layer| ZoneLayerView {
        id: layer.id.clone(),
        name: layer.name.clone(),
        source: layer.source.clone(),
        schematic: layer.schematic,
        zones: layer.zones().len(),
        absent: layer.absent.clone(),
        incomplete: layer.incomplete_on(today),
        ledger: zones.ledger_of(&layer.id),
    };
    zones.layers().iter().map(views).collect()
}

fn layer_geometry(zones: &Zones, id: &str) -> Result<String, Problem> {
    let layers = zones.layers();
    let layer = layers.get(id).ok_or_else(|| Problem::not_found(format!("没有图层“{id}” (no such layer)")))?;
    Ok(picture::of(layer).to_string())
}

fn rule_views(zones: &Zones) -> Vec<ZoneRuleView> {
    zones
        .book()
        .rules
        .iter()
        .map(|rule| ZoneRuleView {
            id: rule.id.clone(),
            name: rule.name.clone(),
            verdict: rule.verdict,
            basis: rule.basis.clone(),
            layers: rule.layers.clone(),
            attributes: rule
                .attributes
                .iter()
                .map(|attribute| ZoneAttributeView {
                    key: attribute.key.clone(),
                    name: attribute.name.clone(),
                    values: attribute.values.clone(),
                    unit: attribute.unit.clone(),
                })
                .collect(),
            when: rule.when.source().to_owned(),
        })
        .collect()
}
