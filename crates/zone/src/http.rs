//! Routes of the admission check.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Routes, blocking, operation};
use kernel::{Action, Name, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::admission::Answer;
use crate::ops::{Question, Zones};
use crate::rows::Saved;

#[derive(Serialize, schemars::JsonSchema)]
struct LayerView {
    id: String,
    name: Name,
    source: String,
    schematic: bool,
    zones: usize,
    absent: Option<Name>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct RuleView {
    id: String,
    name: Name,
    verdict: crate::Verdict,
    basis: Name,
    layers: Vec<String>,
    attributes: Vec<String>,
    when: String,
}

/// A saved check. `question` and `answer` are as they were when it was made.
#[derive(Serialize, schemars::JsonSchema)]
struct SavedView {
    number: String,
    made_at: Timestamp,
    made_by: String,
    question: Value,
    answer: Value,
    /// What the rules and layers of today say; differs where they have changed since.
    today: Option<Answer>,
}

fn view(saved: Saved, today: Option<Answer>) -> SavedView {
    let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    SavedView {
        question: json(&saved.site),
        answer: json(&saved.answer),
        number: saved.number,
        made_at: saved.made_at,
        made_by: saved.made_by,
        today,
    }
}

pub fn routes(zones: &Arc<Zones>) -> Routes {
    let read = Access::May(Action::ReadMonitoring);
    let (layers, rules, check, list, one) =
        (Arc::clone(zones), Arc::clone(zones), Arc::clone(zones), Arc::clone(zones), Arc::clone(zones));
    Routes::new("zone")
        .get(
            "/api/zones/layers",
            operation("分区图层", "zone layers", read).returns::<Vec<LayerView>>(),
            async move || -> ApiResult<Json<Vec<LayerView>>> { Ok(Json(layer_views(&layers))) },
        )
        .get(
            "/api/zones/rules",
            operation("准入规则", "admission rules", read).returns::<Vec<RuleView>>(),
            async move || -> ApiResult<Json<Vec<RuleView>>> { Ok(Json(rule_views(&rules))) },
        )
        .post(
            "/api/admissions",
            operation("准入审查", "admission check", read).body::<Question>().returns::<SavedView>(),
            async move |caller: Caller, Json(question): Json<Question>| -> ApiResult<Json<SavedView>> {
                let zones = Arc::clone(&check);
                let made = move || {
                    let (saved, _) = zones.check_and_save(&caller.0, &question, kernel::time::now())?;
                    Ok(view(saved, None))
                };
                Ok(Json(blocking(made).await?))
            },
        )
        .get(
            "/api/admissions",
            operation("已做的准入审查", "saved admission checks", read).returns::<Vec<SavedView>>(),
            async move || -> ApiResult<Json<Vec<SavedView>>> {
                let zones = Arc::clone(&list);
                let found = move || Ok(zones.list()?.into_iter().map(|saved| view(saved, None)).collect());
                Ok(Json(blocking(found).await?))
            },
        )
        .get(
            "/api/admissions/{number}",
            operation("一次准入审查，并按现行规则重算", "one admission check, and what today's rules say", read)
                .returns::<SavedView>(),
            async move |Path(number): Path<String>| -> ApiResult<Json<SavedView>> {
                let zones = Arc::clone(&one);
                let found = move || {
                    let saved = zones.find(&number)?;
                    let today = serde_json::from_str(&saved.site).ok().map(|mut question: Question| {
                        question.on = None;
                        zones.check(&question, kernel::time::now())
                    });
                    Ok(view(saved, today.transpose()?))
                };
                Ok(Json(blocking(found).await?))
            },
        )
}

fn layer_views(zones: &Zones) -> Vec<LayerView> {
    zones
        .layers()
        .iter()
        .map(|layer| LayerView {
            id: layer.id.clone(),
            name: layer.name.clone(),
            source: layer.source.clone(),
            schematic: layer.schematic,
            zones: layer.zones().len(),
            absent: layer.absent.clone(),
        })
        .collect()
}

fn rule_views(zones: &Zones) -> Vec<RuleView> {
    zones
        .book()
        .rules
        .iter()
        .map(|rule| RuleView {
            id: rule.id.clone(),
            name: rule.name.clone(),
            verdict: rule.verdict,
            basis: rule.basis.clone(),
            layers: rule.layers.clone(),
            attributes: rule.attributes.clone(),
            when: rule.when.source().to_owned(),
        })
        .collect()
}
