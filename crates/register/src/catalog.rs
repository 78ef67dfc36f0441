//! All ledger definitions and code lists that hold for a county.

use std::collections::BTreeMap;

use crate::cell;
use crate::code::CodeList;
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::location::Extent;
use crate::problem::{Findings, PackProblem, Position, ProblemCode};

/// Text files by path inside their folder, with `/`.
pub type Files = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub struct Catalog {
    ledgers: BTreeMap<String, LedgerDefinition>,
    codes: BTreeMap<String, CodeList>,
    /// Every location must lie within; the county pack sets it.
    pub extent: Extent,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { ledgers: BTreeMap::new(), codes: BTreeMap::new(), extent: Extent::WORLD }
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

    /// Reads `ledgers/*.toml` and `codes/*.toml`; nothing is kept when anything is wrong.
    pub fn load(files: &Files) -> Result<Self, Vec<PackProblem>> {
        let mut findings = Findings::new();
        let mut catalog = Self::default();
        catalog.extend(files, &mut findings);
        if findings.is_empty() { Ok(catalog) } else { Err(findings.finish(|file| files.get(file).cloned())) }
    }

    /// Adds the definitions of a folder; an id that exists already is reported.
    pub fn extend(&mut self, files: &Files, findings: &mut Findings) {
        let mut places = Vec::new();
        for (file, text) in files {
            let ledger = file.starts_with("ledgers/");
            if !(ledger || file.starts_with("codes/")) || !file.ends_with(".toml") {
                continue;
            }
            let table = match cell::from_toml(text) {
                Ok(table) => table,
                Err(errors) => {
                    report_syntax(file, ProblemCode::TomlSyntax, errors, findings);
                    continue;
                }
            };
            let id = if ledger {
                let definition = LedgerDefinition::parse(file, &table, findings);
                let id = definition.id.clone();
                places.push((file.clone(), id.clone()));
                self.ledgers.insert(id.clone(), definition).map(|_| id)
            } else {
                let list = CodeList::parse(file, &table, findings);
                let id = list.id.clone();
                self.codes.insert(id.clone(), list).map(|_| id)
            };
            if let Some(id) = id {
                findings.add(
                    file,
                    Position::START,
                    ProblemCode::DuplicateDefinition,
                    (format!("“{id}”已有定义"), format!("`{id}` is defined already")),
                    ("换一个 id".into(), "use another id".into()),
                );
            }
        }
        for (file, id) in places {
            let Some(definition) = self.ledgers.get(&id) else { continue };
            self.check_fields(&file, &definition.fields, findings);
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
