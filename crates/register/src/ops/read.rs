//! Reading records: who may see which rows and which fields is decided here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kernel::{Action, Actor, Id, Name, Problem, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::Register;
use super::write::definition_of;
use crate::definition::LedgerDefinition;
use crate::link_rows;
use crate::list_rows::{self, Wanted};
use crate::model::Township;
use crate::record::{Content, Record};
use crate::rows;
use crate::search;

/// What a list asks for; `filters` are field → value.
#[derive(Clone, Debug, Default)]
pub struct Question {
    pub ledger: String,
    pub filters: BTreeMap<String, String>,
    pub text: String,
    pub deleted: bool,
    pub page: i64,
    pub page_size: i64,
}

/// A page of records.
#[derive(Clone, Debug)]
pub struct Listed {
    pub records: Vec<Record>,
    /// How many there are; when there are `more`, at least so many.
    pub total: i64,
    pub more: bool,
    pub page: i64,
    pub page_size: i64,
}

/// One field that differs between two revisions.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Change {
    pub field: String,
    pub label: Name,
    pub before: Value,
    pub after: Value,
}

/// A revision in a list, with what it changed.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct ListedRevision {
    pub revision: i64,
    pub at: Timestamp,
    pub by: String,
    pub reason: String,
    pub deleted: Option<String>,
    pub changes: Vec<Change>,
}

/// A record on the map with its line or area.
#[derive(Clone, Debug)]
pub struct DrawnRecord {
    pub key: String,
    pub title: Name,
    pub shape: geometry::Shape,
    pub valid_from: Option<kernel::Day>,
    /// Exclusive: the field `until`.
    pub valid_until: Option<kernel::Day>,
    pub schematic: bool,
}

/// Largest page and most revisions of one answer.
pub const LARGEST_PAGE: i64 = 500;
pub const MOST_REVISIONS: i64 = 200;
/// Most records of one export.
pub const MOST_EXPORTED: i64 = 100_000;

impl Register {
    /// Living records of each ledger that the actor may see.
    pub fn counts(&self, actor: &Actor) -> Result<BTreeMap<String, i64>, Problem> {
        let scope = self.reading_scope(actor)?;
        Ok(self.store.read(|reader| rows::counts(reader, self.division, scope.as_deref()))?.into_iter().collect())
    }

    pub fn list(&self, actor: &Actor, question: &Question) -> Result<Listed, Problem> {
        let page_size = question.page_size.clamp(1, LARGEST_PAGE);
        self.list_up_to(actor, question, page_size)
    }

    /// All records that a question finds, up to [`MOST_EXPORTED`].
    pub fn export(&self, actor: &Actor, question: &Question) -> Result<Vec<Record>, Problem> {
        let question = Question { page: 1, ..question.clone() };
        let listed = self.list_up_to(actor, &question, MOST_EXPORTED)?;
        if listed.more {
            let what = format!("超过 {MOST_EXPORTED} 条，一次导出不完，请加筛选 (too many, add filters)");
            return Err(Problem::new(kernel::ErrorCode::TooLarge, what));
        }
        Ok(listed.records)
    }

    fn list_up_to(&self, actor: &Actor, question: &Question, page_size: i64) -> Result<Listed, Problem> {
        let catalog = self.catalog();
        let definition = definition_of(&catalog, &question.ledger)?;
        let page = question.page.max(1);
        let wanted = Wanted {
            limit: page_size,
            offset: (page - 1).saturating_mul(page_size),
            ..self.wanted(actor, definition, question)?
        };
        let found = self.store.read(|reader| list_rows::list(reader, self.division, &wanted))?;
        let records = found.records.into_iter().map(|record| self.seen_by(actor, definition, record)).collect();
        Ok(Listed { records, total: found.total, more: found.more, page, page_size })
    }

    /// What a question asks of the list of a ledger; no page yet.
    pub(super) fn wanted(
        &self,
        actor: &Actor,
        definition: &LedgerDefinition,
        question: &Question,
    ) -> Result<Wanted, Problem> {
        for field in question.filters.keys() {
            let marks = ["simulated", "schematic", "tags"];
            let sensitive = definition.field(field).is_some_and(|field| field.sensitive);
            if !(definition.filters.contains(field) || marks.contains(&field.as_str())) || sensitive {
                let known = definition.filters.join(", ");
                return Err(Problem::invalid(format!("不能按“{field}”筛选，可用：{known} (not a filter)")));
            }
        }
        Ok(Wanted {
            ledger: question.ledger.clone(),
            owner: self.reading_scope(actor)?,
            filters: question.filters.iter().map(|(field, value)| (field.clone(), value.clone())).collect(),
            text: Some(search::folded(question.text.trim())).filter(|text| !text.is_empty()),
            deleted: question.deleted,
            count_to: list_rows::MOST_COUNTED,
            ..Wanted::default()
        })
    }

    /// A record with what the actor may see of it.
    pub fn record(&self, actor: &Actor, id: Id) -> Result<Record, Problem> {
        let record = self.readable(actor, id)?;
        let catalog = self.catalog();
        let definition = definition_of(&catalog, &record.ledger)?;
        Ok(self.seen_by(actor, definition, record))
    }

    pub fn record_by_key(&self, actor: &Actor, ledger: &str, key: &str) -> Result<Record, Problem> {
        let found = self.store.read(|reader| rows::find_key(reader, self.division, ledger, key))?;
        let record = found.ok_or_else(|| Problem::not_found(format!("没有记录 {ledger}:{key} (no such record)")))?;
        self.record(actor, record.id)
    }

    /// The record as it was at a moment.
    pub fn as_of(&self, actor: &Actor, id: Id, at: Timestamp) -> Result<Record, Problem> {
        Ok(self.as_of_with_definition(actor, id, at)?.0)
    }

    /// With what its ledger was made of then.
    pub fn as_of_with_definition(
        &self,
        actor: &Actor,
        id: Id,
        at: Timestamp,
    ) -> Result<(Record, Arc<LedgerDefinition>), Problem> {
        let now = self.readable(actor, id)?;
        let catalog = self.catalog();
        let present = Arc::new(definition_of(&catalog, &now.ledger)?.clone());
        let then = self
            .store
            .read(|reader| rows::revision_at(reader, self.division, id, at))?
            .ok_or_else(|| Problem::not_found("那时还没有这条记录 (it did not exist then)"))?;
        let definition = self.definitions_of(&now.ledger)?.at(then.at, &present);
        let record = Record {
            revision: then.revision,
            updated_at: then.at,
            updated_by: then.actor,
            deleted: then.deleted,
            content: then.content,
            ..now
        };
        Ok((self.seen_as_of(actor, record, &definition, &present), definition))
    }

    /// What is sensitive now was perhaps not then, and the other way round: whichever is stricter counts.
    fn seen_as_of(&self, actor: &Actor, record: Record, then: &LedgerDefinition, present: &LedgerDefinition) -> Record {
        if may_see_sensitive(actor, record.content.owner.as_deref()) {
            return record;
        }
        let hidden = |id: &str| present.field(id).is_some_and(|field| field.sensitive);
        record.redacted(then, |field| !field.sensitive && !hidden(&field.id))
    }

    /// Revisions, newest first, each with what it changed.
    pub fn revisions(&self, actor: &Actor, id: Id) -> Result<Vec<ListedRevision>, Problem> {
        let now = self.readable(actor, id)?;
        let catalog = self.catalog();
        let present = Arc::new(definition_of(&catalog, &now.ledger)?.clone());
        let mut past = self.definitions_of(&now.ledger)?;
        let revisions = self.store.read(|reader| rows::revisions(reader, self.division, id, MOST_REVISIONS))?;
        let sensitive = may_see_sensitive(actor, now.content.owner.as_deref());
        let listed = revisions.iter().enumerate().map(|(place, revision)| ListedRevision {
            revision: revision.revision,
            at: revision.at,
            by: revision.actor.clone(),
            reason: revision.reason.clone(),
            deleted: revision.deleted.clone(),
            changes: match revisions.get(place + 1) {
                Some(before) => {
                    let known = with_former(&past.at(revision.at, &present), &past.at(before.at, &present), &present);
                    changes(&known, &before.content, &revision.content, sensitive)
                }
                None => Vec::new(),
            },
        });
        Ok(listed.collect())
    }

    /// What a newer county pack wants to say of a record that a person has edited.
    pub fn offered(&self, actor: &Actor, id: Id) -> Result<Vec<Change>, Problem> {
        let now = self.readable(actor, id)?;
        let catalog = self.catalog();
        let definition = definition_of(&catalog, &now.ledger)?;
        let sensitive = may_see_sensitive(actor, now.content.owner.as_deref());
        let offer = self.store.read(|reader| rows::offered(reader, self.division, id))?;
        Ok(offer.map(|offer| changes(definition, &now.content, &offer, sensitive)).unwrap_or_default())
    }

    /// Living records of a ledger with a geometry, and how many have none. For the server, which hands them to
    /// those who check sites; not cut down to what somebody may see.
    pub fn drawn(&self, ledger: &str, filter: &BTreeMap<String, String>) -> Result<(Vec<DrawnRecord>, usize), Problem> {
        let records = self.store.read(|reader| rows::all_of(reader, self.division, ledger))?;
        let wanted = records
            .into_iter()
            .filter(|record| filter.iter().all(|(field, value)| record.content.text(field) == Some(value.as_str())));
        let (mut drawn, mut without) = (Vec::new(), 0);
        for record in wanted {
            let content = record.content;
            let Some(geometry) = &content.geometry else {
                without += 1;
                continue;
            };
            // One of before that is refused today is none, and the layer that lacks it says so.
            let shape = match geometry::Shape::from_geojson(geometry, geometry::Extent::WORLD) {
                Ok(shape) => shape,
                Err(error) => {
                    tracing::warn!(record = format!("{ledger}:{}", content.key), %error, "图形不合法，没有用 (not used)");
                    without += 1;
                    continue;
                }
            };
            let date = |text: Option<&str>| text.and_then(kernel::Day::parse);
            drawn.push(DrawnRecord {
                shape,
                valid_from: date(content.valid_from.as_deref()),
                // `valid_until`: what such ledgers called it before.
                valid_until: date(content.text("until").or_else(|| content.text("valid_until"))),
                schematic: content.schematic || content.simulated,
                key: content.key,
                title: content.title,
            });
        }
        Ok((drawn, without))
    }

    /// Living records of a ledger. For the server, which hands them to mechanisms; not cut down to what somebody may see.
    pub fn living(&self, ledger: &str) -> Result<Vec<Record>, Problem> {
        Ok(self.store.read(|reader| rows::all_of(reader, self.division, ledger))?)
    }

    /// Living records of all ledgers that link to a record and that the actor may see, by ledger and key; and whether
    /// there are more than one answer holds.
    pub fn linked_to(&self, actor: &Actor, ledger: &str, key: &str) -> Result<(Vec<Record>, bool), Problem> {
        let owner = self.reading_scope(actor)?;
        let catalog = self.catalog();
        let (found, more) =
            self.store.read(|reader| link_rows::all_linking(reader, self.division, &catalog, ledger, key))?;
        let mut seen = Vec::with_capacity(found.len());
        for record in found.into_iter().filter(|record| owner.is_none() || record.content.owner == owner) {
            let definition = definition_of(&catalog, &record.ledger)?;
            seen.push(self.seen_by(actor, definition, record));
        }
        Ok((seen, more))
    }

    /// Records that linked to a record at a moment, as they stood then, of those that the actor may see now; and whether
    /// there are more than one answer holds.
    pub fn linked_at(
        &self,
        actor: &Actor,
        (ledger, key): (&str, &str),
        at: Timestamp,
    ) -> Result<(Vec<Record>, bool), Problem> {
        let owner = self.reading_scope(actor)?;
        let catalog = self.catalog();
        let (found, more) =
            self.store.read(|reader| link_rows::linking_at(reader, self.division, &catalog, (ledger, key), at))?;
        let mut seen = Vec::with_capacity(found.len());
        for then in found.into_iter().filter(|then| owner.is_none() || then.owner_now == owner) {
            let record = then.record;
            let present = Arc::new(definition_of(&catalog, &record.ledger)?.clone());
            let then = self.definitions_of(&record.ledger)?.at(record.updated_at, &present);
            seen.push(self.seen_as_of(actor, record, &then, &present));
        }
        Ok((seen, more))
    }

    /// Townships and streets of the county.
    pub fn townships(&self) -> Result<Vec<Township>, Problem> {
        let bodies = self.store.read(|reader| rows::all_of(reader, self.division, "body"))?;
        let townships = bodies.into_iter().filter(|body| body.content.text("kind").is_some_and(is_township));
        let mut townships: Vec<Township> = townships
            .map(|body| Township {
                code: body.content.text("code").map(str::to_owned),
                lon: body.content.location.as_ref().map(|place| place.lon),
                lat: body.content.location.as_ref().map(|place| place.lat),
                name: body.content.title,
                key: body.content.key,
            })
            .collect();
        townships.sort_by(|left, right| left.code.cmp(&right.code));
        Ok(townships)
    }

    /// Living records of a ledger as they stood just before a moment.
    pub(crate) fn contents_at(
        &self,
        ledger: &str,
        at: Timestamp,
    ) -> Result<Vec<(Id, crate::record::Content)>, Problem> {
        let mut found = self.store.read(|reader| rows::contents_at(reader, self.division, ledger, at))?;
        found.sort_by_key(|(id, _)| *id);
        Ok(found)
    }

    /// When the first record of a ledger was written.
    pub(crate) fn first_written(&self, ledger: &str) -> Result<Option<Timestamp>, Problem> {
        Ok(self.store.read(|reader| rows::first_written(reader, self.division, ledger))?)
    }

    /// Owner of a living record: `None` when there is no such record.
    pub(crate) fn owner_of(&self, ledger: &str, key: &str) -> Result<Option<Option<String>>, Problem> {
        let found = self.store.read(|reader| rows::find_key(reader, self.division, ledger, key))?;
        Ok(found.filter(|record| record.deleted.is_none()).map(|record| record.content.owner))
    }

    /// A record by its key, deleted or not.
    pub(crate) fn any_by_key(&self, ledger: &str, key: &str) -> Result<Option<Record>, Problem> {
        Ok(self.store.read(|reader| rows::find_key(reader, self.division, ledger, key))?)
    }

    /// Id and title of a record, deleted or not.
    pub(crate) fn title_of(&self, ledger: &str, key: &str) -> Result<Option<(Id, Name)>, Problem> {
        let found = self.store.read(|reader| rows::find_key(reader, self.division, ledger, key))?;
        Ok(found.map(|record| (record.id, record.content.title)))
    }

    /// Key of a living record with that value in a unique field.
    pub(crate) fn key_with_value(&self, ledger: &str, field: &str, value: &str) -> Result<Option<String>, Problem> {
        Ok(self.store.read(|reader| rows::with_field(reader, self.division, ledger, field, value, Id(0)))?)
    }

    /// Title → key of the living records of a ledger; a title that two records have leads nowhere.
    pub(crate) fn titles_of(&self, ledger: &str) -> Result<HashMap<String, String>, Problem> {
        let records = self.store.read(|reader| rows::all_of(reader, self.division, ledger))?;
        let mut titles: HashMap<String, Option<String>> = HashMap::new();
        for record in records {
            let key = record.content.key;
            titles.entry(record.content.title.zh).and_modify(|known| *known = None).or_insert(Some(key));
        }
        Ok(titles.into_iter().filter_map(|(title, key)| Some((title, key?))).collect())
    }

    /// The record itself, if the actor may see its row.
    fn readable(&self, actor: &Actor, id: Id) -> Result<Record, Problem> {
        let owner = self.reading_scope(actor)?;
        self.store
            .read(|reader| rows::find(reader, self.division, id))?
            // A record that one may not see does not exist for one.
            .filter(|record| owner.is_none() || record.content.owner == owner)
            .ok_or_else(|| Problem::not_found(format!("没有记录 {id} (no such record)")))
    }

    fn seen_by(&self, actor: &Actor, definition: &LedgerDefinition, record: Record) -> Record {
        if may_see_sensitive(actor, record.content.owner.as_deref()) {
            return record;
        }
        record.redacted(definition, |field| !field.sensitive)
    }
}

/// A definition with the fields that an earlier one had beside its own. What is sensitive at any time, now included, is.
fn with_former(then: &LedgerDefinition, before: &LedgerDefinition, now: &LedgerDefinition) -> LedgerDefinition {
    let mut known = then.clone();
    let former = before.fields.iter().filter(|field| then.field(&field.id).is_none());
    known.fields.extend(former.cloned());
    for field in &mut known.fields {
        let hidden = |one: &LedgerDefinition| one.field(&field.id).is_some_and(|field| field.sensitive);
        field.sensitive = hidden(then) || hidden(before) || hidden(now);
    }
    known
}

/// Sensitive fields are for those who may edit the record.
fn may_see_sensitive(actor: &Actor, owner: Option<&str>) -> bool {
    actor.may(Action::EditRegisters, owner)
}

pub fn is_township(kind: &str) -> bool {
    matches!(kind, "street" | "town" | "township")
}

/// Fields that differ, in the order of the definition, then the rest of the content.
pub fn changes(definition: &LedgerDefinition, before: &Content, after: &Content, sensitive: bool) -> Vec<Change> {
    let mut found = Vec::new();
    for field in definition.fields.iter().filter(|field| sensitive || !field.sensitive) {
        let (old, new) = (before.values.get(&field.id), after.values.get(&field.id));
        if old != new {
            found.push(Change {
                field: field.id.clone(),
                label: field.label.clone(),
                before: old.cloned().unwrap_or_default(),
                after: new.cloned().unwrap_or_default(),
            });
        }
    }
    let json = |content: &Content| serde_json::to_value(content).unwrap_or_default();
    let (old, new) = (json(before), json(after));
    for (field, zh, en) in [
        ("location", "位置", "location"),
        ("location_note", "位置说明", "note on the location"),
        ("source", "出处", "source"),
        ("note", "备注", "note"),
        ("simulated", "模拟", "simulated"),
        ("schematic", "示意", "schematic"),
        ("valid_from", "生效日期", "valid from"),
        ("tags", "标签", "tags"),
    ] {
        if old[field] != new[field] {
            found.push(Change {
                field: field.to_owned(),
                label: Name::new(zh, en),
                before: old[field].clone(),
                after: new[field].clone(),
            });
        }
    }
    if before.geometry != after.geometry {
        found.push(Change {
            field: "geometry".to_owned(),
            label: Name::new("图形", "geometry"),
            before: outline(before.geometry.as_ref()),
            after: outline(after.geometry.as_ref()),
        });
    }
    found
}

/// A geometry in one line: kind, corners, area or length.
pub fn outline(geometry: Option<&Value>) -> Value {
    let shape = geometry.and_then(|value| geometry::Shape::from_geojson(value, geometry::Extent::WORLD).ok());
    let Some(shape) = shape else { return Value::Null };
    let size = match shape.kind() {
        "polygon" => format!(", {:.1} m²", shape.area()),
        "line" => format!(", {:.1} m", shape.length()),
        _ => String::new(),
    };
    Value::String(format!("{} ({} vertices{size})", shape.kind(), shape.vertices()))
}
