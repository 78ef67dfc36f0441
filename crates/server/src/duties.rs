//! Duties of ledgers and their cases: the one place where `register` and `act` meet.

use std::sync::Arc;

use act::Case;
use act::duty::{DutyNow, DutySource, Page, RecordDuties};
use api::{Access, ApiResult, Caller, Json, Query, Routes, blocking, operation};
use kernel::{Action, Day, Id, Name, Problem};
use register::Register;
use register::duty::DutyState;
use register::ops::{DutyLine, DutyQuestion};
use serde::Serialize;

use crate::points::Points;

/// What the register says, in the words of the cases.
pub struct LedgerDuties(pub Arc<Register>);

impl DutySource for LedgerDuties {
    fn of_record(&self, record: Id, today: Day) -> Result<Option<RecordDuties>, Problem> {
        Ok(self.0.duties_of(record, today)?.map(told))
    }

    fn after(&self, record: Id, most: i64, today: Day) -> Result<Page, Problem> {
        let (records, last) = self.0.duties_after(record, most, today)?;
        Ok(Page { records: records.into_iter().map(told).collect(), last })
    }

    fn last_author(&self, record: Id) -> Result<Option<Id>, Problem> {
        self.0.last_author(record)
    }
}

fn told(found: register::ops::RecordDuties) -> RecordDuties {
    let content = found.record.content;
    let duties = found.duties.into_iter().map(|(duty, standing, body)| DutyNow {
        duty: duty.id,
        name: duty.name,
        body,
        evidence: duty.evidence,
        days: standing.from.zip(standing.until),
        done: standing.state == DutyState::Done,
    });
    RecordDuties {
        record: found.record.id,
        ledger: found.record.ledger,
        duties: duties.collect(),
        key: content.key,
        title: content.title,
        owner: content.owner,
        simulated: content.simulated,
        schematic: content.schematic,
    }
}

/// The case of a duty, in short.
#[derive(Serialize, schemars::JsonSchema)]
struct DutyCase {
    id: Id,
    number: String,
    /// State of the workflow.
    state: Name,
    owner_name: Name,
    closed: bool,
}

#[derive(Serialize, schemars::JsonSchema)]
struct ListedDuty {
    #[serde(flatten)]
    line: DutyLine,
    /// None before it falls due, and for those who may not see it.
    case: Option<DutyCase>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct ListedDuties {
    lines: Vec<ListedDuty>,
    /// There are more than one answer holds: ask for one ledger.
    more: bool,
}

pub fn routes(points: &Points) -> Routes {
    let points = points.clone();
    Routes::new("register").get(
        "/api/duties",
        operation("台账的到期事项", "duties of records that fall due", Access::May(Action::ReadMonitoring))
            .query::<DutyQuestion>()
            .returns::<ListedDuties>(),
        async move |caller: Caller, Query(question): Query<DutyQuestion>| -> ApiResult<Json<ListedDuties>> {
            let points = points.clone();
            Ok(Json(blocking(move || listed(&points, &caller, &question, kernel::time::now().day())).await?))
        },
    )
}

fn listed(points: &Points, caller: &Caller, question: &DutyQuestion, today: Day) -> Result<ListedDuties, Problem> {
    let (lines, more) = points.register.duties(&caller.0, question, today)?;
    let last = |line: &DutyLine| line.until.as_deref().and_then(Day::parse);
    let dated: Vec<(Id, &str, Day)> =
        lines.iter().filter_map(|line| Some((line.record, line.duty.as_str(), last(line)?))).collect();
    let mut cases = points.act.cases_of_duties(&caller.0, &dated)?.into_iter();
    let lines = lines.into_iter().map(|line| {
        let case = last(&line).and_then(|_| cases.next()).flatten();
        ListedDuty { case: case.map(|case| in_short(points, &case)), line }
    });
    Ok(ListedDuties { lines: lines.collect(), more })
}

fn in_short(points: &Points, case: &Case) -> DutyCase {
    let summary = act::CaseSummary::of(&points.act, case, kernel::time::now());
    DutyCase {
        id: case.id,
        number: case.number.clone(),
        state: summary.state.name,
        owner_name: summary.owner_name,
        closed: case.closed_at.is_some(),
    }
}
