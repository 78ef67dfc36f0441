//! Code lists (代码表): the values a `code` field may have, with names in both languages.

use kernel::Name;

use crate::cell::Table;
use crate::problem::{Findings, Position, ProblemCode};
use crate::reader::TableReader;

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Code {
    pub code: String,
    pub name: Name,
    /// Colour of the state or class on maps and charts, `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// 停用: stays readable where a record says it, and is neither offered nor taken anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

/// One file of `model/codes`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CodeList {
    pub id: String,
    pub name: Name,
    /// Where the codes come from, such as a standard and clause.
    pub source: String,
    pub codes: Vec<Code>,
}

impl CodeList {
    pub fn find(&self, code: &str) -> Option<&Code> {
        self.codes.iter().find(|known| known.code == code)
    }

    pub fn parse(file: &str, table: &Table, findings: &mut Findings) -> Self {
        let mut reader = TableReader::new(file, Position::START, table);
        let id = reader.text("id", findings);
        let name = reader.name("name", findings);
        let source = reader.text("source", findings);
        let mut codes: Vec<Code> = Vec::new();
        for mut item in reader.tables("code", findings) {
            let code = item.text("code", findings);
            let name = item.name("name", findings);
            let colour = item.optional_text("colour", findings);
            if codes.iter().any(|known| known.code == code) {
                findings.add(
                    file,
                    item.at,
                    ProblemCode::DuplicateDefinition,
                    (format!("代码“{code}”出现两次"), format!("code `{code}` appears twice")),
                    ("删去其中一个".into(), "remove one of them".into()),
                );
            }
            let retired = item.flag("retired", false, findings);
            item.finish(findings);
            codes.push(Code { code, name, colour, retired });
        }
        reader.finish(findings);
        Self { id, name, source, codes }
    }
}
