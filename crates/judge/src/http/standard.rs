//! The library of standards, to read.

use std::sync::Arc;

use api::{Access, ApiResult, Json, Path, Routes, operation};
use kernel::{Name, Problem};
use serde::Serialize;
use standards::library::{Area, Cell, Confidence, Effect, Standard, Unconfirmed};

use crate::Judge;
use crate::model::name_of;

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct EffectView {
    /// Division prefixes; empty: the nation.
    divisions: Vec<String>,
    from: String,
    until: Option<String>,
    basis: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StandardBrief {
    id: String,
    code: String,
    family: String,
    edition: String,
    title: Name,
    effects: Vec<EffectView>,
    replaces: Vec<String>,
    confirmed: bool,
    /// Figures that are shown and not judged by.
    unconfirmed: usize,
    tables: usize,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct ColumnView {
    id: String,
    title: Name,
    unit: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct CellView {
    text: String,
    confirmed: bool,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct TableView {
    id: String,
    title: Name,
    clause: String,
    columns: Vec<ColumnView>,
    rows: Vec<Vec<CellView>>,
    notes: Vec<Name>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FigureView {
    id: String,
    title: Name,
    value: CellView,
    unit: String,
    clause: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct UnconfirmedView {
    figure: String,
    text: String,
    unit: String,
    title: Name,
    clause: String,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StandardDetail {
    #[serde(flatten)]
    brief: StandardBrief,
    source: String,
    notes: Vec<Name>,
    tables: Vec<TableView>,
    figures: Vec<FigureView>,
    unconfirmed_figures: Vec<UnconfirmedView>,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let (list, one) = (Arc::clone(judge), Arc::clone(judge));
    Routes::new("judge")
        .get(
            "/api/standards",
            operation("标准目录", "standards", Access::SignedIn).returns::<Vec<StandardBrief>>(),
            async move || -> ApiResult<Json<Vec<StandardBrief>>> {
                let library = Arc::clone(&list.rules().library);
                let unconfirmed = library.unconfirmed();
                let all = library.all();
                Ok(Json(all.iter().map(|standard| brief(standard, &unconfirmed)).collect()))
            },
        )
        .get(
            "/api/standards/{code}",
            operation("一个标准的全部版本", "every edition of a standard", Access::SignedIn)
                .returns::<Vec<StandardDetail>>(),
            async move |Path(code): Path<String>| -> ApiResult<Json<Vec<StandardDetail>>> {
                let library = Arc::clone(&one.rules().library);
                let unconfirmed = library.unconfirmed();
                let found: Vec<StandardDetail> =
                    library.find(&code).map(|standard| detail(standard, &unconfirmed)).collect();
                if found.is_empty() {
                    return Err(Problem::not_found(format!("没有标准“{code}” (no such standard)")).into());
                }
                Ok(Json(found))
            },
        )
}

fn effect(effect: &Effect) -> EffectView {
    EffectView {
        divisions: match &effect.area {
            Area::National => Vec::new(),
            Area::Divisions(prefixes) => prefixes.clone(),
        },
        from: effect.from.to_string(),
        until: effect.until.map(|date| date.to_string()),
        basis: effect.basis.clone(),
    }
}

fn own<'u>(standard: &Standard, unconfirmed: &'u [Unconfirmed]) -> Vec<&'u Unconfirmed> {
    let prefix = format!("{}/", standard.id());
    unconfirmed.iter().filter(|figure| figure.figure.starts_with(&prefix)).collect()
}

fn brief(standard: &Standard, unconfirmed: &[Unconfirmed]) -> StandardBrief {
    StandardBrief {
        id: standard.id(),
        code: standard.code.clone(),
        family: standard.family.clone(),
        edition: standard.edition.clone(),
        title: name_of(&standard.title),
        effects: standard.effects.iter().map(effect).collect(),
        replaces: standard.replaces.clone(),
        confirmed: standard.confidence == Confidence::Confirmed,
        unconfirmed: own(standard, unconfirmed).len(),
        tables: standard.tables.len(),
    }
}

fn cell(cell: &Cell) -> CellView {
    CellView { text: cell.text.clone(), confirmed: cell.confidence == Confidence::Confirmed }
}

fn detail(standard: &Standard, unconfirmed: &[Unconfirmed]) -> StandardDetail {
    StandardDetail {
        brief: brief(standard, unconfirmed),
        source: standard.source.clone(),
        notes: standard.notes.iter().map(name_of).collect(),
        tables: standard
            .tables
            .iter()
            .map(|table| TableView {
                id: table.id.clone(),
                title: name_of(&table.title),
                clause: table.clause.clone(),
                columns: table
                    .columns
                    .iter()
                    .map(|column| ColumnView {
                        id: column.id.clone(),
                        title: name_of(&column.title),
                        unit: column.unit.clone(),
                    })
                    .collect(),
                rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
                notes: table.notes.iter().map(name_of).collect(),
            })
            .collect(),
        figures: standard
            .figures
            .iter()
            .map(|figure| FigureView {
                id: figure.id.clone(),
                title: name_of(&figure.title),
                value: cell(&figure.value),
                unit: figure.unit.clone(),
                clause: figure.clause.clone(),
            })
            .collect(),
        unconfirmed_figures: own(standard, unconfirmed)
            .into_iter()
            .map(|figure| UnconfirmedView {
                figure: figure.figure.clone(),
                text: figure.text.clone(),
                unit: figure.unit.clone(),
                title: name_of(&figure.title),
                clause: figure.clause.clone(),
            })
            .collect(),
    }
}
