//! Records in and out: downloads in several forms, templates, imports.

use std::sync::Arc;

use api::Routes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::{Actor, Problem};

use crate::export;
use crate::ops::{Question, Register};

pub fn export(register: &Register, actor: &Actor, question: &Question, format: &str) -> Result<Response, Problem> {
    let records = register.export(actor, question)?;
    let catalog = register.catalog();
    let (content_type, ending, bytes) = export::write(&catalog, &question.ledger, &records, format)?;
    let name = format!("attachment; filename=\"{}.{ending}\"", question.ledger);
    Ok(([(header::CONTENT_TYPE, content_type), (header::CONTENT_DISPOSITION, &name)], bytes).into_response())
}

pub fn routes(_register: &Arc<Register>) -> Routes {
    Routes::new("register")
}
