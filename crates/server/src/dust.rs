//! Dust days from the ledger `dust_day`: the one place where it meets the judge.

use std::collections::HashMap;

use judge::dust::{DustBook, DustEntry};
use kernel::{Day, PointSource as _, Problem};
use register::Register;
use register::points::DUST_DAYS;
use register::record::Record;
use serde_json::Value;

const STATIONS: &str = "automatic_station";

/// The dust days as the ledger says now.
pub fn book_of(register: &Register) -> Result<DustBook, Problem> {
    let points = register.points();
    let ids: HashMap<&str, i64> =
        points.iter().filter(|point| point.ledger == STATIONS).map(|point| (point.key.as_str(), point.id)).collect();
    let book = DustBook::new(register.living(DUST_DAYS)?.iter().filter_map(|record| {
        let entry = entry_of(record, &ids);
        if entry.is_none() {
            tracing::warn!(record = record.content.key, "a record of dust days cannot be read and is left out");
        }
        entry
    }));
    if book.is_full() {
        tracing::warn!("there are more records of dust days than are read; the oldest are left out");
    }
    Ok(book)
}

/// A record as the judge reads it. One that names stations of which none is known concerns none, never all.
fn entry_of(record: &Record, ids: &HashMap<&str, i64>) -> Option<DustEntry> {
    let content = &record.content;
    let day = |field: &str| content.text(field).and_then(Day::parse);
    let named: Vec<&str> = content
        .values
        .get("stations")
        .and_then(Value::as_array)
        .map(|links| links.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    // A link to one ledger is a bare key; one written with its ledger is taken as well.
    let key = |link: &str| link.rsplit(':').next().unwrap_or_default().to_owned();
    let mut stations: Vec<i64> = named.iter().filter_map(|link| ids.get(key(link).as_str()).copied()).collect();
    stations.sort_unstable();
    stations.dedup();
    if stations.is_empty() && !named.is_empty() {
        return None;
    }
    let words = [content.text("basis"), content.text("decided_by")];
    let basis: Vec<&str> = words.into_iter().flatten().filter(|word| !word.trim().is_empty()).collect();
    Some(DustEntry {
        record: content.key.clone(),
        from: day("from")?.0,
        until: day("until")?.0,
        points: stations,
        // Simulated (模拟) records show the use and leave nothing out of what was measured.
        confirmed: !content.simulated && content.values.get("confirmed").and_then(Value::as_bool).unwrap_or(false),
        basis: basis.join("，"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use register::record::Content;
    use serde_json::json;

    #[test]
    fn a_record_becomes_an_entry_and_unknown_stations_never_become_all() {
        let ids = HashMap::from([("s1", 11), ("s2", 12)]);
        let check = |values: Value, expect: Option<(&[i64], bool, &str)>| {
            let record: Record = record_of(values);
            let entry = entry_of(&record, &ids);
            let found = entry.as_ref().map(|entry| (entry.points.as_slice(), entry.confirmed, entry.basis.as_str()));
            assert_eq!(found, expect);
        };
        let dates = |more: Value| {
            let mut values = json!({ "from": "2026-03-14", "until": "2026-03-15", "basis": "总站函" });
            values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            values
        };
        check(dates(json!({ "confirmed": true, "decided_by": "总站" })), Some((&[], true, "总站函，总站")));
        check(dates(json!({})), Some((&[], false, "总站函")));
        check(dates(json!({ "stations": ["s2", "automatic_station:s1", "gone"] })), Some((&[11, 12], false, "总站函")));
        check(dates(json!({ "stations": ["gone"], "confirmed": true })), None);
        check(json!({ "from": "2026-03-14" }), None);
    }

    fn record_of(values: Value) -> Record {
        let content: Content = serde_json::from_value(json!({
            "key": "d1", "title": { "zh": "沙尘", "en": "dust" }, "values": values, "location": null, "source": "试验",
            "version": 1,
        }))
        .unwrap();
        let (id, updated_at) = (kernel::Id(1), kernel::Timestamp(0));
        let (ledger, updated_by) = (DUST_DAYS.to_owned(), String::new());
        Record { id, ledger, revision: 1, updated_at, updated_by, deleted: None, content }
    }
}
