//! Rules as data (评判办法): lights, forecast, scores, the life cycle of projects. What is published is what is
//! computed; a county's own files replace the built-in ones.

use std::collections::BTreeMap;

use expression::Expression;
use kernel::{Day, FactValue, Name, Problem};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::model::Indicator;
use crate::source::Files;

pub const SCHEME: &str = "plan/scheme.toml";
pub const LIFECYCLE: &str = "plan/lifecycle.toml";
const BUILT_IN_SCHEME: &str = include_str!("../../../model/plan/scheme.toml");
const BUILT_IN_LIFECYCLE: &str = include_str!("../../../model/plan/lifecycle.toml");

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForecastRule {
    pub method: String,
    pub confidence: f64,
    pub least_years: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LightRule {
    pub code: String,
    pub name: Name,
    /// CEL that gives a truth value.
    pub when: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    pub code: String,
    pub name: Name,
    pub points: f64,
    /// CEL that gives a share between 0 and 1.
    pub share: String,
    pub explain: Name,
}

/// Bounds of the values of a unit; the unit `*` stands for all that are not named.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    pub unit: String,
    #[schemars(with = "Option<String>")]
    pub least: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub most: Option<Decimal>,
}

/// What a duty without a report counts in the score of its body.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// CEL that gives a truth value.
    pub when: String,
    pub score: f64,
    pub explain: Name,
}

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    pub forecast: ForecastRule,
    /// More of a quantity than this share of what is planned is refused as a slip, of a unit most likely.
    #[serde(default = "most_done")]
    #[schemars(with = "String")]
    pub most_done: Decimal,
    /// Money and contracts beyond this share of the estimate are refused as a slip: yuan for 万元, most likely. A higher
    /// estimate is entered as a change first.
    #[serde(default = "most_done")]
    #[schemars(with = "String")]
    pub most_money: Decimal,
    /// A changed estimate beyond so many times the one before is refused: the slip is one of ten thousand.
    #[serde(default = "most_change")]
    #[schemars(with = "String")]
    pub most_change: Decimal,
    /// Month and day (`03-31`) of the next year until which a duty can be reported in time.
    #[serde(default = "report_until")]
    pub report_until: String,
    /// A body is ranked only where at least this share of what was due was scored.
    #[serde(default)]
    pub least_scored: f64,
    /// Days within which a decision can be appealed against; `None`: always.
    #[serde(default)]
    pub appeal_days: Option<u32>,
    /// Without bounds of its own a county has the built-in ones.
    #[serde(default, rename = "bound")]
    pub bounds: Vec<Bound>,
    /// `None`: a duty without a report is not scored.
    #[serde(default)]
    pub silence: Option<Silence>,
    #[serde(rename = "light")]
    pub lights: Vec<LightRule>,
    #[serde(rename = "criterion")]
    pub criteria: Vec<Criterion>,
    #[serde(rename = "performance")]
    pub performance: Vec<Criterion>,
}

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub code: String,
    pub name: Name,
    pub next: Vec<String>,
    #[serde(default)]
    pub needs_note: bool,
    #[serde(default)]
    pub needs_evidence: bool,
    /// May be entered from any stage that has not ended.
    #[serde(default)]
    pub aside: bool,
    #[serde(default)]
    pub ends: bool,
    /// What the project was for is done, whatever may follow.
    #[serde(default)]
    pub finished: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    #[serde(rename = "stage")]
    pub stages: Vec<Stage>,
}

fn most_done() -> Decimal {
    Decimal::from(3)
}

fn most_change() -> Decimal {
    Decimal::from(100)
}

fn report_until() -> String {
    "03-31".to_owned()
}

/// What each family of expressions can ask for: filled in `trajectory.rs`, `duty.rs` and `performance.rs`.
const OF_LIGHTS: &[&str] = &["value", "path", "target", "behind", "distance", "spanned", "lag", "met", "over"];
const OF_DUTIES: &[&str] = &["reported", "accepted", "overdue", "evidence", "in_time", "progress", "due"];
const OF_PROJECTS: &[&str] = &["paid_share", "quantity_share", "due_share", "milestones_share", "money_ok"];
/// Those that are true or false; the others are numbers.
const TRUTHS: &[&str] = &["spanned", "met", "over", "reported", "accepted", "overdue", "in_time", "money_ok"];

/// Compiles an expression of the scheme, and tries it: a name that nobody fills, or an answer of another kind than
/// wanted, would shift lights and drop scores without a word.
///
/// A scheme that a release before this check took is read as it stands (`asked`: false): the plan that was approved with
/// it stays in force, and the platform starts.
fn compile(source: &str, known: &[&str], truth: bool, asked: bool) -> Result<Expression, Problem> {
    let wrong = |why: String| Problem::invalid(format!("{SCHEME}: {source}: {why}"));
    let expression = Expression::compile(source).map_err(|error| wrong(error.to_string()))?;
    if !asked {
        return Ok(expression);
    }
    if let Some(unknown) = expression.variables().iter().find(|name| !known.contains(&name.as_str())) {
        return Err(wrong(format!("没有变量 {unknown}，可用：{} (no such variable)", known.join("、"))));
    }
    for yes in [false, true] {
        let tried: BTreeMap<String, FactValue> = known
            .iter()
            .map(|name| match TRUTHS.contains(name) {
                true => ((*name).to_owned(), FactValue::Bool(yes)),
                false => ((*name).to_owned(), FactValue::Number(0.5)),
            })
            .collect();
        let found = expression.evaluate(&tried).map_err(|error| wrong(error.to_string()))?.value;
        let fits = match found {
            FactValue::Bool(_) => truth,
            FactValue::Number(_) | FactValue::Integer(_) => !truth,
            FactValue::Missing => true,
            _ => false,
        };
        if !fits {
            let wanted = if truth { "真或假 (true or false)" } else { "0～1 的数 (a share)" };
            return Err(wrong(format!("结果应是{wanted}")));
        }
    }
    Ok(expression)
}

impl Scheme {
    /// Who is ranked, in words; `None`: everybody with a score.
    pub fn ranking_note(&self) -> Option<Name> {
        let share = (self.least_scored * 100.0).round();
        (self.least_scored > 0.0).then(|| {
            Name::new(
                format!("当年应完成的责任中，得分的不到 {share}% 的单位不排名。"),
                format!("Bodies of whose duties due in the year less than {share} % were scored are not ranked."),
            )
        })
    }
}

/// Everything compiled.
#[derive(Debug)]
pub struct Rules {
    pub scheme: Scheme,
    pub lifecycle: Lifecycle,
    lights: Vec<Expression>,
    criteria: Vec<Expression>,
    performance: Vec<Expression>,
    silence: Option<Expression>,
}

/// One criterion applied, with why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scored {
    pub code: String,
    pub name: Name,
    pub points: f64,
    /// `None`: the facts are missing, so nothing is scored.
    pub got: Option<f64>,
    pub explain: Name,
    /// Variable → value that it was computed from.
    pub from: BTreeMap<String, FactValue>,
}

impl Rules {
    pub fn read(files: &Files) -> Result<Self, Problem> {
        Self::with(files, true)
    }

    /// Of a revision that was taken before: see [`compile`].
    pub fn read_stored(files: &Files) -> Result<Self, Problem> {
        match Self::with(files, true) {
            Err(problem) => {
                tracing::warn!(why = %problem.detail, "已存的评判办法有误，照旧使用 (the stored scheme is wrong and kept)");
                Self::with(files, false)
            }
            read => read,
        }
    }

    fn with(files: &Files, asked: bool) -> Result<Self, Problem> {
        let text = |file: &str, built_in: &'static str| files.get(file).cloned().unwrap_or_else(|| built_in.to_owned());
        let wrong = |file: &str, why: String| Problem::invalid(format!("{file}: {why}"));
        let mut scheme: Scheme =
            toml::from_str(&text(SCHEME, BUILT_IN_SCHEME)).map_err(|error| wrong(SCHEME, error.to_string()))?;
        let lifecycle: Lifecycle = toml::from_str(&text(LIFECYCLE, BUILT_IN_LIFECYCLE))
            .map_err(|error| wrong(LIFECYCLE, error.to_string()))?;
        let shares = |criteria: &[Criterion], known: &[&str]| -> Result<Vec<Expression>, Problem> {
            criteria.iter().map(|criterion| compile(&criterion.share, known, false, asked)).collect()
        };
        if Day::parse(&format!("2001-{}", scheme.report_until)).is_none() {
            return Err(wrong(SCHEME, format!("report_until = {}：应写成 03-31 (month and day)", scheme.report_until)));
        }
        if scheme.bounds.is_empty() {
            let built_in: Scheme = toml::from_str(BUILT_IN_SCHEME).map_err(|error| wrong(SCHEME, error.to_string()))?;
            scheme.bounds = built_in.bounds;
        }
        if !(0.5..1.0).contains(&scheme.forecast.confidence) {
            return Err(wrong(SCHEME, "forecast.confidence 应在 0.5～1 (out of range)".into()));
        }
        for stage in &lifecycle.stages {
            if let Some(lost) = stage.next.iter().find(|next| lifecycle.stages.iter().all(|other| other.code != **next))
            {
                return Err(wrong(LIFECYCLE, format!("{} → {lost}：没有这个阶段 (no such stage)", stage.code)));
            }
        }
        Ok(Self {
            lights: scheme
                .lights
                .iter()
                .map(|light| compile(&light.when, OF_LIGHTS, true, asked))
                .collect::<Result<_, _>>()?,
            criteria: shares(&scheme.criteria, OF_DUTIES)?,
            performance: shares(&scheme.performance, OF_PROJECTS)?,
            silence: scheme
                .silence
                .as_ref()
                .map(|silence| compile(&silence.when, OF_DUTIES, true, asked))
                .transpose()?,
            scheme,
            lifecycle,
        })
    }

    pub fn built_in() -> Result<Self, Problem> {
        Self::read(&Files::new())
    }

    /// The first light that holds.
    pub fn light(&self, variables: &BTreeMap<String, FactValue>) -> Option<&LightRule> {
        let holds = |expression: &Expression| {
            expression.evaluate(variables).is_ok_and(|found| found.value == FactValue::Bool(true))
        };
        self.scheme.lights.iter().zip(&self.lights).find(|(_, expression)| holds(expression)).map(|(light, _)| light)
    }

    /// Least and greatest value of a unit.
    pub fn bounds_of(&self, unit: &str) -> (Option<Decimal>, Option<Decimal>) {
        let of = |wanted: &str| self.scheme.bounds.iter().find(|bound| bound.unit == wanted);
        of(unit).or_else(|| of("*")).map_or((None, None), |bound| (bound.least, bound.most))
    }

    /// The rule about silence, where it holds of a duty.
    pub fn silence(&self, variables: &BTreeMap<String, FactValue>) -> Option<&Silence> {
        let held = self.silence.as_ref()?.evaluate(variables).ok()?;
        self.scheme.silence.as_ref().filter(|_| held.value == FactValue::Bool(true))
    }

    pub fn score_duty(&self, variables: &BTreeMap<String, FactValue>) -> Vec<Scored> {
        score(&self.scheme.criteria, &self.criteria, variables)
    }

    pub fn score_project(&self, variables: &BTreeMap<String, FactValue>) -> Vec<Scored> {
        score(&self.scheme.performance, &self.performance, variables)
    }

    /// Least and most that an indicator's values can be: its own range, else what the scheme has for its unit.
    pub fn range_of(&self, indicator: &Indicator) -> (Option<Decimal>, Option<Decimal>) {
        match indicator.range {
            Some([least, most]) => (Some(least), Some(most)),
            None => self.bounds_of(&indicator.unit),
        }
    }

    /// A computed number, kept within that range.
    pub fn bounded(&self, indicator: &Indicator, value: f64) -> f64 {
        let (least, most) = self.range_of(indicator);
        let number = |bound: Option<Decimal>| bound.and_then(|bound| bound.to_f64());
        let value = number(least).map_or(value, |least| value.max(least));
        number(most).map_or(value, |most| value.min(most))
    }

    /// The day after the last on which a duty of a year can be reported in time.
    pub fn report_end(&self, year: i32) -> Day {
        let last = Day::parse(&format!("{}-{}", year + 1, self.scheme.report_until));
        // Read when the scheme was read: it is a day of every year but a 29 February.
        Day(last.unwrap_or_else(|| Day::from_civil(year + 1, 3, 31)).0 + 1)
    }

    /// Whether a project in that stage asks for nothing more.
    pub fn is_finished(&self, code: &str) -> bool {
        self.stage(code).is_some_and(|stage| stage.finished || stage.ends)
    }

    pub fn stage(&self, code: &str) -> Option<&Stage> {
        self.lifecycle.stages.iter().find(|stage| stage.code == code)
    }

    /// Whether a project may go from `from` (none: nothing declared yet) to `to`; `before` is the stage it was
    /// suspended in.
    pub fn may_go(&self, from: Option<&str>, before: Option<&str>, to: &str) -> Result<&Stage, Problem> {
        let no = |why: String| Problem::new(kernel::ErrorCode::NoTransition, why);
        let wanted = self.stage(to).ok_or_else(|| Problem::invalid(format!("没有阶段“{to}” (no such stage)")))?;
        let Some(from) = from else { return Ok(wanted) };
        let Some(now) = self.stage(from) else { return Ok(wanted) };
        if now.ends {
            return Err(no(format!("项目已{}，不能再变 (it has ended)", now.name.zh)));
        }
        let back = now.aside && before == Some(to);
        if (wanted.aside && from != to) || now.next.iter().any(|next| next == to) || back {
            return Ok(wanted);
        }
        Err(no(format!(
            "不能从“{}”到“{}” (not from {} to {})",
            now.name.zh, wanted.name.zh, now.name.en, wanted.name.en
        )))
    }
}

/// Per cent of the points that could be scored; `None` where none could.
pub fn share_of(criteria: &[Scored]) -> Option<f64> {
    let scored: Vec<(f64, f64)> = criteria.iter().filter_map(|one| Some((one.got?, one.points))).collect();
    let possible: f64 = scored.iter().map(|(_, points)| points).sum();
    (possible > 0.0).then(|| (scored.iter().map(|(got, _)| got).sum::<f64>() * 10_000.0 / possible).round() / 100.0)
}

fn score(criteria: &[Criterion], shares: &[Expression], variables: &BTreeMap<String, FactValue>) -> Vec<Scored> {
    let one = |(criterion, expression): (&Criterion, &Expression)| {
        let share = expression.evaluate(variables).ok().and_then(|found| match found.value {
            FactValue::Number(share) => Some(share.clamp(0.0, 1.0)),
            FactValue::Integer(share) => Some((share as f64).clamp(0.0, 1.0)),
            _ => None,
        });
        Scored {
            code: criterion.code.clone(),
            name: criterion.name.clone(),
            points: criterion.points,
            got: share.map(|share| (share * criterion.points * 100.0).round() / 100.0),
            explain: criterion.explain.clone(),
            from: expression
                .variables()
                .iter()
                .filter_map(|name| Some((name.clone(), variables.get(name)?.clone())))
                .collect(),
        }
    };
    criteria.iter().zip(shares).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `spanned`: the lag is a share of the way from the baseline; `over`: the target year is over.
    fn check(lag: f64, met: bool, spanned: bool, over: bool, expect: &str) {
        let rules = Rules::built_in().unwrap();
        let truth = FactValue::Bool;
        let variables = BTreeMap::from([
            ("lag".to_owned(), FactValue::Number(lag)),
            ("met".to_owned(), truth(met)),
            ("spanned".to_owned(), truth(spanned)),
            ("over".to_owned(), truth(over)),
        ]);
        let found = rules.light(&variables).map(|light| light.code.as_str());
        assert_eq!(found, Some(expect), "lag {lag}, met {met}, spanned {spanned}, over {over}");
    }

    #[test]
    fn the_first_light_that_holds_counts() {
        check(0.0, false, true, false, "green");
        check(0.2, true, true, true, "green");
        check(0.09, false, true, false, "yellow");
        check(0.11, false, true, false, "red");
        check(0.04, false, false, false, "yellow");
        check(0.06, false, false, false, "red");
        // A target year that is over and missed is red, however little is missing.
        check(0.01, false, true, true, "red");
        check(0.0, false, true, true, "red");
    }

    #[test]
    fn a_life_goes_forward_aside_and_back() {
        let rules = Rules::built_in().unwrap();
        assert!(rules.may_go(None, None, "building").is_ok());
        assert!(rules.may_go(Some("tender"), None, "building").is_ok());
        assert!(rules.may_go(Some("building"), None, "tender").is_err());
        assert!(rules.may_go(Some("building"), None, "suspended").is_ok());
        assert!(rules.may_go(Some("suspended"), Some("building"), "building").is_ok());
        assert!(rules.may_go(Some("suspended"), Some("building"), "operating").is_err());
        assert!(rules.may_go(Some("cancelled"), None, "reserve").is_err());
    }

    #[test]
    fn what_is_not_known_is_not_scored() {
        let rules = Rules::built_in().unwrap();
        let variables = BTreeMap::from([
            ("progress".to_owned(), FactValue::Number(0.3)),
            ("due".to_owned(), FactValue::Number(0.6)),
            ("evidence".to_owned(), FactValue::Number(1.0)),
            ("in_time".to_owned(), FactValue::Missing),
        ]);
        let got: Vec<Option<f64>> = rules.score_duty(&variables).into_iter().map(|scored| scored.got).collect();
        assert_eq!(got, [Some(30.0), Some(20.0), None]);
    }
}
