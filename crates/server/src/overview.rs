//! What is wrong now, counts, today's air, water and outlets: one answer for the first page.

use std::collections::BTreeMap;

use act::CaseSummary;
use api::{Access, ApiResult, Caller, Json, Routes, blocking, operation};
use collect::http::RefusalCount;
use judge::http::{AirToday, OutletToday, WaterToday};
use kernel::{Action, Id, Name, Point, PointKind, Problem, Timestamp};
use serde::Serialize;

use crate::points::{Points, Standing, State, StateCode};

const MOST_CASES: usize = 10;
const MOST_WRONG: usize = 100;

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct CollectView {
    trouble: Option<Name>,
    packets_today: u64,
    packets_per_second: f64,
    connections: u64,
    last_packet_at: Option<Timestamp>,
    duplicates: u64,
    refused: u64,
    /// Refused since start by reason, most first.
    refusals: Vec<RefusalCount>,
    quarantined: u64,
}

type ByState = BTreeMap<&'static str, u32>;

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct KindCount {
    kind: PointKind,
    name: Name,
    total: u32,
    by_state: ByState,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct PointCounts {
    total: u32,
    by_state: ByState,
    by_kind: Vec<KindCount>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct CaseCounts {
    open: usize,
    overdue: usize,
    unassigned: usize,
    /// Of the open ones, those of duties of ledgers.
    duties: usize,
    /// Overdue first, then by due time.
    items: Vec<CaseSummary>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct WrongNow {
    point: String,
    name: Name,
    kind: PointKind,
    simulated: bool,
    state: State,
    since: Option<Timestamp>,
    reason: Option<Name>,
    case_id: Option<Id>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Overview {
    at: Timestamp,
    trouble: Option<Name>,
    collect: CollectView,
    points: PointCounts,
    cases: CaseCounts,
    air: Vec<AirToday>,
    water: Vec<WaterToday>,
    outlets: Vec<OutletToday>,
    wrong_now: Vec<WrongNow>,
}

pub fn routes(points: &Points) -> Routes {
    let points = points.clone();
    Routes::new("overview").get(
        "/api/overview",
        operation("总览", "overview", Access::May(Action::ReadMonitoring)).returns::<Overview>(),
        async move |caller: Caller| -> ApiResult<Json<Overview>> {
            let points = points.clone();
            Ok(Json(blocking(move || overview(&points, &caller, kernel::time::now())).await?))
        },
    )
}

fn overview(points: &Points, caller: &Caller, now: Timestamp) -> Result<Overview, Problem> {
    let may = |point: &Point| caller.0.may(Action::ReadMonitoring, point.owner.as_deref());
    let standings = points.standings(now, may)?;
    let of =
        |kinds: &'static [PointKind]| standings.iter().filter(move |standing| kinds.contains(&standing.point.kind));
    let air = of(&[PointKind::AirStation]).map(|standing| points.judge.air_today(&standing.point, now));
    let waters = standings.iter().filter(|standing| judge::http::is_water(&standing.point));
    let water = waters.map(|standing| points.judge.water_today(&standing.point, now));
    let outlets = of(&[PointKind::WastewaterOutlet, PointKind::WasteGasOutlet, PointKind::EcologicalFlow])
        .map(|standing| points.judge.outlet_today(&standing.point, now));
    let status = points.collect.status();
    let trouble = status.trouble.map(|(name, _)| name);
    Ok(Overview {
        at: now,
        trouble: trouble.clone(),
        collect: CollectView {
            trouble,
            packets_today: status.packets_today,
            packets_per_second: status.packets_per_second,
            connections: status.connections,
            last_packet_at: status.last_packet_at,
            duplicates: status.duplicates,
            refused: status.refused,
            refusals: status.refusals.iter().map(RefusalCount::of).collect(),
            quarantined: status.quarantined,
        },
        air: air.collect::<Result<_, _>>()?,
        water: water.collect::<Result<_, _>>()?,
        outlets: outlets.collect::<Result<_, _>>()?,
        points: counts(standings.iter().map(|standing| (standing.point.kind, standing.state.code))),
        cases: case_counts(points, caller, &standings, now)?,
        wrong_now: wrong_now(&standings),
    })
}

/// How many points of each kind are in each state.
pub fn counts(points: impl Iterator<Item = (PointKind, StateCode)>) -> PointCounts {
    let mut counts = PointCounts { total: 0, by_state: ByState::new(), by_kind: Vec::new() };
    for (kind, state) in points {
        let state = state.code();
        counts.total += 1;
        *counts.by_state.entry(state).or_default() += 1;
        let place = counts.by_kind.iter().position(|count| count.kind == kind).unwrap_or_else(|| {
            counts.by_kind.push(KindCount { kind, name: kind.label(), total: 0, by_state: ByState::new() });
            counts.by_kind.len() - 1
        });
        counts.by_kind[place].total += 1;
        *counts.by_kind[place].by_state.entry(state).or_default() += 1;
    }
    counts
}

fn case_counts(
    points: &Points,
    caller: &Caller,
    standings: &[Standing],
    now: Timestamp,
) -> Result<CaseCounts, Problem> {
    let filter = act::rows::Filter { open: Some(true), of_records: true, ..act::rows::Filter::default() };
    let duties = points.act.list(&caller.0, &filter)?;
    let cases = standings.iter().flat_map(|standing| &standing.cases).chain(&duties);
    let mut cases: Vec<_> = cases.filter(|case| act::ops::may_read(&caller.0, case)).collect();
    cases.sort_by_key(|case| case.due_at);
    Ok(CaseCounts {
        open: cases.len(),
        duties: duties.len(),
        overdue: cases.iter().filter(|case| case.due_at < now).count(),
        unassigned: cases.iter().filter(|case| case.assignee.is_none()).count(),
        items: cases.iter().take(MOST_CASES).map(|case| CaseSummary::of(&points.act, case, now)).collect(),
    })
}

fn wrong_now(standings: &[Standing]) -> Vec<WrongNow> {
    let mut wrong: Vec<&Standing> = standings.iter().filter(|standing| standing.state.code.is_wrong()).collect();
    // The worst state first, within it the newest.
    wrong.sort_by_key(|standing| (standing.state.code, std::cmp::Reverse(standing.state.since)));
    let shown = wrong.into_iter().take(MOST_WRONG);
    shown
        .map(|standing| WrongNow {
            point: standing.point.id.to_string(),
            name: standing.point.name.clone(),
            kind: standing.point.kind,
            simulated: standing.point.simulated,
            since: standing.state.since,
            reason: standing.state.reason.clone(),
            case_id: standing.cases.iter().min_by_key(|case| case.opened_at).map(|case| case.id),
            state: standing.state.clone(),
        })
        .collect()
}
