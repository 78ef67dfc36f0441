//! What differs between two definitions, and what of the stored records each difference depends on. Pure.

use kernel::Name;
use serde_json::{Value, json};

use crate::definition::{Field, FieldType, Geometry, LedgerDefinition, Observed};

/// Asked of every record of a ledger, living or deleted.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// There is one.
    Exists,
    /// It has a place, a line or an area.
    HasPlace,
    HasNoPlace,
    /// It says something there. A path is a field, or `table.column`.
    Has(String),
    /// A living one says nothing there.
    Lacks(String),
    /// What it says there is not what this field takes.
    Misfits(String, Box<Field>),
    /// Another living record says the same there.
    Repeats(String),
    /// It has this code there.
    HasCode(String, String),
    /// Its stored title says what this field says.
    TitleSays(String),
}

/// What follows when a record answers the question with yes; without a question it follows in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    Fine,
    /// The administrator must have seen it.
    Accept,
    Refuse,
}

/// One difference between two definitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Such as `field.phone.public`; names the difference when it is accepted.
    pub path: String,
    pub what: Name,
    pub before: Value,
    pub after: Value,
    /// Whose records are asked.
    pub ledger: String,
    pub question: Option<Question>,
    pub hit: Hit,
    /// Why it is refused or to be accepted.
    pub why: Name,
}

pub(super) const BASE: (&str, &str) =
    ("内置或数据包的定义有它，程序按它办事", "the built-in or pack definition has it and the program counts on it");
const RECORDS: (&str, &str) = ("已有记录", "there are records");

/// Differences as they are found.
pub(super) struct Differences {
    pub ledger: String,
    pub list: Vec<Difference>,
}

impl Differences {
    pub fn add(
        &mut self,
        path: impl Into<String>,
        what: (String, String),
        values: (Value, Value),
        (question, hit): (Option<Question>, Hit),
        why: (&str, &str),
    ) {
        self.list.push(Difference {
            path: path.into(),
            what: Name { zh: what.0, en: what.1 },
            before: values.0,
            after: values.1,
            ledger: self.ledger.clone(),
            question,
            hit,
            why: Name::new(why.0, why.1),
        });
    }

    pub fn fine(&mut self, path: impl Into<String>, what: (String, String), values: (Value, Value)) {
        self.add(path, what, values, (None, Hit::Fine), ("", ""));
    }
}

const fn geometry_word(geometry: Geometry) -> &'static str {
    match geometry {
        Geometry::None => "none",
        Geometry::Point => "point",
        Geometry::Line => "line",
        Geometry::Polygon => "polygon",
    }
}

pub(super) fn of<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// From `old` (none: a new ledger) to `new` (none: it is taken away). `base` is what the release or the pack says.
pub fn compare_ledgers(
    old: Option<&LedgerDefinition>,
    new: Option<&LedgerDefinition>,
    base: Option<&LedgerDefinition>,
) -> Vec<Difference> {
    let id = new.or(old).map(|ledger| ledger.id.clone()).unwrap_or_default();
    let mut found = Differences { ledger: id, list: Vec::new() };
    match (old, new) {
        (None, None) => {}
        (None, Some(new)) => {
            let what = (format!("新台账“{}”", new.name.zh), format!("new ledger “{}”", new.name.en));
            found.fine("ledger", what, (Value::Null, json!(new.fields.len())));
            if new.public {
                let why = ("不登录也能读", "everybody may read it without signing in");
                let what = ("整个台账公开".to_owned(), "the ledger is public".to_owned());
                found.add("public", what, (Value::Null, json!(true)), (None, Hit::Accept), why);
            }
        }
        (Some(old), None) => {
            let what = (format!("去掉台账“{}”", old.name.zh), format!("the ledger “{}” is taken away", old.name.en));
            found.add("ledger", what, (of(&old.name), Value::Null), (Some(Question::Exists), Hit::Refuse), RECORDS);
        }
        (Some(old), Some(new)) => {
            head(old, new, base, &mut found);
            fields(&old.fields, &new.fields, base.map(|base| base.fields.as_slice()), "", &mut found);
            // A number that leaves no room above it would be the last.
            let far = new.version > old.version.saturating_add(1_000);
            if !found.list.is_empty() && (new.version <= old.version || far) {
                let why = ("每次修改定义，版本加一", "the version rises by one with every change");
                let what = ("版本不对".to_owned(), "the version does not fit".to_owned());
                found.add("version", what, (json!(old.version), json!(new.version)), (None, Hit::Refuse), why);
            }
        }
    }
    found.list
}

/// What stands above the fields.
fn head(old: &LedgerDefinition, new: &LedgerDefinition, base: Option<&LedgerDefinition>, found: &mut Differences) {
    let plain = [
        ("name", "名称", "name", of(&old.name), of(&new.name)),
        ("help", "说明", "help", of(&old.help), of(&new.help)),
        ("group", "分组", "group", of(&old.group), of(&new.group)),
        ("section", "企业档案中的位置", "section of the enterprise file", of(&old.section), of(&new.section)),
        ("filters", "筛选字段", "filters", of(&old.filters), of(&new.filters)),
        ("colour", "着色规则", "colour rules", of(&old.colours), of(&new.colours)),
        ("duty", "提醒事项", "duties", of(&old.duties), of(&new.duties)),
        ("derived", "计算字段", "derived fields", json!(debug(&old.derived)), json!(debug(&new.derived))),
    ];
    for (path, zh, en, before, after) in plain {
        if before != after {
            let short = path == "derived";
            let values = if short { (json!(old.derived.len()), json!(new.derived.len())) } else { (before, after) };
            found.fine(path, (format!("{zh}改了"), format!("{en} changed")), values);
        }
    }
    if old.key != new.key {
        let (question, why) = match base {
            Some(_) => (None, BASE),
            None => (Some(Question::Exists), ("已有记录，编号不能换字段", "records are known by it")),
        };
        let what = ("编号字段换了".to_owned(), "another key field".to_owned());
        found.add("key", what, (of(&old.key), of(&new.key)), (question, Hit::Refuse), why);
    }
    if (&old.title, &old.title_en) != (&new.title, &new.title_en) {
        let why = ("已有记录下次修改时才换名称", "records keep their name until they are next revised");
        let what = ("名称字段换了".to_owned(), "another title field".to_owned());
        let values = (json!([old.title, old.title_en]), json!([new.title, new.title_en]));
        found.add("title", what, values, (Some(Question::Exists), Hit::Accept), why);
    }
    if old.owner != new.owner {
        let why = ("谁能看、谁能改由它决定，已有记录", "it says who may see and write the records that there are");
        let question = if base.is_some() { None } else { Some(Question::Exists) };
        let what = ("归属字段换了".to_owned(), "another owner field".to_owned());
        found.add("owner", what, (of(&old.owner), of(&new.owner)), (question, Hit::Refuse), why);
    }
    if old.geometry != new.geometry {
        let values = || (json!(geometry_word(old.geometry)), json!(geometry_word(new.geometry)));
        let what = || ("图形类型改了".to_owned(), "another kind of geometry".to_owned());
        if base.is_some() {
            found.add("geometry", what(), values(), (None, Hit::Refuse), BASE);
        } else {
            let why = ("有记录已有位置或图形", "some records have a place or a geometry");
            found.add("geometry", what(), values(), (Some(Question::HasPlace), Hit::Refuse), why);
        }
        if new.geometry == Geometry::Point {
            let why = ("这些记录下次修改时要补位置", "these records need a place when they are next revised");
            let what = ("要有位置".to_owned(), "a place is needed".to_owned());
            found.add("geometry.place", what, values(), (Some(Question::HasNoPlace), Hit::Accept), why);
        }
    }
    if old.public != new.public {
        let why = ("不登录也能读", "everybody may read it without signing in");
        let hit = if new.public { Hit::Accept } else { Hit::Fine };
        let what = if new.public {
            ("整个台账改为公开".to_owned(), "the ledger becomes public".to_owned())
        } else {
            ("台账不再公开".to_owned(), "the ledger is public no more".to_owned())
        };
        found.add("public", what, (json!(old.public), json!(new.public)), (None, hit), why);
    }
    if old.observed != new.observed {
        let fixed = base.is_some_and(|base| base.observed.is_some());
        let question = if fixed { None } else { Some(Question::Exists) };
        let why = if fixed { BASE } else { RECORDS };
        let what = ("点位的定义改了".to_owned(), "what makes its records points changed".to_owned());
        let values = (observed_words(old.observed.as_ref()), observed_words(new.observed.as_ref()));
        found.add("observed", what, values, (question, Hit::Refuse), why);
    }
}

/// What makes records points, as a reader of the change sees it: `noise_point; function_class: kind`.
fn observed_words(observed: Option<&Observed>) -> Value {
    let Some(observed) = observed else { return Value::Null };
    let mut words: Vec<String> = observed.kind.iter().cloned().collect();
    words.extend(observed.kind_field.iter().map(|field| {
        let kinds: Vec<String> = observed.kinds.iter().map(|(code, kind)| format!("{code} = {kind}")).collect();
        format!("{field} ({})", kinds.join(", "))
    }));
    words.extend(observed.instrument_of.iter().map(|field| format!("instrument_of: {field}")));
    words.extend(observed.roles.iter().map(|(role, field)| format!("{role}: {field}")));
    Value::String(words.join("; "))
}

fn debug<T: std::fmt::Debug>(value: &T) -> String {
    format!("{value:?}")
}

/// Fields, or the columns of a table field with `prefix` `table.`.
fn fields(old: &[Field], new: &[Field], base: Option<&[Field]>, prefix: &str, found: &mut Differences) {
    let find = |list: &[Field], id: &str| list.iter().find(|field| field.id == id).cloned();
    for field in new {
        let path = format!("{prefix}{}", field.id);
        let fixed = base.and_then(|base| find(base, &field.id));
        match find(old, &field.id) {
            Some(before) => field_changes(&before, field, fixed.as_ref(), &path, found),
            None => {
                let name = format!("field.{path}");
                let (zh, en) = (&field.label.zh, &field.label.en);
                let what = (format!("新字段“{zh}”"), format!("new field “{en}”"));
                if field.required && !field.retired {
                    let why = ("已有记录下次修改时要补填", "records need it when they are next revised");
                    let (question, kind) = (Some(Question::Lacks(path.clone())), json!(field.kind.name()));
                    found.add(name, what, (Value::Null, kind), (question, Hit::Accept), why);
                } else {
                    found.fine(name, what, (Value::Null, json!(field.kind.name())));
                }
            }
        }
    }
    for field in old {
        if find(new, &field.id).is_some() {
            continue;
        }
        let path = format!("{prefix}{}", field.id);
        let what = (format!("去掉字段“{}”", field.label.zh), format!("the field “{}” is taken away", field.label.en));
        let values = (json!(field.kind.name()), Value::Null);
        if base.is_some_and(|base| find(base, &field.id).is_some()) {
            found.add(format!("field.{path}"), what, values, (None, Hit::Refuse), BASE);
        } else {
            let why = ("有记录填了它；改为停用（retired）", "records say something there; retire it instead");
            let question = Some(Question::Has(path.clone()));
            found.add(format!("field.{path}"), what, values, (question, Hit::Refuse), why);
        }
    }
    let order = |list: &[Field], other: &[Field]| {
        let both = list.iter().filter(|field| other.iter().any(|known| known.id == field.id));
        both.map(|field| field.id.clone()).collect::<Vec<_>>()
    };
    let (before, after) = (order(old, new), order(new, old));
    if before != after {
        let what = ("字段的次序改了".to_owned(), "the order of fields changed".to_owned());
        found.fine(format!("order.{prefix}"), what, (json!(before), json!(after)));
    }
}

fn field_changes(old: &Field, new: &Field, base: Option<&Field>, path: &str, found: &mut Differences) {
    let label = |zh: &str, en: &str| (format!("字段“{}”{zh}", new.label.zh), format!("field “{}”: {en}", new.label.en));
    let name = |part: &str| format!("field.{path}.{part}");
    let misfits = || Some(Question::Misfits(path.to_owned(), Box::new(new.clone())));
    let has = || Some(Question::Has(path.to_owned()));
    if old.label != new.label {
        found.fine(name("label"), label("改了名称", "another label"), (of(&old.label), of(&new.label)));
    }
    if old.help != new.help {
        found.fine(name("help"), label("改了说明", "another help text"), (of(&old.help), of(&new.help)));
    }
    if old.unit != new.unit {
        let why = ("已有的数会变成别的意思；另加一个字段", "the numbers there would mean something else; add a field");
        // A unit that was not said is only said now; one that was said is another.
        let hit = if old.unit.is_none() { Hit::Accept } else { Hit::Refuse };
        let how = if base.is_some_and(|base| base.unit != new.unit) { (None, Hit::Refuse) } else { (has(), hit) };
        found.add(name("unit"), label("换了单位", "another unit"), (of(&old.unit), of(&new.unit)), how, why);
    }
    if old.required != new.required {
        let values = (json!(old.required), json!(new.required));
        if new.required {
            let why = ("这些记录下次修改时要补填", "these records need it when they are next revised");
            let question = Some(Question::Lacks(path.to_owned()));
            found.add(name("required"), label("改为必填", "required now"), values, (question, Hit::Accept), why);
        } else {
            let fixed = base.is_some_and(|base| base.required);
            let hit = if fixed { Hit::Refuse } else { Hit::Fine };
            found.add(name("required"), label("不再必填", "required no more"), values, (None, hit), BASE);
        }
    }
    if old.unique != new.unique {
        let values = (json!(old.unique), json!(new.unique));
        if new.unique {
            let why = ("有记录重复", "records repeat each other");
            let question = Some(Question::Repeats(path.to_owned()));
            found.add(name("unique"), label("改为不许重复", "unique now"), values, (question, Hit::Refuse), why);
        } else {
            let fixed = base.is_some_and(|base| base.unique);
            let hit = if fixed { Hit::Refuse } else { Hit::Fine };
            found.add(name("unique"), label("允许重复", "unique no more"), values, (None, hit), BASE);
        }
    }
    if old.public != new.public {
        let values = (json!(old.public), json!(new.public));
        if new.public {
            let why = ("已填的内容不登录也能读", "what is there may be read without signing in");
            found.add(name("public"), label("改为公开", "public now"), values, (has(), Hit::Accept), why);
        } else {
            found.fine(name("public"), label("不再公开", "public no more"), values);
        }
    }
    if old.sensitive != new.sensitive {
        let values = (json!(old.sensitive), json!(new.sensitive));
        if new.sensitive {
            found.fine(name("sensitive"), label("改为敏感", "sensitive now"), values.clone());
            let why = ("有记录的名称就是它，仍会显示", "it is the title of records and would go on being shown");
            let question = Some(Question::TitleSays(path.to_owned()));
            let what = label("改为敏感，但记录的名称用了它", "sensitive, but titles of records say it");
            found.add(name("sensitive.title"), what, values, (question, Hit::Refuse), why);
        } else if base.is_some_and(|base| base.sensitive) {
            found.add(name("sensitive"), label("不再敏感", "sensitive no more"), values, (None, Hit::Refuse), BASE);
        } else {
            let why =
                ("已填的内容能看台账的人都能看、能搜到", "whoever reads the ledger will see and find what is there");
            found.add(name("sensitive"), label("不再敏感", "sensitive no more"), values, (has(), Hit::Accept), why);
        }
    }
    let narrower = new.min > old.min
        || new.max.is_some_and(|max| old.max.is_none_or(|old| max < old))
        || new.max_length < old.max_length
        || (new.format != old.format && new.format.is_some());
    let bounds =
        |field: &Field| json!([field.min, field.max, field.max_length, field.format.map(|format| debug(&format))]);
    if bounds(old) != bounds(new) {
        let why = ("这些记录下次修改时要改正", "these records must be corrected when they are next revised");
        // What the release bounds, its code relies on.
        let loosened = base.is_some_and(|base| {
            (base.format.is_some() && new.format != base.format)
                || base.min.is_some_and(|min| new.min.is_none_or(|new| new < min))
                || base.max.is_some_and(|max| new.max.is_none_or(|new| new > max))
        });
        let how = match (loosened, narrower) {
            (true, _) => (None, Hit::Refuse),
            (false, true) => (misfits(), Hit::Accept),
            (false, false) => (None, Hit::Fine),
        };
        let why = if loosened { BASE } else { why };
        let what = label("改了范围、长度或格式", "other bounds, length or format");
        found.add(name("bounds"), what, (bounds(old), bounds(new)), how, why);
    }
    if old.retired != new.retired {
        let values = (json!(old.retired), json!(new.retired));
        if new.retired && base.is_some_and(|base| base.required) {
            found.add(name("retired"), label("停用", "retired"), values, (None, Hit::Refuse), BASE);
        } else if new.retired {
            found.fine(name("retired"), label("停用，已填的仍可读", "retired; what is there stays readable"), values);
        } else {
            found.fine(name("retired"), label("恢复使用", "in use again"), values);
        }
    }
    kinds(old, new, base, path, found);
}

/// Written as JSON text, whatever it means.
fn is_text(kind: &FieldType) -> bool {
    matches!(
        kind,
        FieldType::Text
            | FieldType::Decimal
            | FieldType::Date
            | FieldType::DateTime
            | FieldType::Code(_)
            | FieldType::Link(_)
    )
}

fn kind_text(kind: &FieldType) -> String {
    match kind {
        FieldType::Code(list) => format!("code {list}"),
        FieldType::Link(ledgers) => format!("link {}", ledgers.join(", ")),
        FieldType::List(items) => format!("list of {}", kind_text(items)),
        other => other.name().to_owned(),
    }
}

fn kinds(old: &Field, new: &Field, base: Option<&Field>, path: &str, found: &mut Differences) {
    if let (FieldType::Table(before), FieldType::Table(after)) = (&old.kind, &new.kind) {
        let columns = base.and_then(|base| match &base.kind {
            FieldType::Table(columns) => Some(columns.as_slice()),
            _ => None,
        });
        return fields(before, after, columns, &format!("{path}."), found);
    }
    if old.kind == new.kind {
        return;
    }
    let inner = |kind: &FieldType| match kind {
        FieldType::List(items) => (true, (**items).clone()),
        other => (false, other.clone()),
    };
    let ((old_list, before), (new_list, after)) = (inner(&old.kind), inner(&new.kind));
    // A code of another list, or a key of another ledger, would be read as something else.
    let other_words = match (&before, &after) {
        (FieldType::Code(old), FieldType::Code(new)) => old != new,
        (_, FieldType::Link(_)) => true,
        _ => false,
    };
    let readable = old_list == new_list && is_text(&before) && is_text(&after) && !other_words;
    let wider = match (&before, &after) {
        (FieldType::Link(old), FieldType::Link(new)) => {
            // A link to one ledger is written without its name, a link to several with it.
            old_list == new_list && old.len() > 1 && old.iter().all(|ledger| new.contains(ledger))
        }
        _ => false,
    };
    let (question, why) = if wider {
        (None, ("", ""))
    } else if base.is_some() {
        (None, BASE)
    } else if readable {
        let misfits = Question::Misfits(path.to_owned(), Box::new(new.clone()));
        (Some(misfits), ("有记录的内容不合新的类型", "what some records say is not of the new type"))
    } else {
        let has = Question::Has(path.to_owned());
        (Some(has), ("有记录填了它；另加一个字段", "records say something there; add a field"))
    };
    let what = (format!("字段“{}”换了类型", new.label.zh), format!("field “{}”: another type", new.label.en));
    let hit = if wider { Hit::Fine } else { Hit::Refuse };
    let values = (json!(kind_text(&old.kind)), json!(kind_text(&new.kind)));
    found.add(format!("field.{path}.type"), what, values, (question, hit), why);
}
