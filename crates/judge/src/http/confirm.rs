//! Confirming figures of standards.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Routes, blocking, operation};
use kernel::{Action, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Judge;
use crate::confirmation::{Confirmed, NewConfirmation};

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Item {
    /// As in the list of unconfirmed figures: `HJ 663-2026/composite/SO2/weight`.
    figure: String,
    /// The figure as read in the source, where it differs from ours.
    value: Option<String>,
    /// Document, page, table, clause.
    source: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    items: Vec<Item>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct View {
    id: String,
    figure: String,
    value: Option<String>,
    source: String,
    by: String,
    at: Timestamp,
    /// When what depends on it had been judged again; `null`: not yet.
    done_at: Option<Timestamp>,
    /// Verdicts that changed by it (or by the figures of its standard confirmed together).
    changed: i64,
}

fn view(one: Confirmed) -> View {
    View {
        id: one.id.to_string(),
        figure: one.figure,
        value: one.value,
        source: one.source,
        by: one.by_name,
        at: one.at,
        done_at: one.done_at,
        changed: one.changed,
    }
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let (list, make) = (Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/standards/confirmations",
            operation("已确认的标准数值", "confirmed figures of standards", Access::SignedIn).returns::<Vec<View>>(),
            async move || -> ApiResult<Json<Vec<View>>> {
                let judge = Arc::clone(&list);
                let found = blocking(move || judge.confirmations()).await?;
                Ok(Json(found.into_iter().rev().map(view).collect()))
            },
        )
        .post(
            "/api/standards/confirmations",
            operation(
                "确认标准数值（系统管理员，须注明出处）",
                "confirm figures of standards, with the source",
                Access::May(Action::EditRegisters),
            )
            .body::<Batch>()
            .returns::<Vec<View>>(),
            async move |caller: Caller, Json(batch): Json<Batch>| -> ApiResult<Json<Vec<View>>> {
                let judge = Arc::clone(&make);
                let work = move || {
                    let items: Vec<NewConfirmation> = batch
                        .items
                        .into_iter()
                        .map(|item| NewConfirmation { figure: item.figure, value: item.value, source: item.source })
                        .collect();
                    judge.confirm(&caller.0, &items, kernel::time::now())
                };
                Ok(Json(blocking(work).await?.into_iter().map(view).collect()))
            },
        )
}
