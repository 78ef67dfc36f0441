//! The duties of a ledger (提醒事项), and when they fall due for a record. Pure.

use expression::Expression;
use kernel::{Day, FactValue, Month, Name, WorkingCalendar};
use serde::Serialize;

use crate::colour::facts_of;
use crate::definition::LedgerDefinition;
use crate::problem::Findings;
use crate::reader::TableReader;
use crate::record::Content;

/// Something that must be done about a record in time (提醒事项); becomes a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duty {
    pub id: String,
    pub name: Name,
    /// The date field it counts from.
    pub date: String,
    /// Days before that date.
    pub before_days: Option<u32>,
    /// So many working days after that date at the latest.
    pub within_working_days: Option<u32>,
    /// Repeats every so many months after that date.
    pub every_months: Option<u32>,
    /// Key of the body that has to see to it.
    pub owner: Option<String>,
    /// Link field whose body has to, where it is filled.
    pub owner_field: Option<String>,
    /// What shows that it was done.
    pub evidence: Option<Name>,
    /// CEL condition: a record for which it holds asks for nothing any more.
    pub done: Option<String>,
}

/// Reads the `[[duty]]` tables of a definition.
pub fn read(reader: &mut TableReader<'_>, findings: &mut Findings) -> Vec<Duty> {
    let mut duties = Vec::new();
    for mut item in reader.tables("duty", findings) {
        duties.push(Duty {
            id: item.text("id", findings),
            name: item.name("name", findings),
            date: item.text("date", findings),
            before_days: item.number("before_days", findings),
            within_working_days: item.number("within_working_days", findings),
            every_months: item.number("every_months", findings),
            owner: item.optional_text("owner", findings),
            owner_field: item.optional_text("owner_field", findings),
            evidence: item.optional_name("evidence", findings),
            done: item.optional_text("done", findings),
        });
        item.finish(findings);
    }
    duties
}

/// How a duty stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyState {
    /// 逾期: the last day has passed.
    Overdue,
    /// 应办: may be done now.
    Due,
    /// 未到: not yet.
    Coming,
    /// 缺日期: the record does not say from when it counts.
    Undated,
    /// 已办: the record says that nothing is left to be done.
    Done,
}

/// When a duty is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: DutyState,
    /// From this day it can be done.
    pub from: Option<Day>,
    /// The last day.
    pub until: Option<Day>,
}

/// Days before the last one on which a repeated duty is shown as due.
const NOTICE_DAYS: i32 = 30;

/// The standing of a duty on a day.
pub fn standing(duty: &Duty, content: &Content, today: Day, calendar: &WorkingCalendar) -> Standing {
    let undated = Standing { state: DutyState::Undated, from: None, until: None };
    let Some(date) = content.text(&duty.date).and_then(|text| Day::parse(text.get(..10).unwrap_or(text))) else {
        return undated;
    };
    let (from, until) = match (duty.before_days, duty.within_working_days, duty.every_months) {
        (Some(days), _, _) => (Day(date.0.saturating_sub(i32::try_from(days).unwrap_or(i32::MAX))), date),
        (None, Some(days), _) => (date, calendar.working_day_after(date, days)),
        (None, None, Some(months)) => {
            let until = months_later(date, months);
            (Day(until.0 - NOTICE_DAYS), until)
        }
        (None, None, None) => (date, date),
    };
    let state = if today > until {
        DutyState::Overdue
    } else if today >= from {
        DutyState::Due
    } else {
        DutyState::Coming
    };
    Standing { state, from: Some(from), until: Some(until) }
}

/// The duties of a ledger with their conditions compiled, for many records.
pub struct DutyRules<'d> {
    definition: &'d LedgerDefinition,
    calendar: &'d WorkingCalendar,
    done: Vec<Option<Expression>>,
}

impl<'d> DutyRules<'d> {
    /// A condition that does not compile has been reported with the definition and never holds.
    pub fn new(definition: &'d LedgerDefinition, calendar: &'d WorkingCalendar) -> Self {
        let done = definition.duties.iter().map(|duty| Expression::compile(duty.done.as_ref()?).ok()).collect();
        Self { definition, calendar, done }
    }

    /// Each duty with its standing. A condition over a field that the record does not have does not hold; it is asked
    /// only of what has a date, which few of many records have.
    pub fn standings(&self, content: &Content, today: Day) -> Vec<(&'d Duty, Standing)> {
        let holds = |done: &Option<Expression>| {
            let found = done.as_ref().map(|done| done.evaluate(&facts_of(self.definition, content, today)));
            found.is_some_and(|found| found.is_ok_and(|found| found.value == FactValue::Bool(true)))
        };
        let duties = self.definition.duties.iter().zip(&self.done);
        duties
            .map(|(duty, done)| {
                let standing = standing(duty, content, today, self.calendar);
                (
                    duty,
                    if standing.until.is_some() && holds(done) {
                        Standing { state: DutyState::Done, ..standing }
                    } else {
                        standing
                    },
                )
            })
            .collect()
    }
}

/// The same day some months later; the last day of a shorter month.
fn months_later(day: Day, months: u32) -> Day {
    let (_, _, date) = day.civil();
    let month = Month(day.month().0.saturating_add(i32::try_from(months).unwrap_or(i32::MAX)));
    Day(month.first_day().0 + (date as i32 - 1).min(month.days() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Before-days or months, the date, today → state and last day.
    fn check(
        before: Option<u32>,
        months: Option<u32>,
        date: Option<&str>,
        today: &str,
        expect: (DutyState, Option<&str>),
    ) {
        check_duty(Duty { before_days: before, every_months: months, ..Duty::default() }, date, today, expect);
    }

    fn check_duty(duty: Duty, date: Option<&str>, today: &str, expect: (DutyState, Option<&str>)) {
        let duty = Duty { id: "d".into(), date: "on".into(), ..duty };
        let mut content: Content = serde_json::from_value(json!({
            "key": "r", "title": { "zh": "", "en": "" }, "values": {}, "location": null, "source": "", "version": 1,
        }))
        .unwrap();
        if let Some(date) = date {
            content.values.insert("on".into(), date.into());
        }
        let found = standing(&duty, &content, Day::parse(today).unwrap(), &WorkingCalendar::built_in().unwrap());
        let until = found.until.map(|day| day.to_iso());
        assert_eq!((found.state, until.as_deref()), expect, "{date:?} on {today}");
    }

    #[test]
    fn a_permit_is_renewed_sixty_days_before_it_ends() {
        let until = Some("2026-12-31");
        check(Some(60), None, until, "2026-10-31", (DutyState::Coming, until));
        check(Some(60), None, until, "2026-11-01", (DutyState::Due, until));
        check(Some(60), None, until, "2026-12-31", (DutyState::Due, until));
        check(Some(60), None, until, "2027-01-01", (DutyState::Overdue, until));
        check(Some(60), None, None, "2027-01-01", (DutyState::Undated, None));
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays() {
        let five = || Duty { within_working_days: Some(5), ..Duty::default() };
        let until = Some("2026-12-04");
        check_duty(five(), Some("2026-11-27"), "2026-11-27", (DutyState::Due, until));
        check_duty(five(), Some("2026-11-27"), "2026-12-04", (DutyState::Due, until));
        check_duty(five(), Some("2026-11-27"), "2026-12-05", (DutyState::Overdue, until));
        check_duty(five(), Some("2026-11-29"), "2026-11-28", (DutyState::Coming, until));
        // Over the holidays around 1 October.
        check_duty(five(), Some("2026-09-30"), "2026-10-01", (DutyState::Due, Some("2026-10-13")));
    }

    #[test]
    fn a_yearly_review_comes_round() {
        let (done, next) = (Some("2024-02-29"), Some("2025-02-28"));
        check(None, Some(12), done, "2025-01-28", (DutyState::Coming, next));
        check(None, Some(12), done, "2025-01-29", (DutyState::Due, next));
        check(None, Some(12), done, "2025-03-01", (DutyState::Overdue, next));
        check(None, Some(1), Some("2025-01-31"), "2025-01-31", (DutyState::Due, Some("2025-02-28")));
        check(None, Some(3), Some("2025-11-30T08:00:00+08:00"), "2026-02-01", (DutyState::Due, Some("2026-02-28")));
    }
}
