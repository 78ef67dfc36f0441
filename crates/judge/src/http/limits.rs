//! Limit lines of a point, by date of effect.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use kernel::{Action, LimitPeriod, Name, Point, Problem};
use serde::{Deserialize, Serialize};
use standards::air::{Averaging, Pollutant};
use standards::noise::Period;
use standards::water::{Class, Surface};

use crate::Judge;
use crate::model::{Method, name_of};
use crate::plan::{groundwater_target, method_of, target_class, water_body};
use crate::rule::{air, electromagnetic};

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct LimitLine {
    pub factor: String,
    pub value: Option<String>,
    /// Lower bound.
    pub lower: Option<String>,
    /// `hour`, `eight_hours`, `day`, `year`, `instant`, `daytime`, `night`, …
    pub period: String,
    pub label: Name,
    pub basis: String,
    pub from: Option<String>,
    pub until: Option<String>,
    pub unit: String,
    /// Shown and not judged by.
    pub unconfirmed: bool,
}

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct LimitQuery {
    factor: Option<String>,
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let judge = Arc::clone(judge);
    Routes::new("judge").get(
        "/api/points/{id}/limits",
        operation("点位的限值线", "limit lines of a point", Access::May(Action::ReadMonitoring))
            .query::<LimitQuery>()
            .returns::<Vec<LimitLine>>(),
        async move |caller: Caller,
                    Path(id): Path<String>,
                    Query(query): Query<LimitQuery>|
                    -> ApiResult<Json<Vec<LimitLine>>> {
            let judge = Arc::clone(&judge);
            let work = move || {
                let point = super::one(&judge, &caller, &id)?;
                let mut lines = judge.limit_lines(&point)?;
                if let Some(factor) = &query.factor {
                    lines.retain(|line| line.factor == *factor);
                }
                Ok(lines)
            };
            Ok(Json(blocking(work).await?))
        },
    )
}

impl Judge {
    /// Every limit that applies or applied to a point.
    ///
    /// # Errors
    /// When an edition cannot be read.
    pub fn limit_lines(&self, point: &Point) -> Result<Vec<LimitLine>, Problem> {
        let mut lines = match method_of(point.kind) {
            Method::Air => self.air_lines(point),
            Method::Water { source } => self.water_lines(point, source)?,
            Method::Noise => self.noise_lines(point),
            Method::Groundwater => self.groundwater_lines(point),
            Method::Electromagnetic => self.electromagnetic_lines(),
            Method::Limits => Vec::new(),
        };
        lines.extend(point.limits.iter().map(|limit| LimitLine {
            factor: limit.factor.clone(),
            value: limit.upper.map(|value| value.to_string()),
            lower: limit.lower.map(|value| value.to_string()),
            period: period_key(limit.period).to_owned(),
            label: if limit.converted {
                Name::new("限值（折算）", "limit (converted)")
            } else {
                Name::new("限值", "limit")
            },
            basis: limit.basis.clone(),
            from: limit.valid_from.map(|time| time.day().to_iso()),
            until: limit.valid_until.map(|time| time.day().to_iso()),
            unit: limit.unit.clone(),
            unconfirmed: limit.unconfirmed,
        }));
        Ok(lines)
    }

    /// Dates of effect of every edition of a family in this area.
    fn spans(&self, family: &str) -> Vec<(String, String, Option<String>)> {
        let rules = self.rules();
        let area = &rules.area;
        let mut spans: Vec<(String, String, Option<String>)> = Vec::new();
        for standard in rules.library.all().iter().filter(|standard| standard.family == family) {
            let here = standard.effects.iter().filter(|effect| effect.covers(area, effect.from).is_some());
            if let Some(first) = here.clone().map(|effect| effect.from).min() {
                let until = here.filter_map(|effect| effect.until).max().map(|date| date.to_string());
                spans.push((standard.edition.clone(), first.to_string(), until));
            }
        }
        spans.sort_by(|left, right| left.1.cmp(&right.1));
        // An edition ends where the next begins.
        for place in 1..spans.len() {
            let next = spans[place].1.clone();
            if spans[place - 1].2.as_ref().is_none_or(|until| *until > next) {
                spans[place - 1].2 = Some(next);
            }
        }
        spans
    }

    fn air_lines(&self, point: &Point) -> Vec<LimitLine> {
        let grade = air::grade(point.function_class.as_deref());
        let mut lines = Vec::new();
        for (edition, from, until) in self.spans("GB 3095") {
            let Ok(limits) = self.rules().air.limits_of(&edition) else { continue };
            for pollutant in Pollutant::ALL {
                for averaging in Averaging::ALL {
                    let Some(limit) = limits.limit(pollutant, averaging, grade) else { continue };
                    let (zh, en) = match grade {
                        standards::air::Grade::I => ("一级限值", "grade I"),
                        standards::air::Grade::II => ("二级限值", "grade II"),
                    };
                    lines.push(LimitLine {
                        factor: pollutant.hj212().to_owned(),
                        value: Some(limit.to_string()),
                        lower: None,
                        period: match averaging {
                            Averaging::Hour => "hour",
                            Averaging::EightHours => "eight_hours",
                            Averaging::Day => "day",
                            Averaging::Year => "year",
                        }
                        .to_owned(),
                        label: Name::new(zh, en),
                        basis: limits.standard.clone(),
                        from: Some(from.clone()),
                        until: until.clone(),
                        unit: pollutant.unit().to_owned(),
                        unconfirmed: false,
                    });
                }
            }
        }
        lines
    }

    fn water_lines(&self, point: &Point, source: bool) -> Result<Vec<LimitLine>, Problem> {
        let today = kernel::time::now().day();
        let surface = self.rules().surface_at(today).map_err(|error| Problem::invalid(error.zh))?;
        let target = if source { Some(target_class(point).unwrap_or(Class::III)) } else { target_class(point) };
        let mut lines = target.map(|target| class_lines(&surface, point, target)).unwrap_or_default();
        if source {
            for item in surface.supplementary.iter().chain(&surface.specific) {
                let Some(factor) = item.factors.first() else { continue };
                lines.push(LimitLine {
                    factor: factor.clone(),
                    value: Some(item.limit.to_string()),
                    lower: None,
                    period: "day".into(),
                    label: Name::new("水源地限值", "limit of sources"),
                    basis: surface.standard.clone(),
                    from: surface.in_force_from.map(|date| date.to_string()),
                    until: None,
                    unit: item.unit.clone(),
                    unconfirmed: false,
                });
            }
        }
        Ok(lines)
    }

    fn groundwater_lines(&self, point: &Point) -> Vec<LimitLine> {
        let today = kernel::time::now().day();
        let (Some(target), Ok(rules)) = (groundwater_target(point), self.rules().groundwater_at(today)) else {
            return Vec::new();
        };
        let name = target.name();
        rules
            .items
            .iter()
            .filter_map(|item| {
                Some(LimitLine {
                    factor: item.factors.first()?.clone(),
                    value: Some(item.bound(target)?.to_string()),
                    lower: None,
                    period: "day".into(),
                    label: Name::new(format!("{}限值", name.zh), format!("limit of {}", name.en)),
                    basis: rules.standard.clone(),
                    from: None,
                    until: None,
                    unit: item.unit.clone(),
                    unconfirmed: false,
                })
            })
            .collect()
    }

    fn electromagnetic_lines(&self) -> Vec<LimitLine> {
        let Ok((standard, limits)) = self.rules().electromagnetic_at(kernel::time::now().day()) else {
            return Vec::new();
        };
        electromagnetic::COMPONENTS
            .iter()
            .filter_map(|(factor, frequency, quantity, unit)| {
                Some(LimitLine {
                    factor: (*factor).to_owned(),
                    value: Some(limits.limit(*quantity, *frequency)?.to_string()),
                    lower: None,
                    period: "hour".into(),
                    label: Name::new("公众曝露限值", "public exposure limit"),
                    basis: standard.clone(),
                    from: None,
                    until: None,
                    unit: (*unit).to_owned(),
                    unconfirmed: false,
                })
            })
            .collect()
    }

    fn noise_lines(&self, point: &Point) -> Vec<LimitLine> {
        let today = kernel::time::now().day();
        let (Some(class), Ok(limits)) = (&point.function_class, self.rules().noise_at(today)) else {
            return Vec::new();
        };
        [(Period::Day, "daytime", "Ld"), (Period::Night, "night", "Ln")]
            .into_iter()
            .filter_map(|(period, key, factor)| {
                Some(LimitLine {
                    factor: factor.to_owned(),
                    value: Some(limits.limit(class, period).ok()?.to_string()),
                    lower: None,
                    period: key.to_owned(),
                    label: name_of(&period.name()),
                    basis: limits.standard.clone(),
                    from: None,
                    until: None,
                    unit: "dB(A)".into(),
                    unconfirmed: false,
                })
            })
            .collect()
    }
}

fn class_lines(surface: &Surface, point: &Point, target: Class) -> Vec<LimitLine> {
    let body = water_body(point.kind);
    let items = surface.items.iter().filter(|item| !item.apart && item.body.is_none_or(|only| only == body));
    let name = target.name();
    items
        .filter_map(|item| {
            let factor = item.factors.first()?.clone();
            let (value, lower) = match &item.kind {
                standards::water::Kind::Range(low, high) => (Some(high.to_string()), Some(low.to_string())),
                standards::water::Kind::Lower(_) => (None, item.bound(target).map(|bound| bound.to_string())),
                _ => (item.bound(target).map(|bound| bound.to_string()), None),
            };
            Some(LimitLine {
                factor,
                value,
                lower,
                period: "day".into(),
                label: Name::new(format!("{}限值", name.zh), format!("limit of {}", name.en)),
                basis: surface.standard.clone(),
                from: surface.in_force_from.map(|date| date.to_string()),
                until: None,
                unit: item.unit.clone(),
                unconfirmed: false,
            })
        })
        .collect()
}

const fn period_key(period: LimitPeriod) -> &'static str {
    match period {
        LimitPeriod::Instant => "instant",
        LimitPeriod::Hour => "hour",
        LimitPeriod::Day => "day",
        LimitPeriod::Month => "month",
        LimitPeriod::Year => "year",
        LimitPeriod::Daytime => "daytime",
        LimitPeriod::Night => "night",
    }
}
