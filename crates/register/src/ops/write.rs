//! Creating, revising and taking out records by people: authorise → check → save with its event → announce.

use api::LiveEvent;
use kernel::{Action, Actor, ErrorCode, EventDraft, Id, Problem, Timestamp};
use serde_json::{Map, Value};
use store::{Reader, StoreError, Transaction, event_log};

use super::{Register, refuse};
use crate::catalog::Catalog;
use crate::cell;
use crate::definition::{Geometry, LedgerDefinition};
use crate::link_rows;
use crate::pack::township_location;
use crate::points::{BINDINGS, DUST_DAYS};
use crate::problem::{Findings, PackProblem, Position};
use crate::record::{self, Content, Record};
use crate::retired;
use crate::rows::{self, Written};
use crate::search;

/// What a person writes: fields by id, and `location`, `location_note`, `source`, `note`, `simulated`, `schematic`,
/// `valid_from` beside them.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
pub struct Draft {
    pub fields: Map<String, Value>,
    /// Why it is written.
    pub reason: String,
    /// Revision that was seen, when an existing record is revised.
    pub revision: Option<i64>,
}

/// Which record a draft is for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    New { ledger: &'a str },
    Existing(Id),
}

const LONGEST_REASON: usize = 500;

impl Register {
    /// Writes a new record or a new revision and returns it.
    pub fn write(&self, actor: &Actor, target: Target<'_>, draft: &Draft, now: Timestamp) -> Result<Record, Problem> {
        let reason = reason_of(&draft.reason, matches!(target, Target::New { .. }))?;
        let (_held, catalog) = self.writing();
        let record = self.store.write(|transaction| {
            let record = self.write_in(transaction, actor, &catalog, target, draft, &reason, now)?;
            event_log::append(transaction, self.division, now, &[event_of(actor, &record, &reason)])?;
            Ok(record)
        })?;
        self.after(&record, now)?;
        Ok(record)
    }

    /// Writes many records of a ledger, all or none; used by imports. A draft with the revision that was seen revises
    /// the record of its key, one without makes a new record: what happened since is refused.
    pub fn write_all(
        &self,
        actor: &Actor,
        ledger: &str,
        drafts: &[Draft],
        reason: &str,
        now: Timestamp,
    ) -> Result<usize, Problem> {
        let reason = reason_of(reason, false)?;
        let (_held, catalog) = self.writing();
        let definition = definition_of(&catalog, ledger)?;
        self.store.write(|transaction| {
            for draft in drafts {
                let key = draft.fields.get(&definition.key).and_then(Value::as_str).unwrap_or_default();
                let existing = rows::find_key(transaction.as_reader(), self.division, ledger, key)?;
                let target = match &existing {
                    Some(record) if draft.revision.is_some() => Target::Existing(record.id),
                    _ => Target::New { ledger },
                };
                let written = self.write_in(transaction, actor, &catalog, target, draft, &reason, now);
                written.map_err(|error| of_key(key, error))?;
            }
            let event = EventDraft {
                kind: "register.imported",
                actor: actor.id.to_string(),
                subject: ledger.to_owned(),
                payload: serde_json::json!({ "ledger": ledger, "records": drafts.len(), "reason": reason }),
            };
            event_log::append(transaction, self.division, now, &[event])?;
            Ok(())
        })?;
        self.points_or_zones_changed(&catalog, ledger)?;
        Ok(drafts.len())
    }

    /// Marks a record as deleted, or takes the mark away again.
    pub fn set_deleted(
        &self,
        actor: &Actor,
        id: Id,
        revision: i64,
        deleted: bool,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record, Problem> {
        let reason = reason_of(reason, false)?;
        let (_held, catalog) = self.writing();
        let record = self.store.write(|transaction| {
            let old = self.existing(transaction.as_reader(), actor, id, Some(revision))?;
            if old.deleted.is_some() == deleted {
                return Err(refuse(Problem::new(ErrorCode::NoTransition, "已是这个状态 (already so)")));
            }
            let mark = deleted.then(|| reason.clone());
            let record = if deleted {
                self.refuse_when_linked(transaction.as_reader(), &catalog, &old)?;
                Record { deleted: mark, ..old }
            } else {
                // Others may have gone, or taken what is unique, while it was away. Its retired codes stay.
                let definition = definition_of(&catalog, &old.ledger)?;
                let fields = with_what_stays(&old.content.as_draft(), None);
                // What a definition of today asks for besides is asked for when it is next revised, as of the living.
                let content = match checked(&catalog, definition, &fields) {
                    Err(_) => old.content.clone(),
                    Ok(_) => self.content_of(transaction.as_reader(), &catalog, definition, fields, Some(&old))?,
                };
                need(actor, content.owner.as_deref())?;
                let record = Record { deleted: mark, content, ..old };
                self.refuse_when_not_unique(transaction.as_reader(), definition, &record)?;
                record
            };
            let record = self.save(transaction, actor, &catalog, record, &reason, now)?;
            event_log::append(transaction, self.division, now, &[event_of(actor, &record, &reason)])?;
            Ok(record)
        })?;
        self.after(&record, now)?;
        Ok(record)
    }

    /// Held while records are checked and written for somebody who has a transaction of their own; taken before that
    /// is begun.
    pub fn open_for_steps(&self) -> OpenRegister<'_> {
        let (held, catalog) = self.writing();
        OpenRegister { register: self, _held: held, catalog }
    }

    pub(super) fn existing(
        &self,
        reader: &dyn Reader,
        actor: &Actor,
        id: Id,
        revision: Option<i64>,
    ) -> Result<Record, StoreError> {
        let record = rows::find(reader, self.division, id)?
            .ok_or_else(|| refuse(Problem::not_found(format!("没有记录 {id} (no such record)"))))?;
        need(actor, record.content.owner.as_deref())?;
        if revision != Some(record.revision) {
            let what = format!(
                "现在是第 {} 版，您看到的是第 {} 版 (it has been revised)",
                record.revision,
                revision.map_or_else(|| "?".to_owned(), |revision| revision.to_string())
            );
            return Err(refuse(Problem::new(ErrorCode::RevisionConflict, what)));
        }
        Ok(record)
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn write_in(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        catalog: &Catalog,
        target: Target<'_>,
        draft: &Draft,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record, StoreError> {
        let reader = transaction.as_reader();
        let (ledger, old) = match target {
            Target::New { ledger } => (ledger.to_owned(), None),
            Target::Existing(id) => {
                let old = self.existing(reader, actor, id, draft.revision)?;
                if old.deleted.is_some() {
                    let what = "这条记录已删除，请先恢复 (it is deleted, restore it first)";
                    return Err(refuse(Problem::new(ErrorCode::NoTransition, what)));
                }
                (old.ledger.clone(), Some(old))
            }
        };
        let definition = definition_of(catalog, &ledger)?;
        let fields = with_what_stays(&draft.fields, old.as_ref());
        let content = self.content_of(reader, catalog, definition, fields, old.as_ref())?;
        need(actor, content.owner.as_deref())?;
        if let Some(old) = &old
            && old.content.key != content.key
        {
            let what = format!("编号不能改：{} → {} (the key never changes)", old.content.key, content.key);
            return Err(refuse(Problem::invalid(what)));
        }
        if old.is_none()
            && let Some(same) = rows::find_key(reader, self.division, &ledger, &content.key)?
        {
            let what = match same.deleted {
                Some(_) => {
                    format!("编号“{}”的记录已删除，请先恢复 (the key is a deleted record's, restore it)", content.key)
                }
                None => format!("编号“{}”已有 (the key is taken)", content.key),
            };
            return Err(refuse(Problem::invalid(what)));
        }
        let record = Record {
            id: old.as_ref().map_or_else(|| self.ids.next(now), |old| old.id),
            ledger,
            revision: old.as_ref().map_or(0, |old| old.revision),
            updated_at: now,
            updated_by: actor.name.clone(),
            deleted: None,
            content,
        };
        self.refuse_when_not_unique(reader, definition, &record)?;
        self.save(transaction, actor, catalog, record, reason, now)
    }

    pub(super) fn save(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        catalog: &Catalog,
        record: Record,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record, StoreError> {
        let definition = definition_of(catalog, &record.ledger)?;
        let text = search::text_of(&record.content, definition);
        let revision = record.revision + 1;
        rows::save(
            transaction,
            self.division,
            &Written {
                id: record.id,
                ledger: &record.ledger,
                revision,
                content: &record.content,
                deleted: record.deleted.as_deref(),
                at: now,
                actor: &actor.id.to_string(),
                actor_name: &actor.name,
                reason,
                pack_hash: None,
                fields: &search::fields_of(&record.content, definition),
                grams: &search::grams(&text),
                search: &text,
            },
        )?;
        Ok(Record { revision, updated_at: now, updated_by: actor.name.clone(), ..record })
    }

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
    fn refuse_when_linked(&self, reader: &dyn Reader, catalog: &Catalog, record: &Record) -> Result<(), StoreError> {
        let users = link_rows::linking(reader, self.division, catalog, record)?;
        if users.is_empty() {
            return Ok(());
        }
        let what = format!("还有记录指向它：{} (records still link to it)", users.join("、"));
        Err(refuse(Problem::new(ErrorCode::NoTransition, what)))
    }

    /// Exchanges points and bindings where the ledger holds such, and tells those who draw zones or read dust days.
    pub(super) fn points_or_zones_changed(&self, catalog: &Catalog, ledger: &str) -> Result<(), Problem> {
        self.places.was_written(ledger);
        let definition = catalog.ledger(ledger);
        if ledger == BINDINGS || definition.is_some_and(|definition| definition.observed.is_some()) {
            return self.rebuild();
        }
        let drawn =
            definition.is_some_and(|definition| matches!(definition.geometry, Geometry::Line | Geometry::Polygon));
        if drawn || ledger == DUST_DAYS {
            self.changed.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    /// Points may have changed, and somebody may be looking.
    fn after(&self, record: &Record, now: Timestamp) -> Result<(), Problem> {
        self.points_or_zones_changed(&self.catalog(), &record.ledger)?;
        self.live.send(LiveEvent {
            kind: "record",
            at: now,
            action: Action::ReadMonitoring,
            owner: record.content.owner.clone(),
            data: serde_json::json!({ "id": record.id, "ledger": record.ledger, "revision": record.revision }),
        });
        Ok(())
    }
}

/// A refusal of one of many drafts says which.
pub(super) fn of_key(key: &str, error: StoreError) -> StoreError {
    match error {
        StoreError::Problem(problem) => {
            let detail = format!("{key}：{}", problem.detail);
            StoreError::Problem(Problem { detail, ..problem })
        }
        other => other,
    }
}

/// The register while nobody changes its definitions.
pub struct OpenRegister<'r> {
    register: &'r Register,
    _held: std::sync::RwLockReadGuard<'r, ()>,
    catalog: std::sync::Arc<Catalog>,
}

impl OpenRegister<'_> {
    /// Writes a new record for a step of something else (a case), in its transaction. Whoever may do the step may write
    /// this one record; the revision is theirs.
    ///
    /// # Errors
    /// When the record is refused.
    pub fn write(
        &self,
        transaction: &dyn Transaction,
        actor: &Actor,
        ledger: &str,
        fields: &Map<String, Value>,
        reason: &str,
        now: Timestamp,
    ) -> Result<Record, StoreError> {
        let author = Actor { roles: vec![kernel::Role::MonitoringEngineer], body: None, ..actor.clone() };
        let draft = Draft { fields: fields.clone(), reason: reason.to_owned(), revision: None };
        let target = Target::New { ledger };
        let record = self.register.write_in(transaction, &author, &self.catalog, target, &draft, reason, now)?;
        event_log::append(transaction, self.register.division, now, &[event_of(actor, &record, reason)])?;
        Ok(record)
    }

    /// After the transaction: points may have changed, and somebody may be looking.
    ///
    /// # Errors
    /// When the points cannot be read again.
    pub fn announce(&self, record: Id, now: Timestamp) -> Result<(), Problem> {
        let found = self.register.store.read(|reader| rows::find(reader, self.register.division, record))?;
        found.map_or(Ok(()), |record| self.register.after(&record, now))
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

pub(crate) fn definition_of<'c>(catalog: &'c Catalog, ledger: &str) -> Result<&'c LedgerDefinition, Problem> {
    catalog.ledger(ledger).ok_or_else(|| Problem::not_found(format!("没有台账“{ledger}” (no such ledger)")))
}

pub(super) fn need(actor: &Actor, owner: Option<&str>) -> Result<(), Problem> {
    if actor.may(Action::EditRegisters, owner) {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::NotAllowed, "无权修改台账 (ledgers may not be edited)"))
}

/// A revision says why; a new record may leave it out.
pub(super) fn reason_of(reason: &str, optional: bool) -> Result<String, Problem> {
    let reason = reason.trim();
    if reason.is_empty() && !optional {
        return Err(Problem::invalid("请写明原因 (say why)"));
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(Problem::invalid(format!("原因最多 {LONGEST_REASON} 字 (the reason is too long)")));
    }
    Ok(if reason.is_empty() { "新建".to_owned() } else { reason.to_owned() })
}

fn event_of(actor: &Actor, record: &Record, reason: &str) -> EventDraft {
    EventDraft {
        kind: if record.deleted.is_some() { "register.record_deleted" } else { "register.record_written" },
        actor: actor.id.to_string(),
        subject: record.id.to_string(),
        payload: serde_json::json!({
            "ledger": record.ledger, "key": record.content.key, "revision": record.revision, "reason": reason,
        }),
    }
}

impl Register {
    /// Adopts a device: binds it to a point from a moment on. The point is given by its id.
    pub fn bind_device(
        &self,
        actor: &Actor,
        (mn, st): (&str, &str),
        point: i64,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Record, Problem> {
        use kernel::PointSource as _;
        let points = self.points();
        let point = points.get(point).ok_or_else(|| Problem::not_found(format!("没有点位 {point} (no such point)")))?;
        if !actor.may(Action::AdoptDevices, point.owner.as_deref()) {
            return Err(Problem::new(ErrorCode::NotAllowed, "无权绑定设备 (devices may not be adopted)"));
        }
        let mut fields = Map::new();
        let key = format!("{mn}-{st}-{}", from.day().to_iso());
        for (field, value) in [
            ("number", key),
            ("mn", mn.to_owned()),
            ("st", st.to_owned()),
            ("point", format!("{}:{}", point.ledger, point.key)),
            ("from", from.to_iso()),
            ("source", format!("隔离区收编，{}", actor.name)),
        ] {
            fields.insert(field.to_owned(), Value::String(value));
        }
        if point.simulated {
            fields.insert("simulated".to_owned(), Value::Bool(true));
        }
        let draft = Draft { fields, reason: "收编未知设备".to_owned(), revision: None };
        // Whoever may adopt may write this one record.
        let author = Actor { name: actor.name.clone(), ..Actor::system(&actor.name) };
        self.write(&author, Target::New { ledger: BINDINGS }, &draft, now)
    }
}
