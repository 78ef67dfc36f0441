//! What a written record must fulfil: held against its definition, its links and the other records of its ledger.

use kernel::{ErrorCode, Problem};
use serde_json::{Map, Value};
use store::{Reader, StoreError};

use super::{Register, refuse};
use crate::catalog::Catalog;
use crate::cell;
use crate::definition::LedgerDefinition;
use crate::link_rows;
use crate::pack::township_location;
use crate::problem::{Findings, PackProblem, Position};
use crate::record::{self, Content, Record};
use crate::retired;
use crate::rows;

impl Register {
    /// What a draft becomes on a record, or why it cannot: for what is written and for every preview of it. Where
    /// nothing is unique and who may write it is asked beside.
    pub(super) fn content_of(
        &self,
        reader: &dyn Reader,
        catalog: &Catalog,
        definition: &LedgerDefinition,
        mut fields: Map<String, Value>,
        old: Option<&Record>,
    ) -> Result<Content, StoreError> {
        keep_retired(definition, &mut fields, old)?;
        let mut content = self.check(reader, catalog, definition, &fields, old)?;
        // Older keys may have blanks around them; the key of a record never changes.
        if let Some(old) = old.filter(|old| old.content.key.trim() == content.key && old.content.key != content.key) {
            content.key.clone_from(&old.content.key);
            content.values.insert(definition.key.clone(), Value::String(old.content.key.clone()));
        }
        if let Some((field, code)) = retired::code_taken_anew(definition, catalog, &content, old) {
            let what = format!("字段“{field}”的代码“{code}”已停用，不能再填 (code `{code}` is retired)");
            return Err(refuse(Problem::invalid(what)));
        }
        Ok(content)
    }

    /// Checks what a person wrote; every mistake is named in the refusal.
    fn check(
        &self,
        reader: &dyn Reader,
        catalog: &Catalog,
        definition: &LedgerDefinition,
        fields: &Map<String, Value>,
        old: Option<&Record>,
    ) -> Result<Content, StoreError> {
        let checked = checked(catalog, definition, fields).map_err(refuse)?;
        for link in &checked.links {
            let found = rows::find_key(reader, self.division, &link.ledger, &link.key)?;
            if found.is_none_or(|record| record.deleted.is_some()) {
                let what = format!("字段“{}”指向的 {}:{} 不存在 (broken link)", link.field, link.ledger, link.key);
                return Err(refuse(Problem::invalid(what)));
            }
        }
        let mut content = checked.content;
        self.refuse_when_circular(reader, definition, &content, old)?;
        if let Some((key, _)) = checked.township {
            let body = rows::find_key(reader, self.division, "body", &key)?;
            let place = body.and_then(|body| township_location(&body.content, &content.location_note));
            if place.is_none() {
                return Err(refuse(Problem::invalid(format!("“{key}”没有坐标 (the township has no coordinates)"))));
            }
            content.location = place;
        }
        Ok(content)
    }

    /// Nothing lies above itself.
    fn refuse_when_circular(
        &self,
        reader: &dyn Reader,
        definition: &LedgerDefinition,
        content: &Content,
        old: Option<&Record>,
    ) -> Result<(), StoreError> {
        for (field, above) in link_rows::own_links(definition, content) {
            // What stays as it is makes no circle; one of before this was refused is for whoever changes that link.
            if old.is_some_and(|old| link_rows::own_link(definition, &old.content, &field.id).as_deref() == Some(above))
            {
                continue;
            }
            let circle = link_rows::circle(&content.key, above, |key| -> Result<Option<String>, StoreError> {
                let record = rows::find_key(reader, self.division, &definition.id, key)?;
                Ok(record.and_then(|record| link_rows::own_link(definition, &record.content, &field.id)))
            });
            if let Some(path) = circle? {
                let what = link_rows::circular(&path);
                let what = format!("字段“{}”{} ({})", field.label.zh, what.zh, what.en);
                return Err(refuse(Problem::invalid(what)));
            }
        }
        Ok(())
    }

    pub(super) fn refuse_when_not_unique(
        &self,
        reader: &dyn Reader,
        definition: &LedgerDefinition,
        record: &Record,
    ) -> Result<(), StoreError> {
        for field in definition.fields.iter().filter(|field| field.unique && field.id != definition.key) {
            let Some(value) = record.content.values.get(&field.id).and_then(Value::as_str) else { continue };
            if let Some(other) = rows::with_field(reader, self.division, &definition.id, &field.id, value, record.id)? {
                let what = format!("{}“{value}”与 {other} 重复 (`{}` is not unique)", field.label.zh, field.id);
                return Err(refuse(Problem::invalid(what)));
            }
        }
        Ok(())
    }

    /// A record that living records link to stays.
    pub(super) fn refuse_when_linked(
        &self,
        reader: &dyn Reader,
        catalog: &Catalog,
        record: &Record,
    ) -> Result<(), StoreError> {
        let users = link_rows::linking(reader, self.division, catalog, record)?;
        if users.is_empty() {
            return Ok(());
        }
        let what = format!("还有记录指向它：{} (records still link to it)", users.join("、"));
        Err(refuse(Problem::new(ErrorCode::NoTransition, what)))
    }
}

/// Geometry and tags stay as they are unless the draft speaks of them: a form or a sheet that does not show them
/// must not take them away. `null` does.
pub(super) fn with_what_stays(fields: &Map<String, Value>, old: Option<&Record>) -> Map<String, Value> {
    let mut fields = fields.clone();
    if let Some(old) = old {
        if let (false, Some(geometry)) = (fields.contains_key("geometry"), &old.content.geometry) {
            fields.insert("geometry".to_owned(), geometry.clone());
        }
        if !fields.contains_key("tags") && !old.content.tags.is_empty() {
            fields.insert("tags".to_owned(), old.content.tags.clone().into());
        }
    }
    // The validator reads geometry as text, the same from sheets and from here.
    if let Some(geometry) = fields.get_mut("geometry").filter(|value| value.is_object()) {
        *geometry = Value::String(geometry.to_string());
    }
    fields
}

/// A field that is retired keeps what it says and takes nothing new.
pub(super) fn keep_retired(
    definition: &LedgerDefinition,
    fields: &mut Map<String, Value>,
    old: Option<&Record>,
) -> Result<(), Problem> {
    for field in definition.fields.iter().filter(|field| field.retired) {
        let kept = old.and_then(|old| old.content.values.get(&field.id));
        match (fields.get(&field.id).filter(|value| !value.is_null()), kept) {
            (None, Some(kept)) => {
                fields.insert(field.id.clone(), kept.clone());
            }
            (Some(said), kept) if Some(said) != kept => {
                let what = format!("字段“{}”已停用，不能再填 (`{}` is retired)", field.label.zh, field.id);
                return Err(Problem::invalid(what));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A draft as the validator takes it; where its links lead is not asked.
pub(super) fn checked(
    catalog: &Catalog,
    definition: &LedgerDefinition,
    fields: &Map<String, Value>,
) -> Result<record::Checked, Problem> {
    let mut findings = Findings::new();
    let checked = record::check("", Position::START, &cell::from_json(fields), definition, catalog, &mut findings);
    checked.ok_or_else(|| Problem::invalid(listed(&findings.list)))
}

/// The mistakes of a draft in one text, the first of them.
pub(crate) fn listed(problems: &[PackProblem]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = problems
        .iter()
        .take(SHOWN)
        .map(|problem| format!("{}（{}）/ {}", problem.what.zh, problem.hint.zh, problem.what.en))
        .collect();
    shown.join("；")
}
