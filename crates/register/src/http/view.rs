//! What the API shows of ledgers and records.

use std::collections::{BTreeMap, HashMap};

use kernel::{Action, Actor, Id, Name, Problem, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::definition::{Field, FieldType, Geometry, LedgerDefinition};
use crate::derived::DerivedValue;
use crate::format::Format;
use crate::location::Location;
use crate::ops::{Question, Register};
use crate::record::Record;

/// A ledger in the list of all.
#[derive(Serialize, schemars::JsonSchema)]
pub struct LedgerSummary {
    pub id: String,
    pub name: Name,
    pub help: Option<Name>,
    /// Group in the menu, such as `water`, and its name in the code list `ledger_group`.
    pub group: String,
    pub group_name: Name,
    /// `none`, `point`, `line` or `polygon`.
    pub geometry: &'static str,
    pub public: bool,
    /// Its records are points that are observed.
    pub observed: bool,
    /// Living records that the caller may see.
    pub records: i64,
}

/// A field as a form, a table or a template needs it.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct FieldView {
    pub id: String,
    pub label: Name,
    pub help: Option<Name>,
    /// `text`, `integer`, `decimal`, `date`, `datetime`, `bool`, `code`, `link`, `location`, `list` or `table`.
    pub r#type: &'static str,
    /// Of a list: the type of its entries.
    pub items: Option<&'static str>,
    pub unit: Option<String>,
    pub required: bool,
    pub unique: bool,
    pub public: bool,
    pub sensitive: bool,
    pub filter: bool,
    pub codes: Option<String>,
    pub ledgers: Vec<String>,
    pub columns: Vec<FieldView>,
    pub min: Option<String>,
    pub max: Option<String>,
    pub max_length: usize,
    /// Such as `uscc`; what a text must look like.
    pub format: Option<String>,
    /// 停用: asked for no more.
    pub retired: bool,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct CodeView {
    pub code: String,
    pub name: Name,
    pub colour: Option<String>,
    /// Neither offered nor taken anew.
    pub retired: bool,
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct DutyView {
    pub id: String,
    pub name: Name,
    pub date: String,
    pub before_days: Option<u32>,
    pub within_working_days: Option<u32>,
    pub every_months: Option<u32>,
}

#[derive(Serialize, schemars::JsonSchema)]
pub struct ColourView {
    /// CEL.
    pub when: String,
    pub colour: String,
    pub name: Name,
}

/// What a page must know to show the records of a ledger: its fields with the code lists that they use.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct LedgerForm {
    pub key: String,
    pub title: String,
    pub fields: Vec<FieldView>,
    pub code_lists: BTreeMap<String, Vec<CodeView>>,
}

/// A ledger's definition.
#[derive(Serialize, schemars::JsonSchema)]
pub struct LedgerView {
    #[serde(flatten)]
    pub summary: LedgerSummary,
    #[serde(flatten)]
    pub form: LedgerForm,
    pub version: u32,
    pub filters: Vec<String>,
    pub duties: Vec<DutyView>,
    pub colours: Vec<ColourView>,
    /// Numbers that the plan states without all names.
    pub stated: Vec<StatedView>,
    /// The caller may write here.
    pub editable: bool,
}

/// A record. `fields` hold the JSON forms of the field types.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct RecordView {
    pub id: Id,
    pub ledger: String,
    pub key: String,
    pub title: Name,
    pub fields: Map<String, Value>,
    pub location: Option<Location>,
    pub location_note: String,
    /// There is a line or an area.
    pub has_geometry: bool,
    /// GeoJSON; only in the answer for one record.
    pub geometry: Option<Value>,
    pub shape: Option<ShapeView>,
    pub tags: Vec<String>,
    pub source: String,
    pub note: String,
    pub simulated: bool,
    pub schematic: bool,
    pub valid_from: Option<String>,
    pub owner: Option<String>,
    pub revision: i64,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// Reason of its deletion.
    pub deleted: Option<String>,
    /// The caller may write it.
    pub editable: bool,
    /// State by the ledger's colour rules.
    pub state: Option<StateView>,
    /// Computed from the fields, not stored.
    pub derived: Vec<DerivedValue>,
    /// Field → the records that it links to.
    pub links: BTreeMap<String, Vec<LinkedView>>,
    /// Of a record as it was: the fields that its ledger then had otherwise, or has no more.
    pub former: Vec<FieldView>,
}

/// What a geometry measures on the ellipsoid.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct ShapeView {
    /// `line` or `polygon`.
    pub kind: &'static str,
    pub vertices: usize,
    pub area_m2: f64,
    pub length_m: f64,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct StateView {
    pub colour: String,
    pub name: Name,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct LinkedView {
    pub id: Id,
    pub ledger: String,
    pub key: String,
    pub title: Name,
}

/// Something of which the plan states a number only.
#[derive(Serialize, schemars::JsonSchema)]
pub struct StatedView {
    pub name: Name,
    pub stated_count: String,
    pub unit: String,
    /// How many the plan names.
    pub named: i64,
    pub missing: String,
    pub source: String,
}

pub fn geometry_name(geometry: Geometry) -> &'static str {
    match geometry {
        Geometry::None => "none",
        Geometry::Point => "point",
        Geometry::Line => "line",
        Geometry::Polygon => "polygon",
    }
}

pub fn ledger_summary(catalog: &Catalog, ledger: &LedgerDefinition, counts: &BTreeMap<String, i64>) -> LedgerSummary {
    let group = catalog.code_list("ledger_group").and_then(|list| list.find(&ledger.group));
    LedgerSummary {
        group_name: group.map_or_else(|| Name::new(&ledger.group, &ledger.group), |group| group.name.clone()),
        id: ledger.id.clone(),
        name: ledger.name.clone(),
        help: ledger.help.clone(),
        group: ledger.group.clone(),
        geometry: geometry_name(ledger.geometry),
        public: ledger.public,
        observed: ledger.observed.is_some(),
        records: counts.get(&ledger.id).copied().unwrap_or(0),
    }
}

fn field_view(field: &Field, filters: &[String]) -> FieldView {
    let (mut codes, mut ledgers, mut columns, mut items) = (None, Vec::new(), Vec::new(), None);
    let mut kind = &field.kind;
    if let FieldType::List(inner) = kind {
        items = Some(inner.name());
        kind = inner;
    }
    match kind {
        FieldType::Code(list) => codes = Some(list.clone()),
        FieldType::Link(known) => ledgers.clone_from(known),
        FieldType::Table(fields) => columns = fields.iter().map(|column| field_view(column, &[])).collect(),
        _ => {}
    }
    FieldView {
        id: field.id.clone(),
        label: field.label.clone(),
        help: field.help.clone(),
        r#type: field.kind.name(),
        items,
        unit: field.unit.clone(),
        required: field.required,
        unique: field.unique,
        public: field.public,
        sensitive: field.sensitive,
        filter: filters.contains(&field.id),
        codes,
        ledgers,
        columns,
        min: field.min.map(|number| number.to_string()),
        max: field.max.map(|number| number.to_string()),
        max_length: field.max_length,
        format: field.format.and_then(|format| {
            Format::ALL.iter().find(|(_, known)| *known == format).map(|(name, _)| (*name).to_owned())
        }),
        retired: field.retired,
    }
}

fn lists_of(fields: &[Field], found: &mut Vec<String>) {
    for field in fields {
        let mut kind = &field.kind;
        if let FieldType::List(inner) = kind {
            kind = inner;
        }
        match kind {
            FieldType::Code(list) => found.push(list.clone()),
            FieldType::Table(columns) => lists_of(columns, found),
            _ => {}
        }
    }
}

pub fn ledger_form(catalog: &Catalog, ledger: &LedgerDefinition) -> LedgerForm {
    let mut lists = Vec::new();
    lists_of(&ledger.fields, &mut lists);
    let code_lists = lists.into_iter().filter_map(|list| {
        let codes = catalog.code_list(&list)?.codes.iter();
        let codes = codes.map(|code| CodeView {
            code: code.code.clone(),
            name: code.name.clone(),
            colour: code.colour.clone(),
            retired: code.retired,
        });
        Some((list, codes.collect()))
    });
    LedgerForm {
        key: ledger.key.clone(),
        title: ledger.title.clone(),
        fields: ledger.fields.iter().map(|field| field_view(field, &ledger.filters)).collect(),
        code_lists: code_lists.collect(),
    }
}

pub fn ledger(register: &Register, actor: &Actor, id: &str) -> Result<LedgerView, Problem> {
    let catalog = register.catalog();
    let ledger = catalog.ledger(id).ok_or_else(|| Problem::not_found(format!("没有台账“{id}” (no such ledger)")))?;
    let counts = register.counts(actor)?;
    Ok(LedgerView {
        summary: ledger_summary(&catalog, ledger, &counts),
        form: ledger_form(&catalog, ledger),
        version: ledger.version,
        filters: ledger.filters.clone(),
        duties: ledger
            .duties
            .iter()
            .map(|duty| DutyView {
                id: duty.id.clone(),
                name: duty.name.clone(),
                date: duty.date.clone(),
                before_days: duty.before_days,
                within_working_days: duty.within_working_days,
                every_months: duty.every_months,
            })
            .collect(),
        colours: ledger
            .colours
            .iter()
            .map(|rule| ColourView { when: rule.when.clone(), colour: rule.colour.clone(), name: rule.name.clone() })
            .collect(),
        stated: stated(register, actor, id)?,
        editable: actor.may_somewhere(Action::EditRegisters),
    })
}

/// Records of the ledger `stated_count` that speak of this one.
fn stated(register: &Register, actor: &Actor, ledger: &str) -> Result<Vec<StatedView>, Problem> {
    const LEDGER: &str = "stated_count";
    if register.catalog().ledger(LEDGER).is_none() {
        return Ok(Vec::new());
    }
    let filters = [("of_ledger".to_owned(), ledger.to_owned())].into();
    let question = Question { ledger: LEDGER.to_owned(), filters, page: 1, page_size: 100, ..Question::default() };
    let records = register.list(actor, &question)?.records;
    let text = |record: &Record, field: &str| record.content.text(field).unwrap_or_default().to_owned();
    Ok(records
        .into_iter()
        .map(|record| StatedView {
            stated_count: text(&record, "stated_count"),
            unit: text(&record, "unit"),
            named: record.content.integer("named").unwrap_or(0),
            missing: text(&record, "missing"),
            source: record.content.source.clone(),
            name: record.content.title,
        })
        .collect())
}

/// Titles of linked records, each looked up once for an answer.
#[derive(Default)]
struct Linked(HashMap<(String, String), Option<LinkedView>>);

impl Linked {
    fn of(&mut self, register: &Register, field: &Field, value: &Value) -> Result<Vec<LinkedView>, Problem> {
        let (ledgers, values) = match (&field.kind, value) {
            (FieldType::Link(ledgers), Value::String(link)) => (ledgers, vec![link.as_str()]),
            (FieldType::List(items), Value::Array(links)) => match &**items {
                FieldType::Link(ledgers) => (ledgers, links.iter().filter_map(Value::as_str).collect()),
                _ => return Ok(Vec::new()),
            },
            _ => return Ok(Vec::new()),
        };
        let mut found = Vec::new();
        for value in values {
            let name = match (ledgers.as_slice(), value.split_once(':')) {
                ([only], _) => (only.clone(), value.to_owned()),
                (_, Some((ledger, key))) => (ledger.to_owned(), key.to_owned()),
                _ => continue,
            };
            if !self.0.contains_key(&name) {
                let linked = register.title_of(&name.0, &name.1)?;
                let view =
                    linked.map(|(id, title)| LinkedView { id, ledger: name.0.clone(), key: name.1.clone(), title });
                self.0.insert(name.clone(), view);
            }
            found.extend(self.0.get(&name).cloned().flatten());
        }
        Ok(found)
    }
}

/// Records for an answer; see [`record`].
pub fn records(register: &Register, actor: &Actor, records: Vec<Record>) -> Result<Vec<RecordView>, Problem> {
    let mut linked = Linked::default();
    records.into_iter().map(|record| view_of(register, actor, record, &mut linked, None)).collect()
}

/// `record` must already be what the actor may see; a record that was just written is cut down here.
pub fn record(register: &Register, actor: &Actor, record: Record) -> Result<RecordView, Problem> {
    record_under(register, actor, record, None)
}

/// The same, of a record as it was, under the definition of then. What the actor may not see of it must be gone.
pub fn record_under(
    register: &Register,
    actor: &Actor,
    record: Record,
    then: Option<&LedgerDefinition>,
) -> Result<RecordView, Problem> {
    let geometry = record.content.geometry.clone();
    let mut view = view_of(register, actor, record, &mut Linked::default(), then)?;
    let shape = geometry.as_ref().and_then(|value| geometry::Shape::from_geojson(value, geometry::Extent::WORLD).ok());
    view.shape = shape.map(|shape| ShapeView {
        kind: shape.kind(),
        vertices: shape.vertices(),
        area_m2: shape.area(),
        length_m: shape.length(),
    });
    view.geometry = geometry;
    Ok(view)
}

fn view_of(
    register: &Register,
    actor: &Actor,
    record: Record,
    linked: &mut Linked,
    then: Option<&LedgerDefinition>,
) -> Result<RecordView, Problem> {
    let editable = actor.may(Action::EditRegisters, record.content.owner.as_deref());
    let catalog = register.catalog();
    let definition = catalog.ledger(&record.ledger);
    let colours = register.colours();
    let today = kernel::time::now().day();
    let state = definition
        .and_then(|definition| colours.of(definition, &record.content, today))
        .map(|rule| StateView { colour: rule.colour.clone(), name: rule.name.clone() });
    let derived = definition
        .map(|definition| {
            register.derived().of(definition, &record.content, today, |field| editable || !field.sensitive)
        })
        .unwrap_or_default();
    let record = match definition {
        Some(definition) if !editable && then.is_none() => record.redacted(definition, |field| !field.sensitive),
        _ => record,
    };
    let mut links = BTreeMap::new();
    for field in definition.map(|definition| definition.fields.as_slice()).unwrap_or_default() {
        let Some(value) = record.content.values.get(&field.id) else { continue };
        let found = linked.of(register, field, value)?;
        if !found.is_empty() {
            links.insert(field.id.clone(), found);
        }
    }
    let otherwise = |field: &&Field| {
        let present = definition.and_then(|definition| definition.field(&field.id));
        present.is_none_or(|present| {
            (&present.kind, &present.unit, &present.label) != (&field.kind, &field.unit, &field.label)
        })
    };
    let former = then.into_iter().flat_map(|then| &then.fields).filter(otherwise);
    Ok(RecordView {
        former: former.filter(|field| editable || !field.sensitive).map(|field| field_view(field, &[])).collect(),
        editable,
        state,
        derived,
        links,
        id: record.id,
        ledger: record.ledger,
        key: record.content.key,
        title: record.content.title,
        fields: record.content.values,
        location: record.content.location,
        location_note: record.content.location_note,
        has_geometry: record.content.geometry.is_some(),
        geometry: None,
        shape: None,
        tags: record.content.tags,
        source: record.content.source,
        note: record.content.note,
        simulated: record.content.simulated,
        schematic: record.content.schematic,
        valid_from: record.content.valid_from,
        owner: record.content.owner,
        revision: record.revision,
        updated_at: record.updated_at,
        updated_by: record.updated_by,
        deleted: record.deleted,
    })
}
