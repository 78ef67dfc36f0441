//! Records in and out: downloads in several forms, templates, imports.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Action, Actor, ErrorCode, Problem};
use serde::Deserialize;

use super::Form;
use crate::import::geometry_file::{GeometryOptions, GeometryReport};
use crate::import::{ImportReport, Options, reading};
use crate::location::Accuracy;
use crate::ops::{Question, Register, definition_of};
use crate::{export, sheet};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub fn export(register: &Register, actor: &Actor, question: &Question, form: &Form) -> Result<Response, Problem> {
    let records = register.export(actor, question)?;
    let catalog = register.catalog();
    let sensitive = actor.may(Action::EditRegisters, None);
    let (content_type, ending, bytes) =
        export::write(&catalog, &question.ledger, &records, &form.format, sensitive, &form.columns)?;
    Ok(download(content_type, &format!("{}.{ending}", question.ledger), bytes))
}

fn download(content_type: &str, name: &str, bytes: Vec<u8>) -> Response {
    let name = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, content_type), (header::CONTENT_DISPOSITION, &name)], bytes).into_response()
}

#[derive(Deserialize, schemars::JsonSchema)]
struct ImportQuery {
    /// `false` writes, when nothing is wrong; a dry run otherwise.
    dry_run: Option<bool>,
    /// Take the proposed fixes.
    apply_fixes: Option<bool>,
    reason: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct GeometryQuery {
    /// `false` writes, when nothing is wrong; a dry run otherwise.
    dry_run: Option<bool>,
    /// `wgs84`, `cgcs2000`, `gcj02`, `gk` or `gk108`; left out: as the file says.
    crs: Option<String>,
    /// `field:property,field:property`, beside those whose names match.
    map: Option<String>,
    /// Source of records that have none.
    source: Option<String>,
    schematic: Option<bool>,
    /// How well places are known that the file says nothing of: `surveyed`, `approximate` (so where it is left out),
    /// `schematic`.
    accuracy: Option<String>,
    /// Take the proposed fixes.
    apply_fixes: Option<bool>,
    reason: Option<String>,
}

fn geometry_options(query: GeometryQuery) -> Result<GeometryOptions, Problem> {
    let mut mapping = std::collections::BTreeMap::new();
    for pair in query.map.as_deref().unwrap_or_default().split(',').filter(|pair| !pair.is_empty()) {
        let (field, property) = pair
            .split_once(':')
            .ok_or_else(|| Problem::invalid(format!("map：“{pair}”不是 字段:属性 (not field:property)")))?;
        mapping.insert(field.to_owned(), property.to_owned());
    }
    Ok(GeometryOptions {
        import: Options {
            dry_run: query.dry_run.unwrap_or(true),
            apply_fixes: query.apply_fixes.unwrap_or(false),
            reason: query.reason.unwrap_or_default(),
        },
        system: query.crs.unwrap_or_default(),
        mapping,
        source: query.source.unwrap_or_default(),
        schematic: query.schematic.unwrap_or(false),
        accuracy: query.accuracy.as_deref().filter(|word| !word.is_empty()).map(accuracy_of).transpose()?,
    })
}

/// What somebody may say of all places of a file; a township's centre is none of them.
fn accuracy_of(word: &str) -> Result<Accuracy, Problem> {
    let known = Accuracy::from_name(word).filter(|accuracy| *accuracy != Accuracy::TownshipCentre);
    known.ok_or_else(|| Problem::invalid(format!("不认识位置精度“{word}” (unknown accuracy)")))
}

fn geometry_routes(register: &Arc<Register>) -> Routes {
    let import = Arc::clone(register);
    Routes::new("register").post(
        "/api/ledgers/{id}/geometry/import",
        operation(
            "导入图形：GeoJSON 或 shapefile 压缩包（默认试运行）",
            "import geometry: GeoJSON or a zipped shapefile (a dry run by default)",
            Access::May(Action::EditRegisters),
        )
        .query::<GeometryQuery>()
        .raw_body("application/octet-stream")
        .returns::<GeometryReport>(),
        async move |caller: Caller,
                    Path(id): Path<String>,
                    Query(query): Query<GeometryQuery>,
                    body: Body|
                    -> ApiResult<Json<GeometryReport>> {
            let too_large = |_| Problem::new(ErrorCode::TooLarge, "文件过大 (the file is too large)");
            let file = axum::body::to_bytes(body, geometry::file::MOST_BYTES).await.map_err(too_large)?;
            let register = Arc::clone(&import);
            let options = geometry_options(query)?;
            let work = move || register.import_geometry(&caller.0, &id, &file, &options, kernel::time::now());
            Ok(Json(blocking(work).await?))
        },
    )
}

pub fn routes(register: &Arc<Register>) -> Routes {
    sheet_routes(register).merge(geometry_routes(register))
}

fn sheet_routes(register: &Arc<Register>) -> Routes {
    let (template, import) = (Arc::clone(register), Arc::clone(register));
    let edit = Access::May(Action::EditRegisters);
    Routes::new("register")
        .get(
            "/api/ledgers/{id}/template",
            operation("导入模板", "import template", edit).also(XLSX),
            async move |Path(id): Path<String>| -> ApiResult<Response> {
                let register = Arc::clone(&template);
                let work = move || {
                    let catalog = register.catalog();
                    let definition = definition_of(&catalog, &id)?;
                    let bytes = sheet::template(&catalog, definition)?;
                    Ok(download(XLSX, &format!("{id}-template.xlsx"), bytes))
                };
                blocking(work).await
            },
        )
        .post(
            "/api/ledgers/{id}/import",
            operation("导入记录（默认试运行）", "import records (a dry run by default)", edit)
                .query::<ImportQuery>()
                .raw_body(XLSX)
                .returns::<ImportReport>(),
            async move |caller: Caller,
                        Path(id): Path<String>,
                        Query(query): Query<ImportQuery>,
                        body: Body|
                        -> ApiResult<Json<ImportReport>> {
                let too_large = |_| Problem::new(ErrorCode::TooLarge, "文件过大 (the file is too large)");
                let file = axum::body::to_bytes(body, reading::MOST_BYTES).await.map_err(too_large)?;
                let register = Arc::clone(&import);
                let options = Options {
                    dry_run: query.dry_run.unwrap_or(true),
                    apply_fixes: query.apply_fixes.unwrap_or(false),
                    reason: query.reason.unwrap_or_default(),
                };
                let work = move || register.import(&caller.0, &id, &file, &options, kernel::time::now());
                Ok(Json(blocking(work).await?))
            },
        )
}
