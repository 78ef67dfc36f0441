//! The admission check. Pure: site, industry, attributes, layers, rules and the day in; every rule with its
//! verdict and reason out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use expression::Function;
use kernel::{Day, FactValue, Name};
use serde::{Deserialize, Serialize};

use crate::industry::{self, digits_of};
use crate::layer::LayerSet;
use crate::rule::{FARTHEST_METRES, Rule, RuleBook};
use crate::shape::Shape;

/// From worst to best. The whole answer is the worst of the rules that hit, unless one that could not be decided
/// might be worse: then it is undetermined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 禁止
    Prohibited,
    /// 限制
    Restricted,
    /// 有条件准入
    Conditional,
    /// 资料不足，不能下结论
    Undetermined,
    /// 允许
    Allowed,
}

impl Verdict {
    pub fn name(self) -> Name {
        match self {
            Self::Prohibited => Name::new("禁止", "prohibited"),
            Self::Restricted => Name::new("限制", "restricted"),
            Self::Conditional => Name::new("有条件准入", "conditional"),
            Self::Undetermined => Name::new("资料不足，不能下结论", "undetermined: data are missing"),
            Self::Allowed => Name::new("未触发任何规则", "allowed: no rule hits"),
        }
    }
}

/// What is to be built where.
#[derive(Clone, Debug)]
pub struct Site {
    pub shape: Shape,
    /// GB/T 4754 code, such as `2614` or `C2614`.
    pub industry: String,
    pub attributes: BTreeMap<String, String>,
    pub on: Day,
}

/// A measurement that a rule asked for: the evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Measurement {
    pub layer: String,
    pub layer_name: Name,
    /// `within`, `inside`, `distance`, `share`.
    pub what: String,
    /// `true`/`false`, metres with one digit, or a share with four.
    pub value: String,
    /// Zones that it rests on.
    pub zones: Vec<Name>,
    /// Covered square metres and covered share of the site (0–1), where the site is a polygon.
    pub overlap_m2: Option<f64>,
    #[serde(default)]
    pub share: Option<f64>,
    pub schematic: bool,
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RuleResult {
    pub rule: String,
    pub name: Name,
    pub verdict: Verdict,
    pub hit: bool,
    pub basis: Name,
    pub condition: Name,
    pub measurements: Vec<Measurement>,
    /// What was not known.
    pub missing: Vec<Name>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answer {
    pub verdict: Verdict,
    pub name: Name,
    /// All rules in force: hits first, then what could not be decided, then the clear ones.
    pub rules: Vec<RuleResult>,
    pub missing: Vec<Name>,
    /// Some measurement rests on a schematic (示意) layer.
    pub schematic: bool,
    pub area_m2: f64,
}

/// Every rule in force on the day, applied.
pub fn check(site: &Site, layers: &Arc<LayerSet>, book: &RuleBook) -> Answer {
    let area = site.shape.area();
    let mut rules: Vec<RuleResult> =
        book.rules.iter().filter(|rule| rule.in_force(site.on)).map(|rule| apply(rule, site, area, layers)).collect();
    rules.sort_by_key(|result| match (result.hit, result.verdict) {
        (true, verdict) => (0, verdict),
        (false, Verdict::Undetermined) => (1, Verdict::Undetermined),
        (false, verdict) => (2, verdict),
    });
    let worst = rules.iter().filter(|result| result.hit).map(|result| result.verdict).min();
    let unknown = industry::complaint(&site.industry, &book.sections);
    // A rule that could not be decided might forbid more than those that hit: then nothing is settled.
    let threat = rules
        .iter()
        .filter(|result| !result.hit && result.verdict == Verdict::Undetermined)
        .filter_map(|result| book.rules.iter().find(|rule| rule.id == result.rule).map(|rule| rule.verdict))
        // Nor is it when the code is none: the right one might be forbidden.
        .chain(unknown.is_some().then_some(Verdict::Prohibited))
        .min();
    let mut missing: Vec<Name> = Vec::new();
    for name in rules.iter().flat_map(|result| &result.missing) {
        if !missing.contains(name) {
            missing.push(name.clone());
        }
    }
    missing.extend(unknown);
    if book.rules.is_empty() {
        missing.push(Name::new("没有任何准入规则", "there are no admission rules"));
    }
    let verdict = match (worst, threat) {
        (Some(worst), threat) if threat.is_none_or(|threat| worst <= threat) => worst,
        (None, None) if missing.is_empty() => Verdict::Allowed,
        _ => Verdict::Undetermined,
    };
    let schematic = rules.iter().flat_map(|result| &result.measurements).any(|measurement| measurement.schematic);
    Answer { verdict, name: verdict.name(), rules, missing, schematic, area_m2: area }
}

fn apply(rule: &Rule, site: &Site, area: f64, layers: &Arc<LayerSet>) -> RuleResult {
    let mut missing = missing_layers(rule, layers);
    missing.extend(
        rule.attributes
            .iter()
            .filter_map(|attribute| attribute.complaint(site.attributes.get(&attribute.key).map(String::as_str))),
    );
    let measured = Arc::new(Mutex::new(Vec::new()));
    let mut hit = false;
    if missing.is_empty() {
        match evaluate(rule, site, area, &functions_of(site, layers, &measured)) {
            Ok(value) => {
                hit = value;
                let finer = finer_sites(rule, site);
                let unseen = Arc::new(Mutex::new(Vec::new()));
                let same =
                    |finer: &Site| evaluate(rule, finer, area, &functions_of(finer, layers, &unseen)) == Ok(value);
                if !finer.iter().all(same) {
                    missing.push(coarse(site));
                }
                let open = incomplete_layers(rule, layers, site.on);
                let settled = |one: &Site| holds_whatever_is_drawn_yet(rule, one, area, layers, value);
                if !open.is_empty() && missing.is_empty() && !std::iter::once(site).chain(&finer).all(settled) {
                    missing.extend(open);
                }
                hit &= missing.is_empty();
            }
            Err(why) => missing.push(why),
        }
    }
    let measurements = held(&measured).clone();
    RuleResult {
        rule: rule.id.clone(),
        name: rule.name.clone(),
        verdict: if missing.is_empty() { rule.verdict } else { Verdict::Undetermined },
        hit,
        basis: rule.basis.clone(),
        condition: rule.condition.clone(),
        measurements,
        missing,
    }
}

/// The site with each class that the rule names and that the given code may turn out to be.
fn finer_sites(rule: &Rule, site: &Site) -> Vec<Site> {
    let digits = digits_of(&site.industry);
    let finer = rule.classes.iter().filter(|class| class.len() > digits.len() && class.starts_with(digits));
    finer.map(|class| Site { industry: class.clone(), ..site.clone() }).collect()
}

fn coarse(site: &Site) -> Name {
    let industry = &site.industry;
    Name::new(
        format!("行业代码“{industry}”太粗，要写到小类（4 位）"),
        format!("industry code `{industry}` is too coarse, give the class (4 digits)"),
    )
}

type Measured = Arc<Mutex<Vec<Measurement>>>;

/// What a lock holds, also after a panic elsewhere: the evidence of a verdict must not be missing silently.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a rule can ask of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Measure {
    /// The site touches a zone.
    Within,
    /// One zone holds all of the site.
    Inside,
    /// Metres to the nearest zone.
    Distance,
    /// Covered share of the site.
    Share,
}

impl Measure {
    const ALL: [Self; 4] = [Self::Within, Self::Inside, Self::Distance, Self::Share];

    /// As rules call it.
    const fn name(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Inside => "inside",
            Self::Distance => "distance",
            Self::Share => "share",
        }
    }

    /// What it would be if zones that are not drawn yet lay as near as that.
    fn with_more(self, value: FactValue, possible: Possible) -> FactValue {
        match (self, value) {
            (Self::Within, FactValue::Bool(value)) => FactValue::Bool(value || possible.touches),
            (Self::Inside, FactValue::Bool(value)) => FactValue::Bool(value || possible.holds),
            (Self::Distance, FactValue::Number(metres)) => FactValue::Number(metres.min(possible.metres)),
            (Self::Share, FactValue::Number(share)) => FactValue::Number(share.max(possible.share)),
            (_, other) => other,
        }
    }
}

/// How zones that are not drawn yet might lie.
#[derive(Clone, Copy)]
struct Possible {
    touches: bool,
    holds: bool,
    metres: f64,
    share: f64,
}

fn functions_of(site: &Site, layers: &Arc<LayerSet>, measured: &Measured) -> Vec<(&'static str, Function)> {
    Measure::ALL.into_iter().map(|what| (what.name(), function(what, site, layers, measured))).collect()
}

fn evaluate(rule: &Rule, site: &Site, area: f64, functions: &[(&str, Function)]) -> Result<bool, Name> {
    match rule.when.evaluate_with(&variables(site, area), functions) {
        Ok(evaluated) => match evaluated.value {
            FactValue::Bool(value) => Ok(value),
            other => Err(Name::new(
                format!("规则结果不是真假：{other:?}"),
                format!("the rule gave {other:?}, not true or false"),
            )),
        },
        Err(error) => Err(Name::new(format!("规则算不出：{error}"), format!("the rule failed: {error}"))),
    }
}

/// Metres and shares that zones not drawn yet might turn out to have.
const POSSIBLE_METRES: [f64; 12] =
    [0.0, 1.0, 10.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 20_000.0, 50_000.0];
const POSSIBLE_SHARES: [f64; 12] = [1.0, 0.99, 0.9, 0.75, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.01, 0.001];

/// Does the rule say the same wherever the zones that are not drawn yet will lie? More zones can only make
/// `within` and `inside` true, `distance` smaller and `share` larger; the rule is asked along that way.
fn holds_whatever_is_drawn_yet(rule: &Rule, site: &Site, area: f64, layers: &Arc<LayerSet>, found: bool) -> bool {
    let unseen = Arc::new(Mutex::new(Vec::new()));
    // What the drawn zones say is measured once, however often the rule is asked.
    let known: Arc<Mutex<BTreeMap<(Measure, String), FactValue>>> = Arc::default();
    let cases = POSSIBLE_METRES.into_iter().zip(POSSIBLE_SHARES).flat_map(|(metres, share)| {
        [(false, false), (true, false), (true, true)].map(|(touches, holds)| Possible { touches, holds, metres, share })
    });
    cases.into_iter().all(|case| {
        let functions: Vec<(&str, Function)> = Measure::ALL
            .into_iter()
            .map(|what| {
                let (real, layers, on) = (function(what, site, layers, &unseen), Arc::clone(layers), site.on);
                let known = Arc::clone(&known);
                let possible: Function = Arc::new(move |id: &str| {
                    let before = held(&known).get(&(what, id.to_owned())).cloned();
                    let value = match before {
                        Some(value) => value,
                        None => real(id)?,
                    };
                    held(&known).insert((what, id.to_owned()), value.clone());
                    let drawn = layers.get(id).is_none_or(|layer| layer.incomplete_on(on).is_none());
                    Ok(if drawn { value } else { what.with_more(value, case) })
                });
                (what.name(), possible)
            })
            .collect();
        evaluate(rule, site, area, &functions) == Ok(found)
    })
}

fn incomplete_layers(rule: &Rule, layers: &LayerSet, on: Day) -> Vec<Name> {
    let named = rule.layers.iter().filter_map(|id| layers.get(id));
    named
        .filter_map(|layer| {
            let why = layer.incomplete_on(on)?;
            Some(Name::new(
                format!("{}不完整：{}", layer.name.zh, why.zh),
                format!("{} is incomplete: {}", layer.name.en, why.en),
            ))
        })
        .collect()
}

fn missing_layers(rule: &Rule, layers: &LayerSet) -> Vec<Name> {
    rule.layers
        .iter()
        .filter_map(|id| match layers.get(id) {
            None => Some(Name::new(format!("没有图层“{id}”"), format!("there is no layer `{id}`"))),
            Some(layer) => layer.absent.as_ref().map(|why| {
                Name::new(format!("{}：{}", layer.name.zh, why.zh), format!("{}: {}", layer.name.en, why.en))
            }),
        })
        .collect()
}

fn variables(site: &Site, area: f64) -> BTreeMap<String, FactValue> {
    let attributes = site
        .attributes
        .iter()
        .map(|(key, value)| {
            let value = match value.parse::<f64>() {
                Ok(number) => FactValue::Number(number),
                Err(_) => FactValue::Text(value.clone()),
            };
            (key.clone(), value)
        })
        .collect();
    BTreeMap::from([
        ("industry".to_owned(), FactValue::Text(digits_of(&site.industry).to_owned())),
        ("attributes".to_owned(), FactValue::Map(attributes)),
        ("area_m2".to_owned(), FactValue::Number(area)),
    ])
}

fn function(what: Measure, site: &Site, layers: &Arc<LayerSet>, measured: &Measured) -> Function {
    let (shape, on) = (site.shape.clone(), site.on);
    let (layers, measured) = (Arc::clone(layers), Arc::clone(measured));
    Arc::new(move |id: &str| {
        let layer = layers.get(id).ok_or_else(|| format!("没有图层“{id}” (no such layer)"))?;
        let mut zones = Vec::new();
        let mut overlap_m2 = None;
        let value = match what {
            Measure::Distance => {
                let nearest = layer.nearest(&shape, FARTHEST_METRES, on);
                zones.extend(nearest.iter().map(|(zone, _)| zone.name.clone()));
                FactValue::Number(nearest.map_or(FARTHEST_METRES, |(_, metres)| (metres * 10.0).round() / 10.0))
            }
            Measure::Share => {
                let covered = layer.overlap(&shape, on);
                zones.extend(layer.touching(&shape, on).iter().map(|zone| zone.name.clone()));
                overlap_m2 = Some(covered);
                let area = shape.area();
                FactValue::Number(if area > 0.0 { (covered / area).min(1.0) } else { 0.0 })
            }
            Measure::Within | Measure::Inside => {
                let touching = layer.touching(&shape, on);
                if shape.area() > 0.0 && !touching.is_empty() {
                    overlap_m2 = Some(layer.overlap(&shape, on));
                }
                zones.extend(touching.iter().map(|zone| zone.name.clone()));
                FactValue::Bool(match what {
                    Measure::Inside => touching.iter().any(|zone| zone.shape.holds(&shape)),
                    _ => !touching.is_empty(),
                })
            }
        };
        let text = match &value {
            FactValue::Number(number) if what == Measure::Share => format!("{number:.4}"),
            FactValue::Number(number) => format!("{number:.1}"),
            FactValue::Bool(value) => value.to_string(),
            _ => String::new(),
        };
        held(&measured).push(Measurement {
            layer: layer.id.clone(),
            layer_name: layer.name.clone(),
            what: what.name().to_owned(),
            value: text,
            zones,
            overlap_m2,
            share: overlap_m2.map(|covered| (covered / shape.area()).min(1.0)),
            schematic: layer.schematic,
            source: layer.source.clone(),
        });
        Ok(value)
    })
}
