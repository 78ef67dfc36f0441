//! SQL of links: which records name a record, now or at a moment.
//!
//! A field that is one link is indexed. A list of links and a link in a row of a table are not: the records of such
//! ledgers are looked through page by page, those only whose text holds the key.

use std::collections::HashSet;

use kernel::{Division, Id, Timestamp};
use serde_json::Value as Json;
use store::{Migration, Reader, StoreError, Value};

use crate::catalog::Catalog;
use crate::definition::{Field, FieldType, LedgerDefinition};
use crate::record::{Content, Record};
use crate::rows;

/// What was written since a moment, for looking back from there. Counted apart from the tables of records: both may
/// grow without waiting for each other's numbers.
pub const CHANGED: Migration = Migration {
    mechanism: "register_links",
    number: 1,
    sql: "CREATE INDEX record_changed ON record (division, ledger, updated_at, id)",
};

/// Records that a refusal names.
const SHOWN: usize = 5;
/// Records that one question about links gives at most.
const MOST_LINKING: usize = 2_000;
/// Records that are looked through at once.
const PAGE: i64 = 500;

/// A field that can hold links to a ledger: as one link, in a list, or in a column.
pub(crate) fn can_name(field: &Field, ledger: &str) -> bool {
    let among = |ledgers: &[String]| ledgers.iter().any(|known| known == ledger);
    match &field.kind {
        FieldType::Link(ledgers) => among(ledgers),
        FieldType::List(items) => matches!(&**items, FieldType::Link(ledgers) if among(ledgers)),
        FieldType::Table(columns) => columns.iter().any(|column| can_name(column, ledger)),
        _ => false,
    }
}

/// A link as it is written: with the ledger where there are several to choose from.
pub(crate) fn written(ledgers: &[String], ledger: &str, key: &str) -> String {
    if ledgers.len() == 1 { key.to_owned() } else { format!("{ledger}:{key}") }
}

/// Links of a ledger's records to others of the same ledger, one in a field: what lies above a record (the body that
/// it belongs to, the river that it flows into).
pub(crate) fn own_links<'c>(definition: &'c LedgerDefinition, content: &'c Content) -> Vec<(&'c Field, &'c str)> {
    let links = definition.fields.iter().filter_map(|field| {
        let FieldType::Link(ledgers) = &field.kind else { return None };
        let link = content.text(&field.id)?;
        let key = match ledgers.as_slice() {
            [only] => (*only == definition.id).then_some(link),
            _ => link.strip_prefix(definition.id.as_str()).and_then(|rest| rest.strip_prefix(':')),
        };
        Some((field, key?))
    });
    links.collect()
}

/// The one of these links that a field holds.
pub(crate) fn own_link(definition: &LedgerDefinition, content: &Content, field: &str) -> Option<String> {
    let links = own_links(definition, content);
    links.into_iter().find(|(known, _)| known.id == field).map(|(_, key)| key.to_owned())
}

/// Records that may lie above each other.
pub(crate) const MOST_ABOVE: usize = 100;

/// The way from a record up through one field when it comes back to the record, or does not end.
pub(crate) fn circle<E>(
    key: &str,
    above: &str,
    mut further: impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<Option<Vec<String>>, E> {
    let mut path = vec![key.to_owned(), above.to_owned()];
    while let Some(last) = path.last().filter(|last| *last != key) {
        if path.len() > MOST_ABOVE {
            return Ok(Some(path));
        }
        let Some(next) = further(last)? else { return Ok(None) };
        // Others may run in a circle since before this was refused; that is not this record's doing.
        if next != key && path.contains(&next) {
            return Ok(None);
        }
        path.push(next);
    }
    Ok(Some(path))
}

/// What is said of such a way.
pub(crate) fn circular(path: &[String]) -> kernel::Name {
    const SHOWN_ABOVE: usize = 12;
    let mut shown: Vec<&str> = path.iter().take(SHOWN_ABOVE).map(String::as_str).collect();
    if path.len() > SHOWN_ABOVE {
        shown.push("…");
    }
    let way = shown.join(" → ");
    kernel::Name::new(format!("上下级循环：{way}"), format!("circular link: {way}"))
}

/// That a value names the record.
fn names(field: &Field, value: &Json, ledger: &str, key: &str) -> bool {
    if !can_name(field, ledger) {
        return false;
    }
    let is = |ledgers: &[String], item: &Json| item.as_str() == Some(written(ledgers, ledger, key).as_str());
    match (&field.kind, value) {
        (FieldType::Link(ledgers), item) => is(ledgers, item),
        (FieldType::List(items), Json::Array(list)) => {
            matches!(&**items, FieldType::Link(ledgers) if list.iter().any(|item| is(ledgers, item)))
        }
        (FieldType::Table(columns), Json::Array(rows)) => rows.iter().any(|row| {
            columns.iter().any(|column| row.get(&column.id).is_some_and(|cell| names(column, cell, ledger, key)))
        }),
        _ => false,
    }
}

/// That a record's content names the record somewhere.
fn content_names(definition: &LedgerDefinition, content: &Content, ledger: &str, key: &str) -> bool {
    definition
        .fields
        .iter()
        .any(|field| content.values.get(&field.id).is_some_and(|value| names(field, value, ledger, key)))
}

/// Pattern of contents that may hold the key; `%` and `_` in it let through a few more, which are looked at anyway.
fn pattern(key: &str) -> String {
    // As JSON writes it, without the first quotation mark: `ledger:key` ends the same.
    let quoted = Json::String(key.to_owned()).to_string();
    format!("%{}%", quoted.strip_prefix('"').unwrap_or(&quoted))
}

/// Who is asked for: records that name this one.
struct Named<'n> {
    reader: &'n dyn Reader,
    division: Division,
    ledger: &'n str,
    key: &'n str,
}

impl Named<'_> {
    /// Living records of a ledger that say it in one field which is one link, by key.
    fn by_link(&self, definition: &LedgerDefinition, field: &Field, most: usize) -> Result<Vec<Record>, StoreError> {
        let FieldType::Link(ledgers) = &field.kind else { return Ok(Vec::new()) };
        let value = written(ledgers, self.ledger, self.key);
        rows::with_value(self.reader, self.division, (&definition.id, &field.id, &value), count(most))
    }

    /// Living records of a ledger that say it in a list or a table, by key.
    fn by_looking(&self, definition: &LedgerDefinition, most: usize) -> Result<Vec<Record>, StoreError> {
        let (mut found, mut after) = (Vec::new(), String::new());
        while found.len() < most {
            let page =
                rows::by_key_with(self.reader, self.division, (&definition.id, &pattern(self.key)), &after, PAGE)?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.content.key);
            found.extend(page.into_iter().filter(|one| self.is_named_by(definition, &one.content)));
        }
        found.truncate(most);
        Ok(found)
    }

    fn is_named_by(&self, definition: &LedgerDefinition, content: &Content) -> bool {
        content_names(definition, content, self.ledger, self.key)
    }

    /// Living records of a ledger that name it, each once.
    fn living(&self, definition: &LedgerDefinition, most: usize) -> Result<Vec<Record>, StoreError> {
        let (mut found, mut known) = (Vec::new(), HashSet::new());
        let mut to_look = false;
        for field in definition.fields.iter().filter(|field| can_name(field, self.ledger)) {
            match field.kind {
                FieldType::Link(_) => {
                    let linked = self.by_link(definition, field, most)?;
                    found.extend(linked.into_iter().filter(|record| known.insert(record.id)));
                }
                _ => to_look = true,
            }
        }
        if to_look {
            let linked = self.by_looking(definition, most)?;
            found.extend(linked.into_iter().filter(|record| known.insert(record.id)));
        }
        found.truncate(most);
        Ok(found)
    }
}

fn count(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// Some living records (`ledger:key`) that name a record; itself does not count.
pub fn linking(
    reader: &dyn Reader,
    division: Division,
    catalog: &Catalog,
    record: &Record,
) -> Result<Vec<String>, StoreError> {
    let named = Named { reader, division, ledger: &record.ledger, key: &record.content.key };
    let mut users = Vec::new();
    for definition in catalog.ledgers() {
        let found = named.living(definition, SHOWN + 1)?;
        let others = found.into_iter().filter(|user| user.id != record.id);
        users.extend(others.map(|user| format!("{}:{}", definition.id, user.content.key)));
        if users.len() >= SHOWN {
            break;
        }
    }
    users.truncate(SHOWN);
    Ok(users)
}

/// Living records that name a record, by ledger and key; each once. With it whether a ledger has more of them.
pub fn all_linking(
    reader: &dyn Reader,
    division: Division,
    catalog: &Catalog,
    ledger: &str,
    key: &str,
) -> Result<(Vec<Record>, bool), StoreError> {
    let named = Named { reader, division, ledger, key };
    let (mut found, mut more) = (Vec::new(), false);
    for definition in catalog.ledgers() {
        let mut living = named.living(definition, MOST_LINKING + 1)?;
        more |= cut(&mut living);
        found.append(&mut living);
    }
    Ok((found, more))
}

/// Leaves as many as one answer has of a ledger; says whether there were more.
fn cut<T>(found: &mut Vec<T>) -> bool {
    let more = found.len() > MOST_LINKING;
    found.truncate(MOST_LINKING);
    more
}

/// A record as it stood at a moment, and whom it belongs to now.
pub struct Then {
    pub record: Record,
    pub owner_now: Option<String>,
}

/// Records that named a record at a moment, as they stood then, by ledger and key. With it whether a ledger has more.
pub fn linking_at(
    reader: &dyn Reader,
    division: Division,
    catalog: &Catalog,
    (ledger, key): (&str, &str),
    at: Timestamp,
) -> Result<(Vec<Then>, bool), StoreError> {
    let named = Named { reader, division, ledger, key };
    let (mut all, mut more) = (Vec::new(), false);
    for definition in catalog.ledgers() {
        if !definition.fields.iter().any(|field| can_name(field, ledger)) {
            continue;
        }
        // What nobody touched since stands as it stood.
        let still = named.living(definition, MOST_LINKING + 1)?.into_iter().filter(|record| record.updated_at <= at);
        let mut found: Vec<Then> =
            still.map(|record| Then { owner_now: record.content.owner.clone(), record }).collect();
        let mut after = (at, Id(i64::MAX));
        while found.len() <= MOST_LINKING {
            let page = changed_since(&named, &definition.id, at, after)?;
            let Some(last) = page.last() else { break };
            after = last.0;
            let named = page.into_iter().filter(|(_, one)| named.is_named_by(definition, &one.record.content));
            found.extend(named.map(|(_, one)| one));
        }
        more |= cut(&mut found);
        found.sort_by(|left, right| left.record.content.key.cmp(&right.record.content.key));
        all.append(&mut found);
    }
    Ok((all, more))
}

/// When a record was changed last, and which it is: where a page goes on.
type Place = (Timestamp, Id);

/// Records that were changed after a moment and lived then, as they stood, in the order of their change.
fn changed_since(
    named: &Named<'_>,
    ledger: &str,
    at: Timestamp,
    after: Place,
) -> Result<Vec<(Place, Then)>, StoreError> {
    let sql = "SELECT r.updated_at, r.id, r.owner, v.revision, v.content, v.at, v.actor_name
         FROM record r JOIN record_revision v ON v.division = r.division AND v.record = r.id
         WHERE r.division = $1 AND r.ledger = $2 AND r.updated_at >= $3
           AND (r.updated_at > $3 OR r.id > $4) AND v.deleted IS NULL AND v.content LIKE $5
           AND v.revision = (SELECT MAX(w.revision) FROM record_revision w
             WHERE w.division = $1 AND w.record = r.id AND w.at <= $6)
         ORDER BY r.updated_at, r.id LIMIT $7";
    let parameters: [Value; 7] = [
        named.division.into(),
        ledger.into(),
        after.0.into(),
        after.1.into(),
        pattern(named.key).into(),
        at.into(),
        PAGE.into(),
    ];
    let found = named.reader.query(sql, &parameters)?;
    let then = |row: &store::Row| {
        let record = Record {
            id: row.id(1)?,
            ledger: ledger.to_owned(),
            revision: row.integer(3)?,
            content: rows::content_of(row.text(4)?)?,
            updated_at: row.time(5)?,
            updated_by: row.text(6)?.to_owned(),
            deleted: None,
        };
        Ok(((row.time(0)?, row.id(1)?), Then { record, owner_now: row.optional_text(2)?.map(str::to_owned) }))
    };
    found.iter().map(then).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(kind: FieldType) -> Field {
        Field {
            id: "of".into(),
            label: kernel::Name::new("对象", "of"),
            help: None,
            kind,
            unit: None,
            required: false,
            unique: false,
            public: false,
            sensitive: false,
            min: None,
            max: None,
            max_length: 100,
            format: None,
            retired: false,
        }
    }

    fn link(ledgers: &[&str]) -> FieldType {
        FieldType::Link(ledgers.iter().map(|ledger| (*ledger).to_owned()).collect())
    }

    /// A field of this kind with this value names `enterprise:e1`.
    fn check(kind: FieldType, value: Json, expect: bool) {
        assert_eq!(names(&field(kind.clone()), &value, "enterprise", "e1"), expect, "{kind:?} {value}");
    }

    #[test]
    fn a_way_up_that_comes_back_or_does_not_end_is_given() {
        let check = |key: &str, above: &str, known: &[(&str, &str)], expect: Option<&str>| {
            let further = |key: &str| -> Result<Option<String>, ()> {
                Ok(known.iter().find(|(from, _)| *from == key).map(|(_, to)| (*to).to_owned()))
            };
            let found = circle(key, above, further).unwrap();
            assert_eq!(found.map(|path| path.join(" ")).as_deref(), expect, "{key} {above} {known:?}");
        };
        check("a", "a", &[], Some("a a"));
        check("a", "b", &[], None);
        check("a", "b", &[("b", "c"), ("c", "a")], Some("a b c a"));
        check("a", "b", &[("b", "c"), ("c", "b")], None);
        let endless = |key: &str| -> Result<Option<String>, ()> { Ok(Some(format!("{key}x"))) };
        assert_eq!(circle("a", "b", endless).unwrap().map(|path| path.len()), Some(MOST_ABOVE + 1));
    }

    #[test]
    fn links_in_lists_and_tables_name_a_record_as_single_ones_do() {
        check(link(&["enterprise"]), json!("e1"), true);
        check(link(&["enterprise"]), json!("e12"), false);
        check(link(&["body"]), json!("e1"), false);
        check(link(&["body", "enterprise"]), json!("enterprise:e1"), true);
        check(link(&["body", "enterprise"]), json!("body:e1"), false);
        let list = || FieldType::List(Box::new(link(&["enterprise"])));
        check(list(), json!(["e0", "e1"]), true);
        check(list(), json!(["e0"]), false);
        check(FieldType::List(Box::new(FieldType::Text)), json!(["e1"]), false);
        let table = || FieldType::Table(vec![field(link(&["body", "enterprise"]))]);
        check(table(), json!([{ "of": "body:e1" }, { "of": "enterprise:e1" }]), true);
        check(table(), json!([{ "other": "enterprise:e1" }]), false);
        assert_eq!(pattern("a\"b"), "%a\\\"b\"%");
    }
}
