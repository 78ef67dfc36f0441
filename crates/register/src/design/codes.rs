//! What differs between two code lists, and where their codes are used. Pure.

use serde_json::{Value, json};

use super::compare::{BASE, Difference, Differences, Hit, Question, of};
use crate::code::CodeList;
use crate::definition::{FieldType, LedgerDefinition};

/// From one code list to another (none: taken away). `uses` are the places whose values are codes of the list: ledger
/// and path.
pub fn compare_codes(
    old: Option<&CodeList>,
    new: Option<&CodeList>,
    base: Option<&CodeList>,
    uses: &[(String, String)],
) -> Vec<Difference> {
    let mut found = Differences { ledger: String::new(), list: Vec::new() };
    let (Some(old), Some(new)) = (old, new) else {
        if let Some(new) = new {
            let what = (format!("新代码表“{}”", new.name.zh), format!("new code list “{}”", new.name.en));
            found.fine("codes", what, (Value::Null, json!(new.codes.len())));
        } else if let Some(old) = old {
            // A ledger that still names it is reported with the catalog.
            let what =
                (format!("去掉代码表“{}”", old.name.zh), format!("the code list “{}” is taken away", old.name.en));
            found.fine("codes", what, (json!(old.codes.len()), Value::Null));
        }
        return found.list;
    };
    if (&old.name, &old.source) != (&new.name, &new.source) {
        let what = ("名称或出处改了".to_owned(), "another name or source".to_owned());
        found.fine("name", what, (json!([old.name, old.source]), json!([new.name, new.source])));
    }
    for code in &new.codes {
        let path = format!("code.{}", code.code);
        match old.find(&code.code) {
            None => {
                let what = (format!("新代码“{}”", code.code), format!("new code `{}`", code.code));
                found.fine(path, what, (Value::Null, of(&code.name)));
            }
            Some(before) if before != code => {
                let (zh, en) = match (before.retired, code.retired) {
                    (false, true) => {
                        ("停用：已填的仍可读，不能再填", "retired: readable where it stands, taken no more")
                    }
                    (true, false) => ("重新启用", "in use again"),
                    _ => ("改了名称或颜色", "another name or colour"),
                };
                let what = (format!("代码“{}”{zh}", code.code), format!("code `{}`: {en}", code.code));
                found.fine(path, what, (of(before), of(code)));
            }
            Some(_) => {}
        }
    }
    for code in old.codes.iter().filter(|code| new.find(&code.code).is_none()) {
        let path = format!("code.{}", code.code);
        let what = || (format!("去掉代码“{}”", code.code), format!("the code `{}` is taken away", code.code));
        let values = || (of(&code.name), Value::Null);
        if base.is_some_and(|base| base.find(&code.code).is_some()) {
            found.add(path, what(), values(), (None, Hit::Refuse), BASE);
            continue;
        }
        found.fine(path.clone(), what(), values());
        for (ledger, place) in uses {
            found.ledger.clone_from(ledger);
            let question = Question::HasCode(place.clone(), code.code.clone());
            let why = ("有记录用了它", "records use it");
            found.add(format!("{path}.{ledger}.{place}"), what(), values(), (Some(question), Hit::Refuse), why);
        }
        found.ledger.clear();
    }
    found.list
}

/// Every place of the ledgers whose values are codes of a list: ledger and path.
pub fn uses_of<'l>(ledgers: impl Iterator<Item = &'l LedgerDefinition>, list: &str) -> Vec<(String, String)> {
    let has = |kind: &FieldType| match kind {
        FieldType::Code(known) => known == list,
        FieldType::List(items) => matches!(&**items, FieldType::Code(known) if known == list),
        _ => false,
    };
    let mut found = Vec::new();
    for ledger in ledgers {
        for field in &ledger.fields {
            if has(&field.kind) {
                found.push((ledger.id.clone(), field.id.clone()));
            }
            if let FieldType::Table(columns) = &field.kind {
                let columns = columns.iter().filter(|column| has(&column.kind));
                found.extend(columns.map(|column| (ledger.id.clone(), format!("{}.{}", field.id, column.id))));
            }
        }
    }
    found
}
