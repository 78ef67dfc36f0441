//! SQL of the lists of a ledger. A list never looks at more of a large ledger than it must:
//!
//! 1. Each filter, each pair of characters and the owner is counted in its index, up to a bound; the rarest drives.
//! 2. Where several filters are all common, the blocks of their values are crossed: so few rows that filters which
//!    never meet, or seldom, are found to do so at once.
//! 3. Otherwise from the rarest one match more than the bound is gathered. Fewer: they are all, and are sorted by key.
//! 4. More: the page is read in the order of keys from an index that has it, and stops at its end.

use kernel::{Division, Id};
use store::{Migration, Reader, StoreError, Value};

use crate::block_rows::{self, Met};
use crate::record::Record;
use crate::rows;

/// `record_value` takes the place of `record_field`: with `living` and the key it answers a filter in the order of the
/// list without looking at the records. `deleted` stands in the indexes of records because SQLite takes an index for
/// covering only when it holds every column that is named, those of its own condition too.
pub const LISTS: Migration = Migration {
    mechanism: "register",
    number: 3,
    sql: "CREATE TABLE record_value (
            division BIGINT NOT NULL, ledger TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
            living BIGINT NOT NULL, record_key TEXT NOT NULL, record BIGINT NOT NULL,
            PRIMARY KEY (division, ledger, field, value, living, record_key, record));
          INSERT INTO record_value (division, ledger, field, value, living, record_key, record)
            SELECT f.division, f.ledger, f.field, f.value, CASE WHEN r.deleted IS NULL THEN 1 ELSE 0 END,
              r.record_key, f.record
            FROM record_field f JOIN record r ON r.division = f.division AND r.id = f.record;
          DROP TABLE record_field;
          CREATE INDEX record_value_record ON record_value (division, record);
          CREATE INDEX record_living ON record (division, ledger, record_key, id, deleted) WHERE deleted IS NULL;
          CREATE INDEX record_deleted ON record (division, ledger, record_key, id, deleted) WHERE deleted IS NOT NULL;
          CREATE INDEX record_owned ON record (division, ledger, owner, record_key, id, deleted)
            WHERE deleted IS NULL AND owner IS NOT NULL",
};

/// Matches that a list counts.
pub const MOST_COUNTED: i64 = 10_000;
/// Grams that are looked up at most; the text itself is compared afterwards.
const MOST_GRAMS: usize = 6;

/// What a list asks for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub ledger: String,
    /// Only records of this owner.
    pub owner: Option<String>,
    pub filters: Vec<(String, String)>,
    /// Words, as [`crate::search::folded`] gives them, that the record contains all of, in whatever order.
    pub text: Option<String>,
    pub deleted: bool,
    pub limit: i64,
    pub offset: i64,
    /// Matches are counted up to here; [`MOST_COUNTED`] but in tests.
    pub count_to: i64,
}

/// A page of records by key.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub records: Vec<Record>,
    /// How many there are; when there are `more`, at least so many.
    pub total: i64,
    pub more: bool,
}

/// One thing that a match must have, each with an index of its own.
#[derive(Clone, Debug, PartialEq)]
enum Must {
    Value(String, String),
    Owner(String),
    Gram(String),
}

/// Where the search begins.
#[derive(Clone, Debug, PartialEq)]
enum Driver {
    /// All records of the ledger, by key.
    Ledger,
    /// Those that have the condition of this place; all but grams give them by key.
    Must(usize),
}

struct Plan<'w> {
    division: Division,
    wanted: &'w Wanted,
    musts: Vec<Must>,
    /// What the text of a record must contain, beside its grams.
    words: Vec<String>,
}

/// A statement that is being put together.
struct Statement {
    sql: String,
    parameters: Vec<Value>,
}

impl Statement {
    /// Adds a value and gives its place.
    fn put(&mut self, value: impl Into<Value>) -> String {
        self.parameters.push(value.into());
        format!("${}", self.parameters.len())
    }
}

fn like(word: &str, statement: &mut Statement) -> String {
    let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("t.search LIKE {} ESCAPE '\\'", statement.put(format!("%{escaped}%")))
}

impl<'w> Plan<'w> {
    fn new(division: Division, wanted: &'w Wanted) -> Self {
        let mut musts: Vec<Must> =
            wanted.filters.iter().map(|(field, value)| Must::Value(field.clone(), value.clone())).collect();
        musts.extend(wanted.owner.clone().map(Must::Owner));
        let mut words = Vec::new();
        let mut left = MOST_GRAMS;
        for word in crate::search::words(wanted.text.as_deref().unwrap_or_default()) {
            let grams: Vec<Must> = crate::search::grams(&word).into_iter().take(left).map(Must::Gram).collect();
            left -= grams.len();
            // A word of one pair is contained exactly where the pair is.
            if word.chars().count() != 2 || grams.is_empty() {
                words.push(word);
            }
            musts.extend(grams);
        }
        Self { division, wanted, musts, words }
    }

    /// Filters are all that is asked.
    fn only_values(&self) -> bool {
        self.words.is_empty() && self.musts.iter().all(|must| matches!(must, Must::Value(..)))
    }

    fn begin(&self) -> Statement {
        let parameters = vec![self.division.into(), (&self.wanted.ledger).into()];
        Statement { sql: String::new(), parameters }
    }

    /// `deleted` of the records that are asked for.
    fn alive(&self) -> &'static str {
        if self.wanted.deleted { "IS NOT NULL" } else { "IS NULL" }
    }

    fn living(&self) -> i64 {
        i64::from(!self.wanted.deleted)
    }

    /// The rows of a driver as `d`, and the names of a match's id and key among them.
    fn from(&self, driver: &Driver, statement: &mut Statement) -> (&'static str, &'static str) {
        let must = match driver {
            Driver::Ledger => None,
            Driver::Must(place) => self.musts.get(*place),
        };
        let (text, names) = match must {
            None => {
                (format!("record d WHERE d.division = $1 AND d.ledger = $2 AND d.deleted {}", self.alive()), RECORD)
            }
            Some(Must::Owner(owner)) => {
                let owner = statement.put(owner);
                let alive = self.alive();
                let text = format!(
                    "record d WHERE d.division = $1 AND d.ledger = $2 AND d.deleted {alive} AND d.owner = {owner}"
                );
                (text, RECORD)
            }
            Some(Must::Value(field, value)) => {
                let (field, value, living) = (statement.put(field), statement.put(value), self.living());
                let text = format!(
                    "record_value d WHERE d.division = $1 AND d.ledger = $2 AND d.field = {field} AND d.value = {value}
                     AND d.living = {living}"
                );
                (text, ("d.record", "d.record_key"))
            }
            // CROSS JOIN keeps the order of the tables: each gram leads to its record.
            Some(Must::Gram(gram)) => {
                let (gram, alive) = (statement.put(gram), self.alive());
                let text = format!(
                    "record_gram d CROSS JOIN record r WHERE d.division = $1 AND d.ledger = $2 AND d.gram = {gram}
                     AND r.division = $1 AND r.id = d.record AND r.deleted {alive}"
                );
                (text, ("d.record", "r.record_key"))
            }
        };
        statement.sql.push_str(&text);
        names
    }

    /// What the driver does not say by itself.
    fn conditions(&self, driver: &Driver, (id, key): (&str, &str), statement: &mut Statement) {
        let mut parts = Vec::new();
        for (place, must) in self.musts.iter().enumerate() {
            if *driver == Driver::Must(place) {
                continue;
            }
            parts.push(match must {
                Must::Value(field, value) => {
                    let (field, value, living) = (statement.put(field), statement.put(value), self.living());
                    format!(
                        "EXISTS (SELECT 1 FROM record_value v WHERE v.division = $1 AND v.ledger = $2
                         AND v.field = {field} AND v.value = {value} AND v.living = {living}
                         AND v.record_key = {key} AND v.record = {id})"
                    )
                }
                Must::Owner(owner) => {
                    let owner = statement.put(owner);
                    format!(
                        "EXISTS (SELECT 1 FROM record o WHERE o.division = $1 AND o.id = {id} AND o.owner = {owner})"
                    )
                }
                Must::Gram(gram) => {
                    let gram = statement.put(gram);
                    format!(
                        "EXISTS (SELECT 1 FROM record_gram g WHERE g.division = $1 AND g.ledger = $2 AND g.gram = {gram}
                         AND g.record = {id})"
                    )
                }
            });
        }
        if !self.words.is_empty() {
            let likes: Vec<String> = self.words.iter().map(|word| like(word, statement)).collect();
            let likes = likes.join(" AND ");
            parts.push(format!("EXISTS (SELECT 1 FROM record t WHERE t.division = $1 AND t.id = {id} AND {likes})"));
        }
        for part in parts {
            statement.sql.push_str(" AND ");
            statement.sql.push_str(&part);
        }
    }

    /// Entries of a condition's index, up to one more than is counted. Grams count deleted records too.
    fn entries(&self, reader: &dyn Reader, must: &Must) -> Result<i64, StoreError> {
        let mut statement = self.begin();
        let rows = match must {
            Must::Gram(gram) => {
                let gram = statement.put(gram);
                format!("record_gram d WHERE d.division = $1 AND d.ledger = $2 AND d.gram = {gram}")
            }
            Must::Value(..) | Must::Owner(_) => {
                let place = self.musts.iter().position(|known| known == must).unwrap_or(0);
                self.from(&Driver::Must(place), &mut statement);
                std::mem::take(&mut statement.sql)
            }
        };
        let limit = statement.put(self.wanted.count_to + 1);
        let sql = format!("SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT {limit}) AS entries");
        reader.query_one(&sql, &statement.parameters)?.map_or(Ok(0), |row| row.integer(0))
    }

    /// Matches with their keys from a driver; by key unless a gram drives.
    fn matches(
        &self,
        reader: &dyn Reader,
        driver: &Driver,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<(String, Id)>, StoreError> {
        let statement = self.statement(driver, limit, offset);
        let rows = reader.query(&statement.sql, &statement.parameters)?;
        rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.id(1)?))).collect()
    }

    fn statement(&self, driver: &Driver, limit: i64, offset: i64) -> Statement {
        let mut statement = self.begin();
        let (id, key) = self.from(driver, &mut statement);
        self.conditions(driver, (id, key), &mut statement);
        let (limit, offset) = (statement.put(limit), statement.put(offset));
        let order = if self.ordered(driver) { format!("ORDER BY {key}") } else { String::new() };
        statement.sql = format!("SELECT {key}, {id} FROM {} {order} LIMIT {limit} OFFSET {offset}", statement.sql);
        statement
    }

    fn ordered(&self, driver: &Driver) -> bool {
        match driver {
            Driver::Ledger => true,
            Driver::Must(place) => !matches!(self.musts.get(*place), Some(Must::Gram(_))),
        }
    }
}

/// Id and key of a record that drives.
const RECORD: (&str, &str) = ("d.id", "d.record_key");

/// Where a list begins.
struct Drivers {
    /// The condition with the fewest entries.
    rarest: Driver,
    /// The one of those that give matches by key.
    rarest_ordered: Driver,
    /// Each condition has more entries than are counted.
    all_common: bool,
}

/// None when there is no match.
fn drivers(plan: &Plan<'_>, reader: &dyn Reader) -> Result<Option<Drivers>, StoreError> {
    let (mut rarest, mut rarest_ordered) = ((i64::MAX, Driver::Ledger), (i64::MAX, Driver::Ledger));
    for (place, must) in plan.musts.iter().enumerate() {
        let (driver, entries) = (Driver::Must(place), plan.entries(reader, must)?);
        if entries == 0 {
            return Ok(None);
        }
        if entries < rarest_ordered.0 && plan.ordered(&driver) {
            rarest_ordered = (entries, driver.clone());
        }
        if entries < rarest.0 {
            rarest = (entries, driver);
        }
    }
    let all_common = rarest.0 > plan.wanted.count_to;
    Ok(Some(Drivers { rarest: rarest.1, rarest_ordered: rarest_ordered.1, all_common }))
}

/// What crossing the blocks of several common values tells.
enum Crossed {
    /// Nothing was to be crossed.
    Unasked,
    /// All that match, by key.
    All(Vec<(String, Id)>),
    /// More than are counted have the values.
    Many,
}

/// Crosses the filters of a list where each of its conditions is common. Text and owner are no values: with them only
/// filters that never meet are decided here.
fn crossed(plan: &Plan<'_>, reader: &dyn Reader, drivers: &Drivers, most: i64) -> Result<Crossed, StoreError> {
    let wanted = plan.wanted;
    if !drivers.all_common || wanted.filters.len() < 2 {
        return Ok(Crossed::Unasked);
    }
    let values: Vec<(&str, &str)> =
        wanted.filters.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let found = block_rows::crossed(reader, plan.division, &wanted.ledger, !wanted.deleted, &values, most)?;
    Ok(match found {
        Met::All(found) if found.is_empty() || plan.only_values() => Crossed::All(found),
        Met::Many if plan.only_values() => Crossed::Many,
        _ => Crossed::Unasked,
    })
}

/// All matches, up to a bound; whether there are more.
pub fn ids(reader: &dyn Reader, division: Division, wanted: &Wanted, most: i64) -> Result<(Vec<Id>, bool), StoreError> {
    let plan = Plan::new(division, wanted);
    let Some(drivers) = drivers(&plan, reader)? else { return Ok((Vec::new(), false)) };
    if let Crossed::All(found) = crossed(&plan, reader, &drivers, most.min(wanted.count_to))? {
        return Ok((found.into_iter().map(|(_, id)| id).collect(), false));
    }
    let mut ids: Vec<Id> =
        plan.matches(reader, &drivers.rarest, most.saturating_add(1), 0)?.into_iter().map(|(_, id)| id).collect();
    let bound = usize::try_from(most).unwrap_or(usize::MAX);
    let more = ids.len() > bound;
    ids.truncate(bound);
    Ok((ids, more))
}

/// A page of records by key.
pub fn list(reader: &dyn Reader, division: Division, wanted: &Wanted) -> Result<Found, StoreError> {
    let plan = Plan::new(division, wanted);
    let Some(drivers) = drivers(&plan, reader)? else { return Ok(Found::default()) };
    let bound = wanted.count_to;
    let records = |page: &[(String, Id)]| -> Result<Vec<Record>, StoreError> {
        page.iter().filter_map(|(_, id)| rows::find(reader, division, *id).transpose()).collect()
    };
    let gathered = match crossed(&plan, reader, &drivers, bound)? {
        Crossed::All(found) => Some(found),
        Crossed::Many => None,
        Crossed::Unasked => Some(plan.matches(reader, &drivers.rarest, bound + 1, 0)?),
    };
    let end = wanted.offset.saturating_add(wanted.limit);
    if let Some(mut gathered) = gathered {
        let counted = i64::try_from(gathered.len()).unwrap_or(i64::MAX);
        if counted <= bound || (plan.ordered(&drivers.rarest) && end <= bound) {
            gathered.sort_unstable();
            let place = |at: i64| usize::try_from(at).map_or(gathered.len(), |at| at.min(gathered.len()));
            let page = gathered.get(place(wanted.offset)..place(end)).unwrap_or_default();
            return Ok(Found { records: records(page)?, total: counted.min(bound), more: counted > bound });
        }
    }
    // One more than the page shows tells whether there is another.
    let mut page = plan.matches(reader, &drivers.rarest_ordered, wanted.limit.saturating_add(1), wanted.offset)?;
    let shown = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let (last, empty) = (page.len() <= shown, page.is_empty());
    page.truncate(shown);
    let until = wanted.offset.saturating_add(i64::try_from(page.len()).unwrap_or(i64::MAX));
    let (total, more) = if last && !empty { (until, false) } else { (bound, true) };
    Ok(Found { records: records(&page)?, total, more })
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Store;
    use store::sqlite::{SqliteOptions, SqliteStore};

    const DIVISION: Division = Division(500_242);

    /// How the store goes about gathering matches from a driver: no sorting, nothing read in full.
    fn check(wanted: &Wanted, driver: Driver, expect: &[&str]) {
        let path = std::env::temp_dir().join(format!("qingshan-list-plan-{}-{driver:?}", std::process::id()));
        let store: std::sync::Arc<dyn Store> =
            SqliteStore::open(&path, DIVISION, SqliteOptions::default(), crate::MIGRATIONS).unwrap();
        let statement = Plan::new(DIVISION, wanted).statement(&driver, 50, 100);
        let explained = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let steps = store.read(|reader| reader.query(&explained, &statement.parameters)).unwrap();
        let steps: Vec<String> = steps.iter().map(|row| row.text(3).unwrap().to_owned()).collect();
        drop(store);
        let _ = std::fs::remove_dir_all(&path);
        let text = steps.join(" / ");
        assert!(!text.contains("TEMP B-TREE") && !text.contains("SCAN"), "{driver:?}: {text}");
        let mut rest = text.as_str();
        for part in expect {
            let at = rest.find(part).unwrap_or_else(|| panic!("{driver:?}: {part} is not next in {text}"));
            rest = &rest[at + part.len()..];
        }
    }

    #[test]
    fn lists_are_read_from_indexes_in_their_order() {
        let value = |field: &str| (field.to_owned(), "x".to_owned());
        let wanted = Wanted {
            ledger: "enterprise".into(),
            owner: Some("e1".into()),
            filters: vec![value("township"), value("tags")],
            text: Some("龙潭河".into()),
            ..Wanted::default()
        };
        const VALUE: &str = "d USING COVERING INDEX sqlite_autoindex_record_value_1 (division=? AND ledger=? AND field=? AND value=? AND living=?)";
        const PROBED: &str = "sqlite_autoindex_record_value_1 (division=? AND ledger=? AND field=? AND value=? AND living=? AND record_key=? AND record=?)";
        check(&wanted, Driver::Must(0), &[VALUE, PROBED]);
        check(
            &wanted,
            Driver::Must(2),
            &["d USING COVERING INDEX record_owned (division=? AND ledger=? AND owner=?)", PROBED],
        );
        check(
            &wanted,
            Driver::Must(3),
            &["d USING COVERING INDEX sqlite_autoindex_record_gram_1 (division=? AND ledger=? AND gram=?)"],
        );
        check(&wanted, Driver::Ledger, &["d USING COVERING INDEX record_living (division=? AND ledger=?)", PROBED]);
        let deleted = Wanted { deleted: true, ..wanted };
        check(&deleted, Driver::Ledger, &["d USING COVERING INDEX record_deleted (division=? AND ledger=?)"]);
    }
}
