//! Entries of all subjects: what waits for a decision, and what became of one's own.

use std::sync::Arc;

use api::{ApiResult, Caller, Json, Query, Routes, operation};
use kernel::{Action, Id};
use serde::{Deserialize, Serialize};

use super::READ;
use crate::item::{Item, State};
use crate::ops::Plan;

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
pub struct ItemQuery {
    subject: Option<String>,
    /// From 1.
    page: Option<usize>,
    /// `entered`: those that wait for a decision.
    state: Option<State>,
    #[serde(default)]
    mine: bool,
}

/// Entries on one page.
const PAGE: usize = 50;

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct ItemsPage {
    items: Vec<Item>,
    /// Entries that are corrected, retracted or appealed against by those shown.
    about: Vec<Item>,
    /// What the subjects are called.
    names: std::collections::BTreeMap<String, String>,
    total: usize,
    page: usize,
    page_size: usize,
    may_approve: bool,
}

pub fn routes(plan: &Arc<Plan>) -> Routes {
    let items = Arc::clone(plan);
    Routes::new("plan").get(
        "/api/plan/items",
        operation("填报与审核", "entries and decisions, the newest first", READ)
            .query::<ItemQuery>()
            .returns::<ItemsPage>(),
        async move |caller: Caller, Query(query): Query<ItemQuery>| -> ApiResult<Json<ItemsPage>> {
            Ok(Json(items_page(&items, &caller, &query)))
        },
    )
}

fn items_page(plan: &Plan, caller: &Caller, query: &ItemQuery) -> ItemsPage {
    let (loaded, items) = (plan.loaded(), plan.items());
    let mut found: Vec<&Item> = items
        .iter()
        .filter(|item| query.subject.as_ref().is_none_or(|subject| item.subject == *subject))
        .filter(|item| query.state.is_none_or(|state| item.state == state))
        .filter(|item| !query.mine || item.entered_by == caller.0.id)
        .collect();
    found.sort_by_key(|item| std::cmp::Reverse(item.id));
    let (total, page) = (found.len(), query.page.unwrap_or(1).max(1));
    let shown: Vec<Item> = found.into_iter().skip((page - 1).saturating_mul(PAGE)).take(PAGE).cloned().collect();
    let mut names = std::collections::BTreeMap::new();
    for item in &shown {
        names.entry(item.subject.clone()).or_insert_with(|| loaded.name_of(&item.subject));
    }
    let wanted: std::collections::BTreeSet<Id> = shown.iter().flat_map(Item::names).collect();
    ItemsPage {
        about: items.iter().filter(|item| wanted.contains(&item.id)).cloned().collect(),
        items: shown,
        names,
        total,
        page,
        page_size: PAGE,
        may_approve: caller.0.may(Action::ApprovePlan, None),
    }
}
