//! Records → points and device bindings, by the roles that definitions declare. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use kernel::point::PointLocation;
use kernel::{EmissionBasis, FactorLimit, LimitPeriod, Point, PointKind, PointSet, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::catalog::Catalog;
use crate::definition::{LedgerDefinition, Observed};
use crate::model::DeviceBinding;
use crate::record::{Content, Record};

/// The ledger whose records bind devices to points.
pub const BINDINGS: &str = "device_binding";

/// The ledger of dust days, which statistics of air leave out.
pub const DUST_DAYS: &str = "dust_day";

/// Records of the ledgers that are observed, and of the bindings.
pub type Observable<'r> = BTreeMap<&'r str, Vec<Record>>;

/// Builds all points. One that a simulated (模拟) device or instrument feeds is simulated, whatever its own record
/// says: an outlet of a real works stays marked until the simulated device is taken off the ledger.
pub fn points_of(records: &Observable<'_>, catalog: &Catalog) -> PointSet {
    let fed = fed_by_simulation(records, catalog);
    let mut points = Vec::new();
    for (ledger, records) in records {
        let Some(definition) = catalog.ledger(ledger) else { continue };
        let Some(observed) = &definition.observed else { continue };
        let built = records.iter().filter_map(|record| point_of(record, definition, observed));
        points.extend(
            built.map(|point| Arc::new(Point { simulated: point.simulated || fed.contains(&point.id), ..point })),
        );
    }
    PointSet::new(points)
}

/// Ids of points with a simulated device or instrument. A binding that has ended counts too: what it brought is
/// still shown.
fn fed_by_simulation(records: &Observable<'_>, catalog: &Catalog) -> HashSet<i64> {
    let ids = point_ids(records, catalog);
    let bindings = records.get(BINDINGS).into_iter().flatten();
    let bound =
        bindings.filter_map(|record| ids.get(record.content.text("point")?).filter(|_| record.content.simulated));
    let instruments = records.iter().flat_map(|(ledger, records)| {
        let simulated = records.iter().filter(|record| record.content.simulated);
        simulated.filter_map(|record| ids.get(&format!("{ledger}:{}", record.content.key))).collect::<Vec<_>>()
    });
    bound.chain(instruments).copied().collect()
}

/// A record as a point; `None` for an instrument at another point.
fn point_of(record: &Record, definition: &LedgerDefinition, observed: &Observed) -> Option<Point> {
    let content = &record.content;
    if observed.instrument_of.as_deref().is_some_and(|field| content.text(field).is_some_and(|link| !link.is_empty())) {
        return None;
    }
    let kind = match (&observed.kind, &observed.kind_field) {
        (Some(kind), _) => PointKind::from_name(kind)?,
        (None, Some(field)) => {
            let code = content.text(field)?;
            let (_, kind) = observed.kinds.iter().find(|(known, _)| known == code)?;
            PointKind::from_name(kind)?
        }
        (None, None) => return None,
    };
    let text = |role: &str| observed.field(role).and_then(|field| content.text(field)).map(str::to_owned);
    let link = |role: &str| text(role).map(|link| link.rsplit(':').next().unwrap_or_default().to_owned());
    let number = |role: &str| {
        observed.field(role).and_then(|field| content.integer(field)).and_then(|number| u32::try_from(number).ok())
    };
    let rows = |role: &str| observed.field(role).and_then(|field| content.values.get(field)).and_then(Value::as_array);
    Some(Point {
        id: record.id.0,
        ledger: definition.id.clone(),
        key: content.key.clone(),
        name: content.title.clone(),
        kind,
        location: content.location.as_ref().map(|place| PointLocation {
            lon: place.lon,
            lat: place.lat,
            accuracy: place.accuracy.name().to_owned(),
            note: place.note.clone(),
        }),
        location_note: content.location_note.clone(),
        township: link("township"),
        body: link("body"),
        enterprise: link("enterprise"),
        river: link("river"),
        owner: content.owner.clone(),
        function_class: text("function_class"),
        function_class_basis: text("function_class_basis"),
        level: text("level"),
        survey: text("survey"),
        road_length: text("road_length").and_then(|digits| digits.parse().ok()),
        standard: text("standard"),
        standard_grade: text("standard_grade"),
        reference_oxygen: text("reference_oxygen").and_then(|digits| digits.parse().ok()),
        limits: rows("limits").map(|rows| rows.iter().filter_map(limit_of).collect()).unwrap_or_default(),
        emission: emission_of(content, definition),
        factors: rows("factors")
            .map(|codes| codes.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
        realtime_seconds: number("realtime_seconds"),
        minute_minutes: number("minute_minutes"),
        simulated: content.simulated,
        schematic: content.schematic,
        valid_from: content.valid_from.clone(),
    })
}

/// A row of a limits table; its columns are those of the ledgers in `model/`.
fn limit_of(row: &Value) -> Option<FactorLimit> {
    let row = row.as_object()?;
    let text = |column: &str| row.get(column).and_then(Value::as_str);
    let number = |column: &str| text(column).and_then(|digits| digits.parse::<Decimal>().ok());
    let flag = |column: &str| row.get(column).and_then(Value::as_bool).unwrap_or(false);
    Some(FactorLimit {
        factor: text("factor")?.to_owned(),
        period: period_of(text("period")?)?,
        upper: number("upper"),
        lower: number("lower"),
        unit: text("unit").unwrap_or_default().to_owned(),
        converted: flag("converted"),
        basis: text("basis").unwrap_or_default().to_owned(),
        valid_from: text("valid_from").and_then(Timestamp::parse),
        valid_until: text("valid_until").and_then(Timestamp::parse),
        unconfirmed: flag("unconfirmed"),
        when: None,
    })
}

/// The standards that bind what a record describes, where its ledger has a table of them.
pub fn emission_of(content: &Content, definition: &LedgerDefinition) -> Vec<EmissionBasis> {
    let field = definition.observed.as_ref().and_then(|observed| observed.field("emission"));
    let rows = field.and_then(|field| content.values.get(field)).and_then(Value::as_array);
    rows.map(|rows| rows.iter().filter_map(basis_of).collect()).unwrap_or_default()
}

/// A row of the table of standards that bind an outlet.
fn basis_of(row: &Value) -> Option<EmissionBasis> {
    let row = row.as_object()?;
    let text = |column: &str| row.get(column).and_then(Value::as_str).map(str::trim);
    Some(EmissionBasis {
        family: text("standard")?.to_owned(),
        table: text("table")?.to_owned(),
        grade: text("grade")?.to_owned(),
        conditions: text("conditions").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        valid_from: text("valid_from").and_then(Timestamp::parse),
        valid_until: text("valid_until").and_then(Timestamp::parse),
    })
}

fn period_of(code: &str) -> Option<LimitPeriod> {
    serde_json::from_value(Value::String(code.to_owned())).ok()
}

/// Ledger and key → the point that observes it: itself, or the one it is an instrument of.
fn point_ids(records: &Observable<'_>, catalog: &Catalog) -> HashMap<String, i64> {
    let mut ids = HashMap::new();
    let mut instruments = Vec::new();
    for (ledger, records) in records {
        let Some(observed) = catalog.ledger(ledger).and_then(|definition| definition.observed.as_ref()) else {
            continue;
        };
        for record in records {
            let name = format!("{ledger}:{}", record.content.key);
            let link = observed.instrument_of.as_deref().and_then(|field| record.content.text(field));
            match link.filter(|link| !link.is_empty()) {
                Some(link) => instruments.push((name, link.to_owned())),
                None => {
                    ids.insert(name, record.id.0);
                }
            }
        }
    }
    for (name, link) in instruments {
        // A link to one ledger carries no name; look in all of them.
        let found = ids
            .get(&link)
            .copied()
            .or_else(|| records.keys().find_map(|ledger| ids.get(&format!("{ledger}:{link}")).copied()));
        if let Some(id) = found {
            ids.insert(name, id);
        }
    }
    ids
}

/// Builds all bindings. One that leads to no point is left out.
pub fn devices_of(records: &Observable<'_>, catalog: &Catalog) -> Vec<DeviceBinding> {
    let ids = point_ids(records, catalog);
    let bindings = records.get(BINDINGS).map(Vec::as_slice).unwrap_or_default();
    bindings.iter().filter_map(|record| device_of(record, &ids)).collect()
}

fn device_of(record: &Record, ids: &HashMap<String, i64>) -> Option<DeviceBinding> {
    let content: &Content = &record.content;
    let text = |field: &str| content.text(field).filter(|text| !text.is_empty()).map(str::to_owned);
    let number = |field: &str| content.integer(field).and_then(|number| u32::try_from(number).ok());
    let flag = |field: &str| content.values.get(field).and_then(Value::as_bool);
    let from = text("from").as_deref().and_then(Timestamp::parse);
    Some(DeviceBinding {
        record: record.id.0,
        mn: text("mn")?,
        st: text("st")?,
        point: *ids.get(content.text("point")?)?,
        from: from.unwrap_or(Timestamp(0)),
        until: text("until").as_deref().and_then(Timestamp::parse),
        password: text("password"),
        strictness: text("strictness").unwrap_or_else(|| "standard".to_owned()),
        modbus_crc: flag("modbus_crc").unwrap_or(false),
        addresses: content
            .values
            .get("addresses")
            .and_then(Value::as_array)
            .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default(),
        sm4_key: text("sm4_key"),
        edition: text("edition"),
        realtime_seconds: number("realtime_seconds"),
        minute_minutes: number("minute_minutes"),
        hourly: flag("hourly").unwrap_or(true),
        simulated: content.simulated,
    })
}

/// Content values as a plain map, for callers that build a record from parts.
pub fn values(pairs: &[(&str, Value)]) -> Map<String, Value> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}
