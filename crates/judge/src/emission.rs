//! The limits that a standard gives an outlet (执行标准的限值), of every edition in its time, beside the outlet's own.

use std::sync::{Arc, Mutex};

use kernel::{Day, EmissionBasis, FactorLimit, LimitPeriod, LimitWhen, Point, PointSet, PointSource};
use standards::library::FigureError;
use standards::sources::{
    DatedLimit, MissingReason, Period, Selection, SelectionError, When, dated_limits, limits_of as edition_limits,
};
use standards::{Date, Library, Text};

/// The dated limits of one basis, within the time that it binds the outlet.
///
/// # Errors
/// When the library has no such standard, table or grade, or no row applies.
pub fn limits_of(library: &Library, area: &str, basis: &EmissionBasis) -> Result<Vec<FactorLimit>, Text> {
    let conditions: Vec<&str> = basis.conditions.iter().map(String::as_str).collect();
    let selection = Selection { table: &basis.table, column: &basis.grade, conditions: &conditions };
    let found = dated_limits(library, &basis.family, area, selection).map_err(|error| why(basis, &error))?;
    let any = !found.is_empty();
    let limits: Vec<FactorLimit> = found.into_iter().map(limit_of).filter_map(|limit| within(limit, basis)).collect();
    if any && limits.is_empty() {
        let EmissionBasis { family, .. } = basis;
        return Err(Text::new(
            format!("{family}：登记的起止时间内没有施行的版本，或止不晚于起"),
            format!("{family}: no edition is in force between the dates given, or they are the wrong way round"),
        ));
    }
    Ok(limits)
}

/// A limit of a standard for as long as the standard binds the outlet; `None` where the two never meet.
fn within(mut limit: FactorLimit, basis: &EmissionBasis) -> Option<FactorLimit> {
    // Without a beginning is earlier, without an end later than any.
    limit.valid_from = limit.valid_from.max(basis.valid_from);
    limit.valid_until = match (limit.valid_until, basis.valid_until) {
        (Some(until), Some(end)) => Some(until.min(end)),
        (until, end) => until.or(end),
    };
    let empty = limit.valid_from.zip(limit.valid_until).is_some_and(|(from, until)| from >= until);
    (!empty).then_some(limit)
}

fn why(basis: &EmissionBasis, error: &SelectionError) -> Text {
    let EmissionBasis { family, table, grade, .. } = basis;
    let what = match error {
        SelectionError::NotCovered(_) => Text::new("标准库中没有这个标准", "the library has no such standard"),
        SelectionError::Figure(FigureError::Absent { .. }) => Text::new("标准中没有这个表", "no such table"),
        SelectionError::Figure(error) => error.text(),
        SelectionError::Column { known, .. } => Text::new(
            format!("没有级别 {grade}；有 {}", known.join("、")),
            format!("no grade {grade}; there are {}", known.join(", ")),
        ),
        SelectionError::Nothing { known } => Text::new(
            format!("没有适用的行；条件有 {}", known.join("、")),
            format!("no row applies; conditions are {}", known.join(", ")),
        ),
    };
    Text::new(format!("{family} {table} {grade}：{}", what.zh), format!("{family} {table} {grade}: {}", what.en))
}

fn limit_of(dated: DatedLimit) -> FactorLimit {
    let DatedLimit { limit, from, until } = dated;
    let start = |date: Date| Day(date.days_since_epoch()).start();
    FactorLimit {
        factor: limit.factor,
        period: match limit.period {
            Period::Instant => LimitPeriod::Instant,
            Period::Hour => LimitPeriod::Hour,
            Period::Day => LimitPeriod::Day,
            Period::Month => LimitPeriod::Month,
            Period::Year => LimitPeriod::Year,
        },
        upper: limit.upper,
        lower: limit.lower,
        unit: limit.unit,
        converted: limit.converted,
        basis: limit.basis,
        valid_from: Some(start(from)),
        valid_until: until.map(|date| Day(date.days_since_epoch() + 1).start()),
        unconfirmed: limit.unconfirmed,
        when: limit.when.map(|When { factor, above, at_most }| LimitWhen { factor, above, at_most }),
    }
}

/// What the edition of a basis that is in force at a date leaves without a limit, in words: no edition or table then, an
/// item whose figure depends on a condition that the outlet does not name, figures that are not known or not confirmed.
pub fn gaps_of(library: &Library, area: &str, basis: &EmissionBasis, at: Date) -> Vec<Text> {
    let conditions: Vec<&str> = basis.conditions.iter().map(String::as_str).collect();
    let selection = Selection { table: &basis.table, column: &basis.grade, conditions: &conditions };
    let found = match edition_limits(library, &basis.family, area, at, selection) {
        Ok(found) => found,
        Err(error) => return vec![why(basis, &error)],
    };
    let of = |name: &Text, zh: &str, en: &str| {
        Text::new(format!("{} {}：{zh}", basis.family, name.zh), format!("{} {}: {en}", basis.family, name.en))
    };
    let undecided = found.undecided.iter().map(|item| {
        let words = item.conditions.join(", ");
        of(
            &item.name,
            &format!("限值取决于条件，适用的须写明其一（{words}）"),
            &format!("depends on a condition; where it applies name one of {words}"),
        )
    });
    let unknown = found.missing.iter().filter(|missing| missing.reason == MissingReason::Unknown);
    let unknown = unknown.map(|missing| of(&missing.name, "限值未知", "the figure is not known"));
    let unconfirmed = found.limits.iter().filter(|limit| limit.unconfirmed).map(|limit| {
        let name = crate::names::factor_name(&limit.factor);
        of(&Text::new(name.zh, name.en), "限值未确认，不用于判定", "not confirmed, never judges")
    });
    undecided.chain(unknown).chain(unconfirmed).collect()
}

impl crate::Judge {
    /// What the standards that bind a point leave without a limit at a moment.
    pub fn limit_gaps(&self, point: &Point, at: kernel::Timestamp) -> Vec<kernel::Name> {
        let rules = self.rules();
        let (area, date) = (self.division.to_string(), Date::from_days_since_epoch(at.day().0));
        let binding = point.emission.iter().filter(|basis| basis.in_force(at));
        let gaps = binding.flat_map(|basis| gaps_of(&rules.library, &area, basis, date));
        // Dates that leave a standard no time at all silence it, whatever the moment.
        let silent = point.emission.iter().filter(|basis| {
            !basis.in_force(at) && basis.valid_from.zip(basis.valid_until).is_some_and(|(from, until)| from >= until)
        });
        let silent = silent.filter_map(|basis| limits_of(&rules.library, &area, basis).err());
        gaps.chain(silent).map(|gap| crate::model::name_of(&gap)).collect()
    }
}

/// The point with the limits of its standards after its own. A basis that gives none is left out and logged.
fn with_limits(library: &Library, area: &str, point: &Point) -> Point {
    let mut point = point.clone();
    for basis in &point.emission {
        match limits_of(library, area, basis) {
            Ok(limits) => point.limits.extend(limits),
            Err(why) => {
                tracing::warn!(point = point.id, why = %why.en, "a standard that binds an outlet gives no limits")
            }
        }
    }
    point
}

/// The points of the register with the limits of their standards; made anew when records or the library change.
pub struct StandardPoints {
    inner: Arc<dyn PointSource>,
    area: String,
    state: Mutex<State>,
}

struct State {
    library: Arc<Library>,
    /// What was made, and of what.
    made: Option<(Arc<PointSet>, Arc<PointSet>)>,
}

impl StandardPoints {
    pub fn new(inner: Arc<dyn PointSource>, area: String, library: Arc<Library>) -> Self {
        Self { inner, area, state: Mutex::new(State { library, made: None }) }
    }

    /// One point under another library: for explaining what was judged then.
    pub fn point_under(&self, id: i64, library: &Library) -> Option<Arc<Point>> {
        let bare = self.inner.points();
        let point = bare.get(id)?;
        Some(match point.emission.is_empty() {
            true => Arc::clone(point),
            false => Arc::new(with_limits(library, &self.area, point)),
        })
    }

    pub fn set_library(&self, library: Arc<Library>) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = State { library, made: None };
    }
}

impl PointSource for StandardPoints {
    fn points(&self) -> Arc<PointSet> {
        let bare = self.inner.points();
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((of, made)) = &state.made
            && Arc::ptr_eq(of, &bare)
        {
            return Arc::clone(made);
        }
        let full = |point: &Arc<Point>| match point.emission.is_empty() {
            true => Arc::clone(point),
            false => Arc::new(with_limits(&state.library, &self.area, point)),
        };
        let made = Arc::new(PointSet::new(bare.iter().map(full).collect()));
        state.made = Some((bare, Arc::clone(&made)));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    fn basis(family: &str, table: &str, grade: &str, conditions: &[&str]) -> EmissionBasis {
        EmissionBasis {
            family: family.into(),
            table: table.into(),
            grade: grade.into(),
            conditions: conditions.iter().map(|word| (*word).to_owned()).collect(),
            valid_from: None,
            valid_until: None,
        }
    }

    #[test]
    fn each_edition_binds_in_its_time_and_ammonia_by_temperature() {
        let library = Library::embedded().unwrap();
        let found = limits_of(&library, "500242", &basis("GB 18918", "basic", "1A", &["built_from_2006"])).unwrap();
        let check = |factor: &str, at: &str, expect: &[(&str, &str, Option<&str>)]| {
            let at = Timestamp::parse(at).unwrap();
            let mut own: Vec<(String, &str, Option<String>)> = found
                .iter()
                .filter(|limit| limit.factor == factor && limit.in_force(at))
                .map(|limit| {
                    let when = limit.when.as_ref().map(|when| format!("{:?} {:?}", when.above, when.at_most));
                    let period = if limit.period == LimitPeriod::Instant { "instant" } else { "day" };
                    (limit.upper.unwrap().to_string(), period, when)
                })
                .collect();
            own.sort();
            let expect: Vec<(String, &str, Option<String>)> = expect
                .iter()
                .map(|(upper, period, when)| ((*upper).to_owned(), *period, when.map(str::to_owned)))
                .collect();
            assert_eq!(own, expect, "{factor} at {at:?}");
        };
        check("w01018", "2026-01-01T00:00:00", &[("50", "day", None)]);
        check("w21011", "2026-01-01T00:00:00", &[("0.5", "day", None)]);
        check(
            "w21003",
            "2026-01-01T00:00:00",
            &[("5", "day", Some("Some(12) None")), ("8", "day", Some("None Some(12)"))],
        );
        check("w01001", "2026-02-28T23:00:00", &[("9", "day", None)]);
        check("w01001", "2026-03-01T00:00:00", &[("9", "instant", None)]);
        check("w01018", "2001-01-01T00:00:00", &[]);
    }

    #[test]
    fn what_an_edition_leaves_without_a_limit_is_said() {
        let library = Library::embedded().unwrap();
        let check = |basis: EmissionBasis, at: &str, expect: &[&str]| {
            let found: Vec<String> =
                gaps_of(&library, "500242", &basis, at.parse().unwrap()).into_iter().map(|text| text.zh).collect();
            assert_eq!(found.len(), expect.len(), "{found:?}");
            for (found, expect) in found.iter().zip(expect) {
                assert!(found.contains(expect), "{found} lacks {expect}");
            }
        };
        // Ammonia by temperature is decided by the water itself.
        check(basis("GB 18918", "basic", "1A", &["built_from_2006"]), "2026-06-01", &[]);
        check(basis("GB 18918", "basic", "1A", &[]), "2026-06-01", &["总磷：限值取决于条件"]);
        check(basis("GB 18918", "basic", "1A", &[]), "2001-01-01", &["标准库中没有这个标准"]);
    }

    #[test]
    fn what_gives_no_limits_says_why() {
        let library = Library::embedded().unwrap();
        let check = |basis: EmissionBasis, expect: &str| {
            let why = limits_of(&library, "500242", &basis).unwrap_err();
            assert!(why.zh.contains(expect), "{}", why.zh);
        };
        check(basis("GB 99999", "basic", "1A", &[]), "标准库中没有");
        check(basis("GB 18918", "nothing", "1A", &[]), "没有这个表");
        check(basis("GB 18918", "basic", "一级A", &[]), "1A");
        check(basis("GB 31573", "gas", "stack", &[]), "条件有");
        // Ended before the standard began, or the wrong way round.
        let at = |text: &str| Timestamp::parse(text);
        let bound = |from: Option<&str>, until: Option<&str>| EmissionBasis {
            valid_from: from.and_then(at),
            valid_until: until.and_then(at),
            ..basis("GB 18918", "basic", "1A", &["built_from_2006"])
        };
        check(bound(None, Some("2001-01-01T00:00:00")), "起止时间内没有施行的版本");
        check(bound(Some("2020-01-01T00:00:00"), Some("2020-01-01T00:00:00")), "起止时间内没有施行的版本");
    }
}
