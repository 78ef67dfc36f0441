//! Routes of the ledger designer (台账设计).

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Routes, blocking, operation};
use kernel::{Action, Name, PointKind, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::view::{ColourView, LedgerForm, ledger_form};
use crate::catalog::{Origin, Part, PartKind};
use crate::cell;
use crate::definition::Observed;
use crate::design::rows::DefinitionRevision;
use crate::design::{DesignChange, text};
use crate::format::Format;
use crate::ops::{DesignBack, DesignCheck, DesignDraft, DesignSave, Designed, Register};
use crate::problem::PackProblem;

/// A definition in the list of all.
#[derive(Serialize, schemars::JsonSchema)]
struct DesignLine {
    kind: PartKind,
    id: String,
    name: Name,
    /// Where it comes from; none: it is not in force any more.
    origin: Option<Origin>,
    /// Of the definition, not of its text.
    version: Option<u32>,
    revision: i64,
    at: Option<Timestamp>,
    by: String,
    /// The release or the pack has changed what the designer wrote upon.
    base_changed: bool,
    /// What the designer wrote does not hold under this release.
    broken: bool,
}

#[derive(Serialize, schemars::JsonSchema)]
struct DesignRevisionView {
    revision: i64,
    at: Timestamp,
    by: String,
    reason: String,
    origin: Origin,
    /// TOML; none: there was none from then on.
    text: Option<String>,
}

/// A definition with its history.
#[derive(Serialize, schemars::JsonSchema)]
struct DesignView {
    #[serde(flatten)]
    line: DesignLine,
    text: Option<String>,
    /// The same as JSON, for the form.
    design: Option<Map<String, Value>>,
    /// What the release or the pack says, when the designer says otherwise.
    base: Option<String>,
    problems: Vec<DesignProblem>,
    /// Newest first.
    revisions: Vec<DesignRevisionView>,
}

/// Words that a definition may use, for the form.
#[derive(Serialize, schemars::JsonSchema)]
struct DesignWords {
    /// Of text fields.
    formats: Vec<&'static str>,
    /// What a record that is a point can be.
    point_kinds: Vec<PointKindWord>,
    /// What a field of such a record can tell.
    roles: Vec<&'static str>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct PointKindWord {
    kind: &'static str,
    name: Name,
}

fn words() -> DesignWords {
    DesignWords {
        formats: Format::ALL.map(|(name, _)| name).to_vec(),
        point_kinds: PointKind::ALL.map(|kind| PointKindWord { kind: kind.name(), name: kind.label() }).into(),
        roles: Observed::ROLES.to_vec(),
    }
}

/// Why a text cannot be a definition.
#[derive(Serialize, schemars::JsonSchema)]
struct DesignProblem {
    file: String,
    line: u32,
    column: u32,
    /// Such as `QP-202`.
    code: &'static str,
    what: Name,
    hint: Name,
    excerpt: String,
}

/// What a definition would change.
#[derive(Serialize, schemars::JsonSchema)]
struct DesignReport {
    kind: PartKind,
    id: String,
    text: String,
    design: Map<String, Value>,
    problems: Vec<DesignProblem>,
    changes: Vec<DesignChange>,
    /// Paths of the changes that must be accepted.
    to_accept: Vec<String>,
    refused: bool,
    /// Records of the ledger, living or deleted.
    records: i64,
    /// How its form would look; of a ledger without problems.
    form: Option<LedgerForm>,
    colours: Vec<ColourView>,
    geometry: Option<&'static str>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct DesignCheckBody {
    kind: PartKind,
    #[serde(flatten)]
    draft: DesignDraft,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct DesignSaveBody {
    kind: PartKind,
    #[serde(flatten)]
    save: DesignSave,
}

pub(super) fn routes(register: &Arc<Register>) -> Routes {
    let design = || Access::May(Action::DesignLedgers);
    let (all, one, check) = (Arc::clone(register), Arc::clone(register), Arc::clone(register));
    let (save, withdraw) = (Arc::clone(register), Arc::clone(register));
    Routes::new("register")
        .get(
            "/api/designs",
            operation("台账与代码表的定义", "definitions of ledgers and code lists", design())
                .returns::<Vec<DesignLine>>(),
            async move |caller: Caller| -> ApiResult<Json<Vec<DesignLine>>> {
                let register = Arc::clone(&all);
                let work = move || Ok(register.designs(&caller.0)?.iter().map(line).collect());
                Ok(Json(blocking(work).await?))
            },
        )
        .get(
            "/api/design-words",
            operation("定义里可用的词", "words that a definition may use", design()).returns::<DesignWords>(),
            async move |_: Caller| -> ApiResult<Json<DesignWords>> { Ok(Json(words())) },
        )
        .get(
            "/api/designs/{kind}/{id}",
            operation("一个定义及其历史", "a definition with its history", design()).returns::<DesignView>(),
            async move |caller: Caller, Path((kind, id)): Path<(String, String)>| -> ApiResult<Json<DesignView>> {
                let register = Arc::clone(&one);
                Ok(Json(blocking(move || Ok(shown(register.design(&caller.0, &part(&kind, id)?)?))).await?))
            },
        )
        .post(
            "/api/designs/check",
            operation("试算一个定义（不写入）", "what a definition would change; writes nothing", design())
                .body::<DesignCheckBody>()
                .returns::<DesignReport>(),
            async move |caller: Caller, Json(body): Json<DesignCheckBody>| -> ApiResult<Json<DesignReport>> {
                let register = Arc::clone(&check);
                let work = move || Ok(report(&register, register.check_design(&caller.0, body.kind, &body.draft)?));
                Ok(Json(blocking(work).await?))
            },
        )
        .post(
            "/api/designs",
            operation("保存定义", "save a definition", design()).body::<DesignSaveBody>().returns::<DesignReport>(),
            async move |caller: Caller, Json(body): Json<DesignSaveBody>| -> ApiResult<Json<DesignReport>> {
                let register = Arc::clone(&save);
                let work = move || {
                    let saved = register.save_design(&caller.0, body.kind, &body.save, kernel::time::now())?;
                    Ok(report(&register, saved))
                };
                Ok(Json(blocking(work).await?))
            },
        )
        .post(
            "/api/designs/{kind}/{id}/withdraw",
            operation("撤回设计，恢复内置定义", "go back to what the release or the pack says", design())
                .body::<DesignBack>()
                .returns::<Vec<DesignChange>>(),
            async move |caller: Caller,
                        Path((kind, id)): Path<(String, String)>,
                        Json(body): Json<DesignBack>|
                        -> ApiResult<Json<Vec<DesignChange>>> {
                let register = Arc::clone(&withdraw);
                let work = move || register.withdraw_design(&caller.0, &part(&kind, id)?, &body, kernel::time::now());
                Ok(Json(blocking(work).await?))
            },
        )
}

fn part(kind: &str, id: String) -> Result<Part, Problem> {
    let kind = match kind {
        "ledger" => PartKind::Ledger,
        "codes" => PartKind::Codes,
        other => return Err(Problem::not_found(format!("没有“{other}” (ledger or codes)"))),
    };
    Ok(Part { kind, id })
}

fn json_of(text: &str) -> Option<Map<String, Value>> {
    cell::from_toml(text).ok().map(|table| text::to_json(&table))
}

fn line(designed: &Designed) -> DesignLine {
    let newest = designed.revisions.first();
    let text = designed.text.as_deref().or_else(|| newest?.text.as_deref()).and_then(json_of).unwrap_or_default();
    let name = text.get("name").cloned().and_then(|name| serde_json::from_value(name).ok());
    DesignLine {
        kind: designed.part.kind,
        id: designed.part.id.clone(),
        name: name.unwrap_or_else(|| Name::new(&designed.part.id, &designed.part.id)),
        origin: designed.origin,
        version: text.get("version").and_then(Value::as_u64).and_then(|version| u32::try_from(version).ok()),
        revision: newest.map_or(0, |row| row.revision),
        at: newest.map(|row| row.at),
        by: newest.map(|row| row.actor_name.clone()).unwrap_or_default(),
        base_changed: designed.base_changed,
        broken: !designed.problems.is_empty(),
    }
}

fn shown(designed: Designed) -> DesignView {
    let revision = |row: DefinitionRevision| DesignRevisionView {
        revision: row.revision,
        at: row.at,
        by: row.actor_name,
        reason: row.reason,
        origin: row.origin,
        text: row.text,
    };
    DesignView {
        line: line(&designed),
        design: designed.text.as_deref().and_then(json_of),
        base: designed.base.filter(|base| designed.text.as_ref() != Some(base)),
        text: designed.text,
        problems: designed.problems.into_iter().map(problem).collect(),
        revisions: designed.revisions.into_iter().map(revision).collect(),
    }
}

fn problem(problem: PackProblem) -> DesignProblem {
    DesignProblem {
        file: problem.file,
        line: problem.at.line,
        column: problem.at.column,
        code: problem.code.number(),
        what: problem.what,
        hint: problem.hint,
        excerpt: problem.excerpt,
    }
}

fn report(register: &Register, check: DesignCheck) -> DesignReport {
    let refused = check.refused();
    let to_accept = check.to_accept().into_iter().map(str::to_owned).collect();
    let catalog = check.catalog.unwrap_or_else(|| register.catalog());
    let ledger =
        catalog.ledger(&check.part.id).filter(|_| check.part.kind == PartKind::Ledger && check.problems.is_empty());
    let colours = ledger.into_iter().flat_map(|ledger| &ledger.colours);
    DesignReport {
        kind: check.part.kind,
        id: check.part.id,
        text: check.text,
        design: check.design,
        changes: check.changes,
        to_accept,
        refused,
        records: check.records,
        form: ledger.map(|ledger| ledger_form(&catalog, ledger)),
        geometry: ledger.map(|ledger| super::view::geometry_name(ledger.geometry)),
        colours: colours
            .map(|rule| ColourView { when: rule.when.clone(), colour: rule.colour.clone(), name: rule.name.clone() })
            .collect(),
        problems: check.problems.into_iter().map(problem).collect(),
    }
}
