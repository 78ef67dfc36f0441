//! The plan's nouns as the pack's files hold them. Texts are our own short words; names and figures are the
//! source's, with the place they stand in.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::source::At;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    pub plan: Plan,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub name: String,
    pub name_en: String,
    /// First and last year of the plan period.
    pub period: [i32; 2],
    /// Year of the long-range vision.
    pub horizon: i32,
    pub document: String,
    pub issued: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectFile {
    pub total: Option<At<DeclaredTotal>>,
    #[serde(default, rename = "project")]
    pub projects: Vec<At<Project>>,
}

/// The total that the source itself prints below its table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredTotal {
    pub estimate: Decimal,
    pub unit: String,
    pub place: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    pub number: u32,
    pub name: String,
    pub group: String,
    pub content: String,
    /// 万元
    pub estimate: Decimal,
    pub years: [i32; 2],
    /// Bodies as spelled in the source.
    pub lead: Vec<String>,
    #[serde(default)]
    pub cooperating: Vec<String>,
    /// The source ends its list of bodies with 等.
    #[serde(default)]
    pub open_list: bool,
    #[serde(default, rename = "quantity")]
    pub quantities: Vec<Quantity>,
    #[serde(default, rename = "whole")]
    pub wholes: Vec<Whole>,
    #[serde(default, rename = "list")]
    pub lists: Vec<NamedList>,
    #[serde(default, rename = "throughput")]
    pub throughputs: Vec<Throughput>,
    #[serde(default, rename = "conversion")]
    pub conversions: Vec<Conversion>,
    #[serde(default)]
    pub indicators: Vec<String>,
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Where it is, for the map.
    #[serde(default)]
    pub sites: Vec<StatedSite>,
    pub place: String,
}

/// Where a project is (项目位置): a township or street by its name in `bodies/`, or a position.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedSite {
    #[serde(default)]
    pub township: String,
    /// WGS-84 degrees.
    pub lon: Option<f64>,
    pub lat: Option<f64>,
    /// Who says so.
    #[serde(default)]
    pub note: String,
}

/// Something that will be there when the project is done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// What is counted, as an identifier shared by all projects: `afforestation`, `sewer_length`, …
    pub kind: String,
    pub what: String,
    pub value: Decimal,
    pub unit: String,
}

/// A whole that the source also gives in parts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whole {
    pub what: String,
    /// Kind of the project's quantity that is this whole.
    #[serde(default)]
    pub kind: String,
    pub value: Decimal,
    pub unit: String,
    pub parts: Vec<Decimal>,
}

/// A capacity that the source states per day and per year.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throughput {
    pub what: String,
    pub per_day: Decimal,
    pub day_unit: String,
    pub per_year: Decimal,
    pub year_unit: String,
}

/// What goes in and what comes out (投入与产出).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    pub what: String,
    pub input: Decimal,
    pub input_unit: String,
    pub output: Decimal,
    pub output_unit: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    #[serde(default, rename = "list")]
    pub lists: Vec<At<PlacedList>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacedList {
    pub id: String,
    pub kind: String,
    pub place: String,
    pub what: String,
    /// Lists with the same word here tell of the same things and are compared name by name.
    #[serde(default)]
    pub same_as: String,
    pub stated: Option<u32>,
    #[serde(default)]
    pub open: bool,
    pub items: Vec<String>,
}

/// A list of names, with the count that the source states for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedList {
    pub what: String,
    /// As in `PlacedList`.
    #[serde(default)]
    pub same_as: String,
    pub stated: Option<u32>,
    /// The source ends the list with 等: fewer names than stated are then no contradiction.
    #[serde(default)]
    pub open: bool,
    pub items: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorFile {
    #[serde(default, rename = "indicator")]
    pub indicators: Vec<At<Indicator>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    HigherIsBetter,
    LowerIsBetter,
    /// Neither: to be kept or merely reported.
    Neutral,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bindingness {
    /// 约束性
    Binding,
    /// 预期性
    Expected,
    /// Stated in the text, not in a box.
    Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub name_en: String,
    pub unit: String,
    pub direction: Direction,
    pub bindingness: Bindingness,
    /// Sums over the period (累计) instead of standing at a moment.
    #[serde(default)]
    pub cumulative: bool,
    #[serde(default, rename = "value")]
    pub values: Vec<StatedValue>,
    #[serde(default, rename = "target")]
    pub targets: Vec<Target>,
    /// Targets of the plans before (上轮目标): readable, no longer judged.
    #[serde(default)]
    pub earlier: Vec<Target>,
    /// Bodies as spelled in the pack.
    #[serde(default)]
    pub bodies: Vec<String>,
    /// Projects (`project:9`) whose lead bodies these are, where the text names none.
    #[serde(default)]
    pub bodies_from: Vec<String>,
    /// CEL over the variables of `facts`; or `numerator` ÷ `denominator` × `factor`.
    #[serde(default)]
    pub formula: String,
    /// CEL of the numerator (分子); with `denominator` it stands instead of `formula`.
    #[serde(default)]
    pub numerator: String,
    #[serde(default)]
    pub denominator: String,
    /// Multiplies the quotient: 100 for percent.
    #[serde(default)]
    pub factor: Option<Decimal>,
    /// Variable → what it stands for.
    #[serde(default)]
    pub facts: BTreeMap<String, Binding>,
    /// How the formula's value grows within a year, where the facts do not say it: see `projection.rs`.
    #[serde(default)]
    pub to_date: Option<ToDate>,
    /// Least and greatest value that it can have, where the bounds of its unit do not fit.
    #[serde(default)]
    pub range: Option<[Decimal; 2]>,
    /// Decimal places that the county publishes; 2 when not said.
    #[serde(default)]
    pub decimals: Option<u32>,
    /// Which document will prove it, where no formula can.
    #[serde(default)]
    pub document: String,
    /// Kind of project quantities that carry it.
    #[serde(default)]
    pub quantity: String,
    /// Pollutant and statistic, where it is a statistic of an ambient standard: `["O3", "annual_mean"]`.
    #[serde(default)]
    pub statistic: Vec<String>,
    pub place: String,
}

/// What a value of a running year is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToDate {
    /// A mean or rate of what has gone (年均、比率).
    Mean,
    /// A sum since the plan began (累计).
    Sum,
    /// A state of this moment (时点数): the year's end is not foreseen from it.
    State,
}

impl Indicator {
    /// All its targets lay before the period that begins in `first`: it is a result of the plan before.
    pub fn ended_before(&self, first: i32) -> bool {
        !self.targets.is_empty() && self.targets.iter().all(|target| target.year < first)
    }

    pub fn has_formula(&self) -> bool {
        !self.formula.is_empty() || !self.numerator.is_empty()
    }
}

/// What a variable of a formula stands for: a fact of another mechanism, or another indicator's value.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Name of a fact, such as `air.mean`; it is asked with `year` and `arguments`.
    #[serde(default)]
    pub fact: String,
    #[serde(default)]
    pub arguments: BTreeMap<String, kernel::FactValue>,
    /// Identifier of an indicator.
    #[serde(default)]
    pub indicator: String,
    /// The value of so many years before.
    #[serde(default)]
    pub years_back: u32,
    /// Unit that the formula was written for; an answer in another unit is an error, not a number.
    #[serde(default)]
    pub unit: Option<String>,
}

/// A value that the source states for a year.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatedValue {
    pub year: i32,
    /// `None`: the source prints a dash, or words (`text`).
    pub value: Option<Decimal>,
    /// What stands there instead of one number.
    #[serde(default)]
    pub text: String,
    /// Year under which the source lists it, where it is another one.
    pub listed_for: Option<i32>,
    /// "较2015年提高2.6个百分点": the year it is compared with and the change; what it was then follows from them.
    pub since: Option<i32>,
    pub change: Option<Decimal>,
    /// `百分点` (added) or `%` (of the value then).
    #[serde(default)]
    pub change_unit: String,
    pub place: String,
}

impl StatedValue {
    /// What it was in the year that the source compares it with.
    pub fn before(&self) -> Option<(i32, Decimal)> {
        let (since, value, change) = (self.since?, self.value?, self.change?);
        let then = if self.change_unit == "%" {
            value.checked_div(Decimal::ONE + change / Decimal::ONE_HUNDRED)?.round_dp(2)
        } else {
            value - change
        };
        Some((since, then))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub year: i32,
    /// `>=`, `>`, `<=`, `<`, `=`, or `text`.
    pub operator: String,
    pub value: Option<Decimal>,
    #[serde(default)]
    pub text: String,
    pub place: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskFile {
    #[serde(default, rename = "task")]
    pub tasks: Vec<At<Task>>,
}

/// Where bodies were inferred from (推断), in words; `None`: the text names them, or there are none.
pub fn inferred(bodies: &[String], from: &[String]) -> Option<String> {
    if bodies.is_empty() || from.is_empty() {
        return None;
    }
    let projects: Vec<&str> = from.iter().map(|id| id.strip_prefix("project:").unwrap_or(id)).collect();
    Some(format!("推断自项目 {}", projects.join("、")))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub id: String,
    pub text: String,
    #[serde(default)]
    pub owners: Vec<String>,
    /// Projects (`project:9`) whose lead bodies these are, where the text names none.
    #[serde(default)]
    pub owners_from: Vec<String>,
    #[serde(default)]
    pub deliverable: String,
    pub due: Option<i32>,
    #[serde(default)]
    pub proof: String,
    #[serde(default)]
    pub indicators: Vec<String>,
    pub place: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FigureFile {
    #[serde(default, rename = "figure")]
    pub figures: Vec<At<Figure>>,
    #[serde(default, rename = "mention")]
    pub mentions: Vec<At<Mention>>,
}

/// One figure as one place of the source states it; the same subject and quantity may stand in several places.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    pub subject: String,
    pub quantity: String,
    /// Year or period it is for.
    pub when: String,
    /// `value` of the file; left out where `count_of` names lists.
    #[serde(default, rename = "value")]
    pub stated: Option<Decimal>,
    /// The stated one, or what the lists come to.
    #[serde(skip)]
    pub value: Decimal,
    /// Lists whose entries are counted, and lists whose entries are taken off.
    #[serde(default)]
    pub count_of: Vec<String>,
    #[serde(default)]
    pub less: Vec<String>,
    /// How the place bounds it (`>`, `>=`, `<`, `<=`, `=`), where it does.
    #[serde(default)]
    pub operator: String,
    pub unit: String,
    /// Decimal places to which the place rounds; two figures agree when they are equal at the coarser rounding.
    pub decimals: u32,
    pub place: String,
    /// When it is a count out of another count (days of a year): the denominator.
    pub out_of: Option<Decimal>,
    /// Subjects that the figure belongs to, such as `project:33`.
    #[serde(default)]
    pub about: Vec<String>,
}

/// A name as one place of the source writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mention {
    pub name: String,
    pub kind: String,
    /// Another name that probably means the same thing, where no rule would see it.
    #[serde(default)]
    pub same_as: String,
    pub place: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverFile {
    #[serde(default, rename = "waiver")]
    pub waivers: Vec<At<Waiver>>,
}

/// Silences one finding of a rule about a subject, with the reason, as long as it says what it said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    pub code: String,
    pub subject: String,
    /// The finding's mark, as `qingshan check` prints it.
    #[serde(default)]
    pub holds: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub by: String,
    #[serde(default)]
    pub date: String,
}
