//! All ledger definitions and code lists that hold for a county.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cell;
use crate::code::CodeList;
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::location::Extent;
use crate::problem::{Findings, PackProblem, Position, ProblemCode};

/// Text files by path inside their folder, with `/`.
pub type Files = BTreeMap<String, String>;

/// Where a definition in force comes from. A pack adds to the release; the designer covers both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// 内置: `model/` of this release.
    BuiltIn,
    /// 县域数据包.
    Pack,
    /// 台账设计: an administrator of the county.
    Designer,
}

impl Origin {
    pub const fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "built_in",
            Self::Pack => "pack",
            Self::Designer => "designer",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::BuiltIn, Self::Pack, Self::Designer].into_iter().find(|origin| origin.name() == name)
    }
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    Ledger,
    Codes,
}

/// A ledger or a code list, by its id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    pub kind: PartKind,
    pub id: String,
}

impl Part {
    /// The file that it would stand in.
    pub fn file(&self) -> String {
        let folder = match self.kind {
            PartKind::Ledger => "ledgers",
            PartKind::Codes => "codes",
        };
        format!("{folder}/{}.toml", self.id)
    }
}

/// The text of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub origin: Origin,
    pub text: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct Catalog {
    ledgers: BTreeMap<String, LedgerDefinition>,
    codes: BTreeMap<String, CodeList>,
    sources: BTreeMap<Part, Source>,
    /// Every location must lie within; the county pack sets it.
    pub extent: Extent,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { ledgers: BTreeMap::new(), codes: BTreeMap::new(), sources: BTreeMap::new(), extent: Extent::WORLD }
    }
}

impl Catalog {
    pub fn ledger(&self, id: &str) -> Option<&LedgerDefinition> {
        self.ledgers.get(id)
    }

    pub fn code_list(&self, id: &str) -> Option<&CodeList> {
        self.codes.get(id)
    }

    /// In order of id.
    pub fn ledgers(&self) -> impl Iterator<Item = &LedgerDefinition> {
        self.ledgers.values()
    }

    pub fn code_lists(&self) -> impl Iterator<Item = &CodeList> {
        self.codes.values()
    }

    /// The text of every definition, in order of kind and id.
    pub fn sources(&self) -> impl Iterator<Item = (&Part, &Source)> {
        self.sources.iter()
    }

    pub fn source(&self, part: &Part) -> Option<&Source> {
        self.sources.get(part)
    }

    /// Reads `ledgers/*.toml` and `codes/*.toml`; nothing is kept when anything is wrong.
    pub fn load(files: &Files) -> Result<Self, Vec<PackProblem>> {
        let mut findings = Findings::new();
        let mut catalog = Self::default();
        catalog.extend(files, Origin::BuiltIn, &mut findings);
        if findings.is_empty() { Ok(catalog) } else { Err(findings.finish(|file| files.get(file).cloned())) }
    }

    /// Adds the definitions of a folder; an id that exists already is reported.
    pub fn extend(&mut self, files: &Files, origin: Origin, findings: &mut Findings) {
        let mut places = Vec::new();
        for (file, text) in files {
            let ledger = file.starts_with("ledgers/");
            if !(ledger || file.starts_with("codes/")) || !file.ends_with(".toml") {
                continue;
            }
            let kind = if ledger { PartKind::Ledger } else { PartKind::Codes };
            let Some((part, replaced)) = self.read(file, kind, text, origin, findings) else { continue };
            if replaced {
                findings.add(
                    file,
                    Position::START,
                    ProblemCode::DuplicateDefinition,
                    (format!("“{}”已有定义", part.id), format!("`{}` is defined already", part.id)),
                    ("换一个 id".into(), "use another id".into()),
                );
            }
            if ledger {
                places.push((file.clone(), part.id));
            }
        }
        for (file, id) in places {
            let Some(definition) = self.ledgers.get(&id) else { continue };
            self.check_fields(&file, &definition.fields, findings);
        }
    }

    /// Reads one definition and keeps it; whether one of that id stood there before.
    fn read(
        &mut self,
        file: &str,
        kind: PartKind,
        text: &str,
        origin: Origin,
        findings: &mut Findings,
    ) -> Option<(Part, bool)> {
        let table = match cell::from_toml(text) {
            Ok(table) => table,
            Err(errors) => {
                report_syntax(file, ProblemCode::TomlSyntax, errors, findings);
                return None;
            }
        };
        let (id, replaced) = match kind {
            PartKind::Ledger => {
                let definition = LedgerDefinition::parse(file, &table, findings);
                let id = definition.id.clone();
                (id.clone(), self.ledgers.insert(id, definition).is_some())
            }
            PartKind::Codes => {
                let list = CodeList::parse(file, &table, findings);
                let id = list.id.clone();
                (id.clone(), self.codes.insert(id, list).is_some())
            }
        };
        let part = Part { kind, id };
        self.sources.insert(part.clone(), Source { origin, text: Arc::from(text) });
        Some((part, replaced))
    }

    /// The catalog with these definitions in the place of its own (`None`: with none there). Every ledger is looked at
    /// again: one that is not in the overlay may name what is gone.
    pub fn with(&self, overlay: &[(Part, Option<Arc<str>>)]) -> Result<Self, Vec<PackProblem>> {
        let mut catalog = self.clone();
        let mut findings = Findings::new();
        for (part, text) in overlay {
            let file = part.file();
            match text {
                Some(text) => {
                    let read = catalog.read(&file, part.kind, text, Origin::Designer, &mut findings);
                    if read.is_some_and(|(found, _)| found != *part) {
                        findings.add(
                            &file,
                            Position::START,
                            ProblemCode::WrongShape,
                            (format!("id 应为“{}”", part.id), format!("the id must be `{}`", part.id)),
                            ("id 不能改".into(), "an id never changes".into()),
                        );
                    }
                }
                None => {
                    catalog.sources.remove(part);
                    match part.kind {
                        PartKind::Ledger => drop(catalog.ledgers.remove(&part.id)),
                        PartKind::Codes => drop(catalog.codes.remove(&part.id)),
                    }
                }
            }
        }
        for ledger in catalog.ledgers.values() {
            let file = Part { kind: PartKind::Ledger, id: ledger.id.clone() }.file();
            catalog.check_fields(&file, &ledger.fields, &mut findings);
            catalog.check_places(&file, ledger, &mut findings);
        }
        if findings.is_empty() {
            return Ok(catalog);
        }
        let text_of = |file: &str| {
            let (_, text) = overlay.iter().find(|(part, _)| part.file() == file)?;
            text.as_deref().map(str::to_owned)
        };
        Err(findings.finish(text_of))
    }

    /// Group and section must be codes of their lists.
    fn check_places(&self, file: &str, ledger: &LedgerDefinition, findings: &mut Findings) {
        let places =
            [("group", "ledger_group", Some(&ledger.group)), ("section", "file_section", ledger.section.as_ref())];
        for (key, list, code) in places {
            let (Some(code), Some(list)) = (code, self.codes.get(list)) else { continue };
            if list.find(code).is_none() {
                let known = list.codes.iter().map(|code| code.code.as_str()).collect::<Vec<_>>().join(", ");
                findings.add(
                    file,
                    Position::START,
                    ProblemCode::UnknownCode,
                    (format!("{key} 没有“{code}”"), format!("{key} has no `{code}`")),
                    (format!("可用：{known}"), format!("use one of: {known}")),
                );
            }
        }
    }

    /// Code lists and ledgers that fields name must exist.
    fn check_fields(&self, file: &str, fields: &[Field], findings: &mut Findings) {
        for field in fields {
            self.check_type(file, &field.id, &field.kind, findings);
        }
    }

    fn check_type(&self, file: &str, field: &str, kind: &FieldType, findings: &mut Findings) {
        match kind {
            FieldType::Code(list) if !self.codes.contains_key(list) => {
                let known = self.codes.keys().cloned().collect::<Vec<_>>().join(", ");
                findings.add(
                    file,
                    Position::START,
                    ProblemCode::UnknownCodeList,
                    (
                        format!("字段“{field}”的代码表“{list}”不存在"),
                        format!("field `{field}`: there is no code list `{list}`"),
                    ),
                    (format!("已有：{known}"), format!("known: {known}")),
                );
            }
            FieldType::Link(ledgers) => {
                for ledger in ledgers.iter().filter(|ledger| !self.ledgers.contains_key(*ledger)) {
                    findings.add(
                        file,
                        Position::START,
                        ProblemCode::UnknownLedger,
                        (
                            format!("字段“{field}”指向的台账“{ledger}”不存在"),
                            format!("field `{field}` links to `{ledger}`, which is no ledger"),
                        ),
                        ("先定义该台账，或改正名称".into(), "define that ledger or correct the name".into()),
                    );
                }
            }
            FieldType::List(items) => self.check_type(file, field, items, findings),
            FieldType::Table(columns) => self.check_fields(file, columns, findings),
            _ => {}
        }
    }
}

pub fn report_syntax(file: &str, code: ProblemCode, errors: Vec<cell::SyntaxError>, findings: &mut Findings) {
    for error in errors {
        findings.add(
            file,
            error.at,
            code,
            (format!("读不懂这里：{}", error.message), format!("cannot be read here: {}", error.message)),
            ("检查引号、括号、逗号和换行".into(), "check quotes, brackets, commas and line ends".into()),
        );
    }
}
