//! What a record asks for (台账事项) → what happens to its cases. Pure: one record, one duty and one last day is one
//! case; a record that asks for it no more puts the case before whoever closes, and never closes it.

use kernel::{Day, Id, Name, Problem};

use crate::model::{Case, Cause, Settled};

/// The duties of a living record, as the ledgers say now.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordDuties {
    pub record: Id,
    pub ledger: String,
    pub key: String,
    pub title: Name,
    /// Body or enterprise that the record belongs to.
    pub owner: Option<String>,
    pub simulated: bool,
    pub schematic: bool,
    pub duties: Vec<DutyNow>,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DutyNow {
    pub duty: String,
    pub name: Name,
    /// Body that has to see to it.
    pub body: Option<String>,
    /// What shows that it was done.
    pub evidence: Option<Name>,
    /// From this day it can be done; the last day. None when the record lacks its date.
    pub days: Option<(Day, Day)>,
    /// The record says that nothing is left to be done.
    pub done: bool,
}

/// A page of records.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub records: Vec<RecordDuties>,
    /// The last record that was looked at; none when there are no more.
    pub last: Option<Id>,
}

/// Who knows what the records of the ledgers ask for.
pub trait DutySource: Send + Sync {
    /// None when there is no such living record.
    fn of_record(&self, record: Id, today: Day) -> Result<Option<RecordDuties>, Problem>;
    /// The next records by id, looking at `most` of them.
    fn after(&self, record: Id, most: i64, today: Day) -> Result<Page, Problem>;
    /// The person who wrote the newest revision of a record.
    fn last_author(&self, record: Id) -> Result<Option<Id>, Problem>;
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Open {
        duty: DutyNow,
        last: Day,
        late: bool,
    },
    /// The record asks for it no more.
    Settle {
        case: Id,
        how: Settled,
        note: String,
    },
    /// The record asks for it after all.
    AskAgain {
        case: Id,
    },
}

pub fn subject(record: Id, duty: &str, last: Day) -> String {
    format!("{}:{record}:{duty}:{}", Cause::Duty.name(), last.to_iso())
}

/// What a record means for its cases, open and closed ones.
pub fn steps(record: Id, now: Option<&RecordDuties>, cases: &[Case], today: Day) -> Vec<Step> {
    let duties = now.map_or(&[][..], |now| &now.duties);
    let mut steps: Vec<Step> = cases
        .iter()
        .filter(|case| case.closed_at.is_none())
        .filter_map(|case| {
            let link = case.duty.as_ref()?;
            let found = duties.iter().find(|duty| duty.duty == link.duty);
            match (settled(link.last_day()?, now.is_some(), found), link.settled) {
                (Some((how, note)), before) => {
                    (before != Some(how)).then_some(Step::Settle { case: case.id, how, note })
                }
                (None, Some(_)) => Some(Step::AskAgain { case: case.id }),
                (None, None) => None,
            }
        })
        .collect();
    for duty in duties.iter().filter(|duty| !duty.done) {
        let Some((from, last)) = duty.days else { continue };
        let subject = subject(record, &duty.duty, last);
        if from <= today && !cases.iter().any(|case| case.subject == subject) {
            steps.push(Step::Open { duty: duty.clone(), last, late: today > last });
        }
    }
    steps
}

/// Why a duty with that last day is asked for no more; none while it is.
fn settled(last: Day, alive: bool, now: Option<&DutyNow>) -> Option<(Settled, String)> {
    let note = |how, zh: String, en: String| Some((how, format!("{zh} ({en})")));
    match now {
        None if !alive => note(Settled::NotAsked, "记录已删除".into(), "the record was deleted".into()),
        None => note(Settled::NotAsked, "台账不再要求这一项".into(), "the ledger asks for this no more".into()),
        Some(duty) if duty.done => {
            note(Settled::Fulfilled, "记录写明已办结".into(), "the record says that it is done".into())
        }
        Some(duty) => match duty.days {
            None => note(Settled::NotAsked, "记录不再有这个日期".into(), "the record has that date no more".into()),
            Some((_, next)) if next > last => note(
                Settled::Fulfilled,
                format!("记录已更新，下一次最后一天是 {}", next.to_iso()),
                format!("the record was revised; the next last day is {}", next.to_iso()),
            ),
            Some((_, earlier)) if earlier < last => note(
                Settled::NotAsked,
                format!("最后一天改成了 {}", earlier.to_iso()),
                format!("the last day is now {}", earlier.to_iso()),
            ),
            Some(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DutyLink;
    use kernel::Timestamp;

    const RECORD: Id = Id(7);

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn of(duties: Vec<DutyNow>) -> RecordDuties {
        let (ledger, key) = ("discharge_permit".into(), "p1".into());
        RecordDuties {
            record: RECORD,
            ledger,
            key,
            title: Name::default(),
            owner: None,
            simulated: false,
            schematic: false,
            duties,
        }
    }

    fn now(days: Option<(&str, &str)>, done: bool) -> RecordDuties {
        let duty = DutyNow {
            duty: "renew".into(),
            days: days.map(|(from, last)| (day(from), day(last))),
            done,
            ..DutyNow::default()
        };
        of(vec![duty])
    }

    fn case(last: &str, settled: Option<Settled>, closed: bool) -> Case {
        let text = |text: &str| text.to_owned();
        Case {
            id: Id(1),
            number: text("期-2026-0001"),
            workflow: text("duty"),
            title: Name::default(),
            state: text("open"),
            severity: text("timely"),
            subject: subject(RECORD, "renew", day(last)),
            point: Case::NO_POINT,
            duty: Some(DutyLink {
                record: RECORD,
                ledger: text("discharge_permit"),
                key: text("p1"),
                title: Name::default(),
                duty: text("renew"),
                name: Name::default(),
                last_day: text(last),
                evidence: None,
                simulated: false,
                schematic: false,
                settled,
            }),
            owner: text("dept-ecology"),
            point_owner: None,
            assignee: None,
            assignee_name: None,
            resolved_by: None,
            opened_at: Timestamp(0),
            due_at: Timestamp(1),
            closed_at: closed.then_some(Timestamp(2)),
            spell_from: Timestamp(0),
            spell_until: Timestamp(0),
            exceedances: 0,
            revision: 1,
        }
    }

    /// What a record asks for, the case that there is, today → what is done.
    fn check(record: Option<&RecordDuties>, case: Option<&Case>, today: &str, expect: &[&str]) {
        let cases: Vec<Case> = case.cloned().into_iter().collect();
        let found: Vec<String> = steps(RECORD, record, &cases, day(today))
            .into_iter()
            .map(|step| match step {
                Step::Open { last, late, .. } => format!("open {}{}", last.to_iso(), if late { " late" } else { "" }),
                Step::Settle { how, .. } => format!("{how:?}"),
                Step::AskAgain { .. } => "again".into(),
            })
            .collect();
        assert_eq!(found, expect, "{record:?} on {today}");
    }

    const TERM: Option<(&str, &str)> = Some(("2026-11-01", "2026-12-31"));
    const NEXT: Option<(&str, &str)> = Some(("2031-11-01", "2031-12-31"));

    #[test]
    fn a_duty_opens_one_case_when_it_falls_due() {
        check(Some(&now(TERM, false)), None, "2026-10-31", &[]);
        check(Some(&now(TERM, false)), None, "2026-11-01", &["open 2026-12-31"]);
        check(Some(&now(TERM, false)), None, "2027-01-01", &["open 2026-12-31 late"]);
        check(Some(&now(TERM, true)), None, "2026-11-01", &[]);
        check(Some(&now(None, false)), None, "2026-11-01", &[]);
        for closed in [false, true] {
            check(Some(&now(TERM, false)), Some(&case("2026-12-31", None, closed)), "2027-01-01", &[]);
        }
        check(Some(&now(NEXT, false)), Some(&case("2026-12-31", None, true)), "2031-12-01", &["open 2031-12-31"]);
    }

    #[test]
    fn a_revised_record_is_told_on_its_case_once_and_taken_back() {
        let (open, done) = (case("2026-12-31", None, false), case("2026-12-31", Some(Settled::Fulfilled), false));
        let gone = case("2026-12-31", Some(Settled::NotAsked), false);
        for fulfilled in [now(NEXT, false), now(TERM, true)] {
            check(Some(&fulfilled), Some(&open), "2026-12-01", &["Fulfilled"]);
            check(Some(&fulfilled), Some(&done), "2026-12-01", &[]);
            check(Some(&fulfilled), Some(&case("2026-12-31", None, true)), "2026-12-01", &[]);
        }
        check(Some(&now(TERM, false)), Some(&done), "2026-12-01", &["again"]);
        check(None, Some(&open), "2026-12-01", &["NotAsked"]);
        check(None, Some(&gone), "2026-12-01", &[]);
        check(Some(&now(None, false)), Some(&open), "2026-12-01", &["NotAsked"]);
        check(Some(&of(Vec::new())), Some(&open), "2026-12-01", &["NotAsked"]);
        let earlier = now(Some(("2026-10-01", "2026-11-30")), false);
        check(Some(&earlier), Some(&open), "2026-11-20", &["NotAsked", "open 2026-11-30"]);
        check(Some(&earlier), Some(&gone), "2026-11-20", &["open 2026-11-30"]);
    }
}
