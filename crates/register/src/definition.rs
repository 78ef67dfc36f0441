//! Ledger definitions (台账定义): what a ledger holds, as data. Schema: `docs/guides/ledgers.md`.

use kernel::Name;
use rust_decimal::Decimal;

use crate::cell::Table;
pub use crate::duty::Duty;
pub use crate::format::Format;
use crate::problem::{Findings, Position, ProblemCode};
use crate::reader::TableReader;

/// What kind of value a field holds, and how it is written in JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldType {
    /// String.
    Text,
    /// Number.
    Integer,
    /// String of digits, exact.
    Decimal,
    /// String `2026-11-24`.
    Date,
    /// String `2026-11-24T15:00:00+08:00`.
    DateTime,
    Bool,
    /// String: a code of that list.
    Code(String),
    /// String: the key of a record of that ledger; of several ledgers, `ledger:key`.
    Link(Vec<String>),
    /// Object `{lon, lat, accuracy, note}`.
    Location,
    /// Array of one simple type.
    List(Box<FieldType>),
    /// Array of objects with these columns.
    Table(Vec<Field>),
}

impl FieldType {
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Bool => "bool",
            Self::Code(_) => "code",
            Self::Link(_) => "link",
            Self::Location => "location",
            Self::List(_) => "list",
            Self::Table(_) => "table",
        }
    }
}

/// One field of a ledger, or one column of a table field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub id: String,
    pub label: Name,
    pub help: Option<Name>,
    pub kind: FieldType,
    pub unit: Option<String>,
    pub required: bool,
    /// No two records of the ledger have the same value.
    pub unique: bool,
    /// Shown to everybody, without signing in.
    pub public: bool,
    /// Shown only to those who may edit the ledger: passwords, telephone numbers.
    pub sensitive: bool,
    pub min: Option<Decimal>,
    pub max: Option<Decimal>,
    /// Characters of a text, entries of a list or rows of a table.
    pub max_length: usize,
    pub format: Option<Format>,
    /// 停用: asked for no more; what records say there stays readable.
    pub retired: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Geometry {
    None,
    Point,
    Line,
    Polygon,
}

/// A colour on map and list: the first rule whose CEL expression is true counts. Kept as text here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ColourRule {
    pub when: String,
    pub colour: String,
    pub name: Name,
}

/// Records of this ledger are points that are observed (点位). Each entry names the field that tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// A fixed kind of point, or
    pub kind: Option<String>,
    /// the code field that decides, with the kind for each of its codes.
    pub kind_field: Option<String>,
    pub kinds: Vec<(String, String)>,
    /// When this link is filled, the record is an instrument at that point and not a point itself.
    pub instrument_of: Option<String>,
    /// Role → field id; roles are those of [`Observed::ROLES`].
    pub roles: Vec<(String, String)>,
}

impl Observed {
    pub const ROLES: [&'static str; 17] = [
        "river",
        "township",
        "body",
        "enterprise",
        "function_class",
        "function_class_basis",
        "level",
        "standard",
        "standard_grade",
        "reference_oxygen",
        "limits",
        "emission",
        "factors",
        "realtime_seconds",
        "minute_minutes",
        "survey",
        "road_length",
    ];

    pub fn field(&self, role: &str) -> Option<&str> {
        self.roles.iter().find(|(known, _)| known == role).map(|(_, field)| field.as_str())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct LedgerDefinition {
    pub id: String,
    /// Rises with every change of the fields; each revision of a record says under which it was written.
    pub version: u32,
    pub name: Name,
    pub help: Option<Name>,
    /// Group in the menu: a code of the list `ledger_group`.
    pub group: String,
    /// Where records that name an enterprise stand in its file (一企一档): a code of the list `file_section`.
    pub section: Option<String>,
    /// Field that identifies a record within the ledger; never changes.
    pub key: String,
    /// Field shown as the record's name, and its English counterpart if there is one.
    pub title: String,
    pub title_en: Option<String>,
    /// Link field (or the key itself) that says whose record it is; restricts rows for enterprises and bodies.
    pub owner: Option<String>,
    pub geometry: Geometry,
    pub public: bool,
    /// Fields one can filter by; they are indexed.
    pub filters: Vec<String>,
    pub colours: Vec<ColourRule>,
    pub duties: Vec<Duty>,
    pub derived: Vec<crate::derived::Derived>,
    pub observed: Option<Observed>,
    pub fields: Vec<Field>,
}

/// Names of a record that are not fields; no field may be called so.
pub const RESERVED: [&str; 14] = [
    "id",
    "ledger",
    "location",
    "location_note",
    "source",
    "note",
    "simulated",
    "schematic",
    "valid_from",
    "lon",
    "lat",
    "accuracy",
    "geometry",
    "tags",
];

const DEFAULT_TEXT: usize = 2_000;
const DEFAULT_ROWS: usize = 200;

impl LedgerDefinition {
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// Reads one file of `model/ledgers`. What cannot be read is reported; the result is then not to be used.
    pub fn parse(file: &str, table: &Table, findings: &mut Findings) -> Self {
        let mut reader = TableReader::new(file, Position::START, table);
        let public = reader.flag("public", false, findings);
        let mut definition = Self {
            id: reader.text("id", findings),
            version: reader.number("version", findings).unwrap_or(1),
            name: reader.name("name", findings),
            help: reader.optional_name("help", findings),
            group: reader.text("group", findings),
            section: reader.optional_text("section", findings),
            key: reader.text("key", findings),
            title: reader.text("title", findings),
            title_en: reader.optional_text("title_en", findings),
            owner: reader.optional_text("owner", findings),
            geometry: geometry_of(&mut reader, findings),
            public,
            filters: reader.texts("filters", findings),
            colours: colours_of(&mut reader, findings),
            duties: crate::duty::read(&mut reader, findings),
            derived: Vec::new(),
            observed: observed_of(&mut reader, findings),
            fields: Vec::new(),
        };
        for item in reader.tables("field", findings) {
            let at = item.at;
            let field = field_of(item, public, true, findings);
            check_field_id(file, at, &field, &definition.fields, findings);
            definition.fields.push(field);
        }
        definition.derived = crate::derived::read(&mut reader, &definition.fields, findings);
        definition.check_references(&reader, findings);
        let colours = definition.colours.iter().map(|rule| ("colour", "着色规则", "colour rule", &rule.when));
        let done =
            definition.duties.iter().filter_map(|duty| Some(("duty", "办结条件", "`done`", duty.done.as_ref()?)));
        for (place, zh, en, rule) in colours.chain(done) {
            if let Some(complaint) = crate::colour::complaint(rule, &definition.fields) {
                findings.add(
                    file,
                    reader.position_of(place),
                    ProblemCode::WrongShape,
                    (format!("{zh}“{rule}”：{complaint}"), format!("{en} `{rule}`: {complaint}")),
                    ("改正 CEL 表达式".into(), "correct the CEL expression".into()),
                );
            }
        }
        reader.finish(findings);
        definition
    }

    /// Key, title, filters and the rest must name fields that exist.
    fn check_references(&self, reader: &TableReader<'_>, findings: &mut Findings) {
        let mut wanted: Vec<(&str, &str)> = vec![("key", &self.key), ("title", &self.title)];
        wanted.extend(self.title_en.as_deref().map(|field| ("title_en", field)));
        wanted.extend(self.owner.as_deref().map(|field| ("owner", field)));
        wanted.extend(self.filters.iter().map(|field| ("filters", field.as_str())));
        wanted.extend(self.duties.iter().map(|duty| ("duty", duty.date.as_str())));
        wanted.extend(self.duties.iter().filter_map(|duty| Some(("duty", duty.owner_field.as_deref()?))));
        if let Some(observed) = &self.observed {
            wanted.extend(observed.roles.iter().map(|(_, field)| ("observed", field.as_str())));
            wanted.extend(observed.kind_field.as_deref().map(|field| ("observed", field)));
            wanted.extend(observed.instrument_of.as_deref().map(|field| ("observed", field)));
        }
        for (place, field) in wanted {
            if !field.is_empty() && self.field(field).is_none() {
                let known: Vec<&str> = self.fields.iter().map(|known| known.id.as_str()).collect();
                findings.add(
                    reader.file,
                    reader.position_of(place),
                    ProblemCode::UnknownFieldName,
                    (
                        format!("{place} 指的字段“{field}”没有定义"),
                        format!("{place} names the field `{field}`, which is not defined"),
                    ),
                    (format!("已定义：{}", known.join(", ")), format!("defined: {}", known.join(", "))),
                );
            }
        }
    }
}

fn check_field_id(file: &str, at: Position, field: &Field, earlier: &[Field], findings: &mut Findings) {
    let id = field.id.as_str();
    if RESERVED.contains(&id) {
        findings.add(
            file,
            at,
            ProblemCode::DuplicateDefinition,
            (format!("“{id}”是保留名"), format!("`{id}` is reserved")),
            ("换一个字段名".into(), "use another field id".into()),
        );
    }
    if earlier.iter().any(|known| known.id == id) {
        findings.add(
            file,
            at,
            ProblemCode::DuplicateDefinition,
            (format!("字段“{id}”定义了两次"), format!("field `{id}` is defined twice")),
            ("删去其中一个".into(), "remove one of them".into()),
        );
    }
}

fn unknown_word(file: &str, at: Position, what: &str, found: &str, known: &str, findings: &mut Findings) {
    findings.add(
        file,
        at,
        ProblemCode::WrongShape,
        (format!("{what} 没有“{found}”"), format!("{what} has no `{found}`")),
        (format!("可用：{known}"), format!("use one of: {known}")),
    );
}

fn geometry_of(reader: &mut TableReader<'_>, findings: &mut Findings) -> Geometry {
    match reader.optional_text("geometry", findings).as_deref() {
        None | Some("none") => Geometry::None,
        Some("point") => Geometry::Point,
        Some("line") => Geometry::Line,
        Some("polygon") => Geometry::Polygon,
        Some(other) => {
            unknown_word(
                reader.file,
                reader.position_of("geometry"),
                "geometry",
                other,
                "none, point, line, polygon",
                findings,
            );
            Geometry::None
        }
    }
}

fn colours_of(reader: &mut TableReader<'_>, findings: &mut Findings) -> Vec<ColourRule> {
    let mut rules = Vec::new();
    for mut item in reader.tables("colour", findings) {
        rules.push(ColourRule {
            when: item.text("when", findings),
            colour: item.text("colour", findings),
            name: item.name("name", findings),
        });
        item.finish(findings);
    }
    rules
}

fn observed_of(reader: &mut TableReader<'_>, findings: &mut Findings) -> Option<Observed> {
    let mut table = reader.table("observed", findings)?;
    let mut observed = Observed {
        kind: table.optional_text("kind", findings),
        kind_field: table.optional_text("kind_field", findings),
        instrument_of: table.optional_text("instrument_of", findings),
        ..Observed::default()
    };
    if let Some(mut kinds) = table.table("kinds", findings) {
        for entry in kinds.all_entries() {
            if let crate::cell::Raw::Text(kind) = &entry.cell.raw {
                observed.kinds.push((entry.key.clone(), kind.clone()));
            }
        }
    }
    for role in Observed::ROLES {
        if let Some(field) = table.optional_text(role, findings) {
            observed.roles.push((role.to_owned(), field));
        }
    }
    let kinds = observed.kind.iter().chain(observed.kinds.iter().map(|(_, kind)| kind));
    for kind in kinds {
        if kernel::PointKind::from_name(kind).is_none() {
            let known = kernel::PointKind::ALL.map(kernel::PointKind::name).join(", ");
            unknown_word(table.file, table.at, "kind", kind, &known, findings);
        }
    }
    if observed.kind.is_none() == observed.kind_field.is_none() {
        table.missing("kind", findings);
    }
    table.finish(findings);
    Some(observed)
}

fn field_of(mut reader: TableReader<'_>, ledger_public: bool, nesting: bool, findings: &mut Findings) -> Field {
    let id = reader.text("id", findings);
    let type_name = reader.text("type", findings);
    let kind = type_of(&type_name, &mut reader, ledger_public, nesting, findings);
    let default_length =
        if matches!(kind, FieldType::List(_) | FieldType::Table(_)) { DEFAULT_ROWS } else { DEFAULT_TEXT };
    let sensitive = reader.flag("sensitive", false, findings);
    let field = Field {
        label: reader.name("label", findings),
        help: reader.optional_name("help", findings),
        unit: reader.optional_text("unit", findings),
        required: reader.flag("required", false, findings),
        unique: reader.flag("unique", false, findings),
        public: reader.flag("public", ledger_public && !sensitive, findings),
        min: reader.number("min", findings),
        max: reader.number("max", findings),
        max_length: reader.number("max_length", findings).unwrap_or(default_length),
        format: format_of(&mut reader, findings),
        retired: reader.flag("retired", false, findings),
        sensitive,
        kind,
        id,
    };
    if !nesting && field.sensitive {
        // Rows are shown, searched and exported as a whole.
        findings.add(
            reader.file,
            reader.at,
            ProblemCode::WrongShape,
            (
                format!("列“{}”不能单独敏感，把整个表设为敏感", field.id),
                format!("the column `{}` cannot be sensitive by itself, the table can", field.id),
            ),
            ("去掉 sensitive".into(), "drop `sensitive`".into()),
        );
    }
    if field.public && field.sensitive {
        findings.add(
            reader.file,
            reader.at,
            ProblemCode::WrongShape,
            (
                format!("字段“{}”不能既公开又敏感", field.id),
                format!("field `{}` cannot be both public and sensitive", field.id),
            ),
            ("去掉 public 或 sensitive".into(), "drop `public` or `sensitive`".into()),
        );
    }
    reader.finish(findings);
    field
}

fn format_of(reader: &mut TableReader<'_>, findings: &mut Findings) -> Option<Format> {
    let name = reader.optional_text("format", findings)?;
    let found = Format::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format);
    if found.is_none() {
        let known = Format::ALL.map(|(known, _)| known).join(", ");
        unknown_word(reader.file, reader.position_of("format"), "format", &name, &known, findings);
    }
    found
}

fn type_of(
    name: &str,
    reader: &mut TableReader<'_>,
    ledger_public: bool,
    nesting: bool,
    findings: &mut Findings,
) -> FieldType {
    match name {
        "text" => FieldType::Text,
        "integer" => FieldType::Integer,
        "decimal" => FieldType::Decimal,
        "date" => FieldType::Date,
        "datetime" => FieldType::DateTime,
        "bool" => FieldType::Bool,
        "code" => FieldType::Code(reader.text("codes", findings)),
        "link" => {
            let ledgers = reader.texts("ledgers", findings);
            if ledgers.is_empty() {
                reader.missing("ledgers", findings);
            }
            FieldType::Link(ledgers)
        }
        "location" => FieldType::Location,
        "list" if nesting => {
            let items = reader.text("items", findings);
            FieldType::List(Box::new(type_of(&items, reader, ledger_public, false, findings)))
        }
        "table" if nesting => {
            let mut columns: Vec<Field> = Vec::new();
            for item in reader.tables("column", findings) {
                let at = item.at;
                let file = item.file;
                let column = field_of(item, ledger_public, false, findings);
                if columns.iter().any(|known| known.id == column.id) {
                    check_field_id(file, at, &column, &columns, findings);
                }
                columns.push(column);
            }
            FieldType::Table(columns)
        }
        other => {
            let known = "text, integer, decimal, date, datetime, bool, code, link, location, list, table";
            unknown_word(reader.file, reader.position_of("type"), "type", other, known, findings);
            FieldType::Text
        }
    }
}
