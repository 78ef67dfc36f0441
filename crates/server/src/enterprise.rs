//! One enterprise one file (一企一档): permit → outlets → limits → readings and verdicts → cases, composed from what the
//! mechanisms give; then inspections, penalties and the rest. A section of these is data: a code of `file_section`, and
//! the ledgers that name it. A ledger that links to enterprises and names none stands under the last.

use std::collections::{BTreeMap, HashSet};

use act::CaseSummary;
use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use judge::http::{LimitLine, OutletToday, VerdictBrief};
use kernel::time::DAY_MILLIS;
use kernel::{Action, Day, Id, Name, Point, Problem, Timestamp};
use register::Catalog;
use register::definition::LedgerDefinition;
use register::http::{LedgerForm, RecordView};
use register::record::Content;
use serde::{Deserialize, Serialize};
use store::contract::PeriodLevel;

use crate::points::{Points, State};

/// Days of verdicts that the file looks back on.
const VERDICT_DAYS: i64 = 90;
const MOST_EXCEEDANCES: usize = 100;
const MOST_CASES: usize = 200;
/// The code list of the sections that come from ledgers.
const SECTIONS: &str = "file_section";

/// An outlet with what may leave it and what did.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct OutletFile {
    /// Id of point and record.
    point: String,
    name: Name,
    kind_name: Name,
    simulated: bool,
    schematic: bool,
    state: State,
    last_data_at: Option<Timestamp>,
    standard: Option<String>,
    standard_grade: Option<String>,
    /// Those in force on the day asked for.
    limits: Vec<LimitLine>,
    /// The newest hour and day, with values against limits.
    today: OutletToday,
    /// Days judged, days exceeding, and the exceeding ones, newest first, over the days looked at.
    days_judged: usize,
    days_exceeding: usize,
    exceedances: Vec<VerdictBrief>,
}

/// Records of one ledger that name the enterprise, with what is needed to show them.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct LedgerPart {
    ledger: String,
    name: Name,
    #[serde(flatten)]
    form: LedgerForm,
    records: Vec<RecordView>,
}

/// A section of the file. A ledger that names the section stands there even when it says nothing of the enterprise.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FileSection {
    id: String,
    name: Name,
    ledgers: Vec<LedgerPart>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct EnterpriseFile {
    record: RecordView,
    /// The day that records, their links and limits are shown as of.
    as_of: String,
    /// When readings, verdicts and cases were taken out.
    extracted_at: Timestamp,
    verdicts_from: String,
    verdicts_until: String,
    permits: Vec<RecordView>,
    outlets: Vec<OutletFile>,
    cases: Vec<CaseSummary>,
    sections: Vec<FileSection>,
    /// More records or cases belong to it than one answer holds.
    more: bool,
    /// What a full file would hold and this one does not.
    missing: Vec<Name>,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct FileQuery {
    /// A day; today when left out.
    as_of: Option<String>,
}

pub fn routes(points: &Points) -> Routes {
    let points = points.clone();
    Routes::new("enterprise").get(
        "/api/enterprises/{id}",
        operation("一企一档", "one enterprise, one file", Access::May(Action::ReadMonitoring))
            .query::<FileQuery>()
            .returns::<EnterpriseFile>(),
        async move |caller: Caller,
                    Path(id): Path<String>,
                    Query(query): Query<FileQuery>|
                    -> ApiResult<Json<EnterpriseFile>> {
            let points = points.clone();
            Ok(Json(blocking(move || file_of(&points, &caller, &id, &query, kernel::time::now())).await?))
        },
    )
}

fn file_of(
    points: &Points,
    caller: &Caller,
    id: &str,
    query: &FileQuery,
    now: Timestamp,
) -> Result<EnterpriseFile, Problem> {
    let unknown = || Problem::not_found(format!("没有企业 {id} (no such enterprise)"));
    let id: Id = id.parse().map_err(|_| unknown())?;
    let day = match query.as_of.as_deref().filter(|text| !text.is_empty()) {
        None => now.day(),
        Some(text) => Day::parse(text).ok_or_else(|| Problem::invalid(format!("“{text}”不是日期 (not a date)")))?,
    };
    let register = &points.register;
    let current = register.record(&caller.0, id)?;
    if current.ledger != "enterprise" {
        return Err(unknown());
    }
    // The end of that day; for today, now.
    let at = now.min(day.end().plus(-1));
    let key = current.content.key.clone();
    let mut permits = Vec::new();
    let mut found: BTreeMap<String, Vec<RecordView>> = BTreeMap::new();
    let catalog = register.catalog();
    // Its duties and those of all that named it on that day; and its outlets of that day.
    let mut records = vec![id];
    let mut observed: HashSet<i64> = HashSet::new();
    let (linked, mut more) = register.linked_at(&caller.0, ("enterprise", &key), at)?;
    for record in linked {
        records.push(record.id);
        if catalog.ledger(&record.ledger).is_some_and(|ledger| is_outlet_of(ledger, &record.content, &key)) {
            observed.insert(record.id.0);
        }
        let ledger = record.ledger.clone();
        let view = register::http::record_view(register, &caller.0, record)?;
        if ledger == "discharge_permit" {
            permits.push(view);
            continue;
        }
        found.entry(ledger).or_default().push(view);
    }
    let (sections, missing) = sections_of(&catalog, found);
    let set = points.judge.points().points();
    let own: Vec<&std::sync::Arc<Point>> = set
        .iter()
        .filter(|point| observed.contains(&point.id))
        .filter(|point| caller.0.may(Action::ReadMonitoring, point.owner.as_deref()))
        .collect();
    let mut outlets = Vec::with_capacity(own.len());
    let mut cases = points.act.cases_of_records(&caller.0, &records, at)?;
    for point in own {
        outlets.push(outlet_of(points, point, day, at, now)?);
        let filter =
            act::rows::Filter { point: Some(point.id), opened_until: Some(at), ..act::rows::Filter::default() };
        cases.extend(points.act.list(&caller.0, &filter)?);
    }
    cases.sort_by_key(|case| std::cmp::Reverse((case.opened_at, case.id)));
    more |= cases.len() > MOST_CASES;
    cases.truncate(MOST_CASES);
    let record = register.as_of(&caller.0, id, at)?;
    Ok(EnterpriseFile {
        record: register::http::record_view(register, &caller.0, record)?,
        as_of: day.to_iso(),
        extracted_at: now,
        verdicts_from: Timestamp(at.millis() - VERDICT_DAYS * DAY_MILLIS).day().to_iso(),
        verdicts_until: at.day().to_iso(),
        permits,
        outlets,
        cases: cases.iter().map(|case| CaseSummary::of(&points.act, case, now)).collect(),
        sections,
        more,
        missing,
    })
}

/// That a record of an observed ledger says that it is the enterprise's own, not only that it has to do with it.
fn is_outlet_of(ledger: &LedgerDefinition, content: &Content, enterprise: &str) -> bool {
    let Some(observed) = &ledger.observed else { return false };
    let named = observed.field("enterprise").and_then(|field| content.text(field));
    let own = [content.owner.as_deref(), named.map(|text| text.strip_prefix("enterprise:").unwrap_or(text))];
    own.contains(&Some(enterprise))
}

/// Sections in the order of their list, and those that no ledger fills.
fn sections_of(catalog: &Catalog, mut found: BTreeMap<String, Vec<RecordView>>) -> (Vec<FileSection>, Vec<Name>) {
    let codes = catalog.code_list(SECTIONS).map(|list| list.codes.as_slice()).unwrap_or_default();
    let (mut sections, mut missing) = (Vec::new(), Vec::new());
    for (place, code) in codes.iter().enumerate() {
        let last = place + 1 == codes.len();
        let mut ledgers = Vec::new();
        for definition in catalog.ledgers() {
            let named = definition.section.as_deref();
            let known = codes.iter().any(|code| Some(code.code.as_str()) == named);
            let here = named == Some(&code.code) || (last && !known && found.contains_key(&definition.id));
            if here {
                let records = found.remove(&definition.id).unwrap_or_default();
                let form = register::http::ledger_form(catalog, definition);
                let (ledger, name) = (definition.id.clone(), definition.name.clone());
                ledgers.push(LedgerPart { ledger, name, form, records });
            }
        }
        if ledgers.is_empty() && !last {
            missing
                .push(Name::new(format!("{}：还没有台账", code.name.zh), format!("{}: no ledger yet", code.name.en)));
        }
        sections.push(FileSection { id: code.code.clone(), name: code.name.clone(), ledgers });
    }
    sections.retain(|section| !section.ledgers.is_empty());
    (sections, missing)
}

fn outlet_of(
    points: &Points,
    point: &std::sync::Arc<Point>,
    day: Day,
    at: Timestamp,
    now: Timestamp,
) -> Result<OutletFile, Problem> {
    let unknown = || Problem::not_found(format!("没有点位 {} (no such point)", point.id));
    let standing = points.standing_of(point.id, now)?.ok_or_else(unknown)?;
    let date = day.to_iso();
    let mut limits = points.judge.limit_lines(point)?;
    limits.retain(|line| {
        line.from.as_deref().is_none_or(|from| from <= date.as_str())
            && line.until.as_deref().is_none_or(|until| date.as_str() < until)
    });
    let from = Timestamp(at.millis() - VERDICT_DAYS * DAY_MILLIS);
    let verdicts = points.judge.verdicts(point.id, PeriodLevel::Day, from, at)?;
    let exceeding: Vec<_> = verdicts.iter().filter(|verdict| verdict.finding.exceeding).collect();
    Ok(OutletFile {
        point: point.id.to_string(),
        name: point.name.clone(),
        kind_name: point.kind.label(),
        simulated: point.simulated,
        schematic: point.schematic,
        state: standing.state,
        last_data_at: standing.last_data.map(|(_, data)| data),
        standard: point.standard.clone(),
        standard_grade: point.standard_grade.clone(),
        limits,
        today: points.judge.outlet_today(point, now)?,
        days_judged: verdicts.iter().filter(|verdict| verdict.finding.valid).count(),
        days_exceeding: exceeding.len(),
        exceedances: exceeding
            .into_iter()
            .rev()
            .take(MOST_EXCEEDANCES)
            .map(|verdict| judge::http::brief(point, verdict))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `section: ledgers` of each, when records of these ledgers name the enterprise.
    fn check(found: &[&str], expect: &[&str]) -> Vec<Name> {
        let catalog = register::built_in::catalog().unwrap();
        let found = found.iter().map(|ledger| ((*ledger).to_owned(), Vec::new())).collect();
        let (sections, missing) = sections_of(&catalog, found);
        let shown = |section: &FileSection| {
            let ledgers: Vec<&str> = section.ledgers.iter().map(|part| part.ledger.as_str()).collect();
            format!("{}: {}", section.id, ledgers.join(", "))
        };
        assert_eq!(sections.iter().map(shown).collect::<Vec<_>>(), expect);
        missing
    }

    #[test]
    fn an_outlet_is_what_says_it_is_the_enterprises_own() {
        let catalog = register::built_in::catalog().unwrap();
        let content = |values: serde_json::Value, owner: Option<&str>| -> Content {
            let name = Name::new("试", "t");
            serde_json::from_value(serde_json::json!({
                "key": "k", "title": name, "values": values, "location": null, "source": "", "owner": owner, "version": 1
            }))
            .unwrap()
        };
        let none = serde_json::json!({});
        let named = serde_json::json!({ "enterprise": "e1" });
        let check = |ledger: &str, content: &Content, expect: bool| {
            let ledger = catalog.ledger(ledger).unwrap();
            assert_eq!(is_outlet_of(ledger, content, "e1"), expect, "{} {:?}", ledger.id, content.values);
        };
        check("wastewater_outlet", &content(named.clone(), None), true);
        check("wastewater_outlet", &content(none.clone(), Some("e1")), true);
        check("wastewater_outlet", &content(none, Some("e2")), false);
        check("wastewater_outlet", &content(serde_json::json!({ "operator": "e1" }), None), false);
        // It names the enterprise, but nothing is measured there.
        check("penalty", &content(named, Some("e1")), false);
    }

    #[test]
    fn sections_are_what_ledgers_say() {
        const NAMED: [&str; 7] = [
            "inspection: inspection",
            "penalty: damage_compensation, penalty",
            "credit: environmental_credit",
            "manifest: waste_manifest",
            "approval: clean_production, eia_file",
            "risk: chemical, drill, emergency_plan, environmental_incident, liability_insurance, risk_source",
            "waste: hazardous_waste",
        ];
        let missing = check(&[], &NAMED);
        assert!(missing.is_empty(), "every section has a ledger: {missing:?}");
        let mut with_others = NAMED.to_vec();
        with_others.push("other: boiler, wastewater_outlet");
        check(&["wastewater_outlet", "penalty", "boiler"], &with_others);
    }
}
