//! What a designed definition must keep beside what every definition must: names that formulas can use, sizes that
//! forms can show.

use super::sense;
use crate::catalog::{Catalog, Part, PartKind};
use crate::definition::{Field, FieldType};
use crate::problem::{Findings, PackProblem, Position, ProblemCode};

const MOST_FIELDS: usize = 200;
const MOST_COLUMNS: usize = 60;
const MOST_CODES: usize = 5_000;
const LONGEST_ID: usize = 40;
/// Words that a CEL expression cannot have as a variable.
const CEL_WORDS: [&str; 24] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "today",
    "has",
    "size",
];

/// Everything wrong with a definition of the catalog as the work of a designer.
pub fn complaints(catalog: &Catalog, part: &Part) -> Vec<PackProblem> {
    let mut findings = Findings::new();
    let file = part.file();
    let mut report = |code, zh: String, en: String, hint: (&str, &str)| {
        findings.add(&file, Position::START, code, (zh, en), (hint.0.to_owned(), hint.1.to_owned()));
    };
    const NAMES: (&str, &str) =
        ("小写字母开头，小写字母、数字和下划线", "small letters, digits and underscores, a letter first");
    if !is_name(&part.id) {
        report(
            ProblemCode::BadFormat,
            format!("id“{}”写法不对", part.id),
            format!("`{}` is not a fitting id", part.id),
            NAMES,
        );
    }
    match part.kind {
        PartKind::Codes => {
            let codes = catalog.code_list(&part.id).map_or(0, |list| list.codes.len());
            if codes == 0 || codes > MOST_CODES {
                report(
                    ProblemCode::TooLarge,
                    format!("代码表有 {codes} 个代码"),
                    format!("the code list has {codes} codes"),
                    ("1 到 5000 个", "from 1 to 5,000"),
                );
            }
        }
        PartKind::Ledger => {
            let Some(ledger) = catalog.ledger(&part.id) else { return findings.finish(|_| None) };
            let columns = |field: &Field| match &field.kind {
                FieldType::Table(columns) => columns.clone(),
                _ => Vec::new(),
            };
            let sizes = ledger.fields.iter().map(|field| columns(field).len()).max().unwrap_or(0);
            if ledger.fields.len() > MOST_FIELDS || sizes > MOST_COLUMNS {
                report(
                    ProblemCode::TooLarge,
                    format!("{} 个字段，最宽的表 {sizes} 列", ledger.fields.len()),
                    format!("{} fields, the widest table has {sizes} columns", ledger.fields.len()),
                    ("最多 200 个字段、60 列", "at most 200 fields and 60 columns"),
                );
            }
            for field in ledger.fields.iter().flat_map(|field| [vec![field.clone()], columns(field)].concat()) {
                if !is_name(&field.id) {
                    report(
                        ProblemCode::BadFormat,
                        format!("字段编号“{}”写法不对", field.id),
                        format!("`{}` is not a fitting field id", field.id),
                        NAMES,
                    );
                }
                if field.retired && field.required {
                    report(
                        ProblemCode::WrongShape,
                        format!("停用的字段“{}”不能必填", field.id),
                        format!("the retired field `{}` cannot be required", field.id),
                        ("去掉 required 或 retired", "drop `required` or `retired`"),
                    );
                }
            }
            let key = ledger.field(&ledger.key);
            let title = ledger.field(&ledger.title);
            if key.is_none_or(|key| !key.required || !matches!(key.kind, FieldType::Text | FieldType::Code(_)))
                || title.is_none_or(|title| !title.required)
                || key.is_some_and(|key| key.sensitive)
                || title.is_some_and(|title| title.sensitive)
                || ledger.title_en.as_deref().and_then(|field| ledger.field(field)).is_some_and(|field| field.sensitive)
            {
                report(
                    ProblemCode::WrongShape,
                    "编号字段要是必填的文本，名称字段要必填，都不能敏感".to_owned(),
                    "the key must be required text, the title required, neither sensitive".to_owned(),
                    ("改正 key 和 title 指的字段", "correct the fields that `key` and `title` name"),
                );
            }
            for (zh, en) in sense::complaints(catalog, ledger) {
                report(ProblemCode::WrongShape, zh, en, ("改正这一处", "correct it"));
            }
            for filter in &ledger.filters {
                let unfit = ledger.field(filter).is_some_and(|field| {
                    field.sensitive || matches!(field.kind, FieldType::Table(_) | FieldType::Location)
                });
                if unfit {
                    report(
                        ProblemCode::WrongShape,
                        format!("不能按“{filter}”筛选：敏感，或是表、位置"),
                        format!("`{filter}` cannot be a filter: sensitive, a table or a place"),
                        ("从 filters 里去掉", "take it out of `filters`"),
                    );
                }
            }
        }
    }
    findings.finish(|_| None)
}

fn is_name(id: &str) -> bool {
    id.len() <= LONGEST_ID
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        && !CEL_WORDS.contains(&id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn check(text: &str, expect: &[&str]) {
        let part = Part { kind: PartKind::Ledger, id: "shed".into() };
        let text: Arc<str> = format!(
            "id = 'shed'\nname = {{ zh = '棚', en = 'shed' }}\ngroup = 'rural'\nkey = 'number'\ntitle = 'number'\n[[field]]\nid = 'number'\ntype = 'text'\nrequired = true\nlabel = {{ zh = '编号', en = 'number' }}\n{text}"
        )
        .into();
        let catalog = crate::built_in::catalog().unwrap().with(&[(part.clone(), Some(text))]).unwrap();
        let found: Vec<String> = complaints(&catalog, &part).iter().map(|problem| problem.what.en.clone()).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn names_that_formulas_cannot_use_are_refused() {
        let field = |id: &str| format!("[[field]]\nid = '{id}'\ntype = 'text'\nlabel = {{ zh = 'x', en = 'x' }}\n");
        check(&field("roof_m2"), &[]);
        check(&field("Roof"), &["`Roof` is not a fitting field id"]);
        check(&field("in"), &["`in` is not a fitting field id"]);
        check(&field("2nd"), &["`2nd` is not a fitting field id"]);
        check(&field("屋顶"), &["`屋顶` is not a fitting field id"]);
        check(
            &format!("{}required = true\nretired = true\n", field("old")),
            &["the retired field `old` cannot be required"],
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let field = |id: &str, kind: &str, label: &str| {
            format!("[[field]]\nid = '{id}'\ntype = '{kind}'\nlabel = {{ zh = '{label}', en = 'x' }}\n")
        };
        let colour = |when: &str| {
            format!("[[colour]]\nwhen = \"{when}\"\ncolour = '#c0392b'\nname = {{ zh = '红', en = 'red' }}\n")
        };
        let derived = |formula: &str| {
            format!("[[derived]]\nid = 'd'\nformula = \"{formula}\"\nlabel = {{ zh = '派', en = 'd' }}\n")
        };
        let fields = [field("amount", "decimal", "数量"), field("kind", "text", "类别")].concat();
        check(&[field("a", "text", "甲"), field("b", "text", "甲")].concat(), &["two fields are called `甲`"]);
        check(
            &[field("a", "text", "b"), field("b", "text", "乙")].concat(),
            &["the label of `a` is the id of another field, `b`"],
        );
        for rule in ["amount > 1.0", "kind == 'x'", "int(kind) > 3", "amount / 0.0 > 1.0", "kind < today"] {
            check(&format!("{fields}{}", colour(rule)), &[]);
        }
        for rule in ["number", "kind + 'x'", "kind > 5"] {
            let expect = format!("`{rule}` is no condition: it is neither true nor false");
            check(&format!("{fields}{}", colour(rule)), &[&expect]);
        }
        for formula in ["amount * 2.0", "amount * double(kind)", "kind + 'x'"] {
            check(&format!("{fields}{}", derived(formula)), &[]);
        }
        for formula in ["kind * 2", "amount / kind"] {
            let expect = format!("the formula `{formula}` of `d` cannot be computed over fields of these types");
            check(&format!("{fields}{}", derived(formula)), &[&expect]);
        }
    }

    #[test]
    fn every_built_in_definition_keeps_them() {
        let catalog = crate::built_in::catalog().unwrap();
        for (part, _) in catalog.sources() {
            let found = complaints(&catalog, part);
            assert!(found.is_empty(), "{part:?}: {found:?}");
        }
    }
}
