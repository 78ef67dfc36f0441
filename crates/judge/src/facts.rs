//! Facts (事实) about verdicts that plans, pages and rules ask for. County values of air follow HJ 663: means of the
//! stations' daily concentrations first, then the index.

mod water;

use std::collections::BTreeMap;

use kernel::fact::{Evidence, FactArgument, FactDescription};
use kernel::{Day, Fact, FactQuery, FactSource, FactValue, Name, Point, PointKind, Problem, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use standards::air::{self as rules, DailyValue, DayIndex, Pollutant};
use store::contract::PeriodLevel;

use crate::model::{Key, Stat, Verdict};
use crate::rule::air;
use crate::{Judge, period};

/// Name, Chinese and English label, unit, arguments beside `year`.
const FACTS: &[(&str, &str, &str, &str, &[&str])] = &[
    ("air.good_day_ratio", "优良天数比例", "share of good days", "%", &["edition"]),
    ("air.days", "某级及以上的天数", "days of a level or worse", "d", &["level", "edition"]),
    ("air.valid_days", "有效天数", "valid days", "d", &[]),
    ("air.mean", "污染物年均浓度", "annual mean of a pollutant", "µg/m³", &["factor"]),
    ("air.o3_percentile", "臭氧日最大 8 小时第 90 百分位", "ozone 90th percentile", "µg/m³", &[]),
    (
        "water.section_compliance_ratio",
        "断面达标率（年均值）",
        "share of sections meeting their target",
        "%",
        &["level"],
    ),
    ("water.good_section_ratio", "Ⅰ～Ⅲ类断面比例（年均值）", "share of sections of class I–III", "%", &["level"]),
    ("water.class", "断面年均类别", "class of a section's annual mean", "", &["point"]),
    ("source.compliance_ratio", "饮用水水源地达标率", "share of compliant drinking-water sources", "%", &[]),
    ("source.sample_compliance_ratio", "水源达标率（逐日均达标的水源）", "sources of which every day passed", "%", &[]),
    ("source.volume_compliance_ratio", "水量达标率（按取水量）", "share of intake volume that passed", "%", &[]),
    ("outlet.compliance_rate", "排放达标率（日均值）", "share of outlet days inside the limits", "%", &["enterprise"]),
    ("flow.compliance_rate", "生态流量达标率（日）", "share of days with the minimum flow", "%", &[]),
    ("noise.day_compliance_rate", "功能区昼间达标率", "daytime noise compliance", "%", &[]),
    ("noise.night_compliance_rate", "功能区夜间达标率", "night noise compliance", "%", &[]),
    ("outlet.networked_ratio", "排放口联网率", "share of outlets that send data", "%", &[]),
    ("data.effective_rate", "有效传输率", "effective transmission rate", "%", &[]),
];

/// All facts, for whoever checks formulas without a running judge.
pub fn fact_descriptions() -> Vec<FactDescription> {
    let describe = |(name, zh, en, unit, arguments): &(&str, &str, &str, &str, &[&str])| FactDescription {
        name: (*name).to_owned(),
        label: Name::new(*zh, *en),
        arguments: std::iter::once(&"year")
            .chain(arguments.iter())
            .map(|argument| ((*argument).to_owned(), argument_of(name, argument)))
            .collect(),
        unit: (*unit).to_owned(),
    };
    FACTS.iter().map(describe).collect()
}

/// What an argument of a fact takes.
fn argument_of(fact: &str, argument: &str) -> FactArgument {
    let new = |zh: &str, en: &str| FactArgument::new(Name::new(zh, en));
    match (fact, argument) {
        (_, "year") => new("年份", "year").required().whole_number(),
        (_, "edition") => {
            new("统一按某版标准重算（2012、2026）", "recompute under one edition").one_of(["2012", "2026"])
        }
        ("air.days", "level") => {
            new("级别 1～6", "level 1–6").required().whole_number().one_of(["1", "2", "3", "4", "5", "6"])
        }
        (_, "level") => new("断面考核级别", "who holds the county to the section").of_codes("section_level"),
        (_, "factor") => new("因子编码", "factor code")
            .required()
            .one_of(Pollutant::ALL.into_iter().flat_map(|pollutant| [pollutant.hj212(), pollutant.key()])),
        (_, "point") => new("点位编号", "point id").required(),
        _ => new("企业编码", "enterprise key"),
    }
}

/// An answer on its way: number, method, what is missing, points it rests on.
struct Answer {
    value: FactValue,
    method: Name,
    missing: Vec<Name>,
    points: Vec<std::sync::Arc<Point>>,
    evidence: Vec<Evidence>,
}

fn number(value: Option<Decimal>) -> FactValue {
    value.and_then(|value| value.to_f64()).map_or(FactValue::Missing, FactValue::Number)
}

fn optional_text<'q>(query: &'q FactQuery, argument: &str) -> Option<&'q str> {
    match query.arguments.get(argument) {
        Some(FactValue::Text(text)) => Some(text),
        _ => None,
    }
}

impl FactSource for Judge {
    fn describe(&self) -> Vec<FactDescription> {
        fact_descriptions()
    }

    fn answer(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        let Some((name, _, _, unit, _)) = FACTS.iter().find(|fact| fact.0 == query.name) else {
            return Err(Problem::not_found(format!("没有事实“{}” (no such fact)", query.name)));
        };
        let year = i32::try_from(query.integer("year")?).ok().filter(|year| (1970..2200).contains(year));
        let year = year.ok_or_else(|| Problem::invalid("year 不在 1970～2199 (out of range)"))?;
        let answer = match *name {
            "air.good_day_ratio" | "air.days" | "air.valid_days" => self.air_days_fact(query, year)?,
            "air.mean" | "air.o3_percentile" => self.air_value_fact(query, year)?,
            "water.class" => self.water_class_fact(query, year, now)?,
            "water.section_compliance_ratio" | "water.good_section_ratio" | "source.compliance_ratio" => {
                self.sections_fact(query, year, now)?
            }
            "source.sample_compliance_ratio" | "source.volume_compliance_ratio" => self.sources_fact(query, year)?,
            "data.effective_rate" => self.rate_fact(year, now)?,
            "outlet.networked_ratio" => self.networked_fact(year, now)?,
            _ => self.days_fact(query, year)?,
        };
        let mut evidence = answer.evidence;
        evidence.extend(answer.points.iter().take(50).map(|point| Evidence {
            label: point.name.clone(),
            href: format!("/api/verdicts?point={}&level=day&from={year}-01-01&until={}-01-01", point.id, year + 1),
        }));
        Ok(Fact {
            value: answer.value,
            unit: (*unit).to_owned(),
            as_of: now,
            method: answer.method,
            evidence,
            missing: answer.missing,
            simulated: answer.points.iter().any(|point| point.simulated),
        })
    }
}

/// Daily values of several stations, averaged by date: means of what is valid.
pub fn area_days(stations: &[Vec<DailyValue>]) -> Vec<DailyValue> {
    let mut by_date: BTreeMap<standards::Date, [Vec<Decimal>; 6]> = BTreeMap::new();
    for day in stations.iter().flatten() {
        let sums = by_date.entry(day.date).or_default();
        for (sum, value) in sums.iter_mut().zip(day.values) {
            sum.extend(value);
        }
    }
    by_date
        .into_iter()
        .map(|(date, values)| DailyValue {
            date,
            values: values.map(|values| standards::decimal::mean(values.iter().copied())),
        })
        .collect()
}

impl Judge {
    fn of_kind(&self, kinds: &[PointKind]) -> Vec<std::sync::Arc<Point>> {
        self.points.points().iter().filter(|point| kinds.contains(&point.kind)).cloned().collect()
    }

    fn year_days(&self, point: i64, year: i32) -> Result<Vec<Verdict>, Problem> {
        let (from, until) = (Day::from_civil(year, 1, 1).start(), Day::from_civil(year + 1, 1, 1).start());
        self.verdicts(point, PeriodLevel::Day, from, until)
    }

    /// The county's days of a year, and the stations they rest on; `leave_out`: without the particles of dust days.
    fn county_air(&self, year: i32, leave_out: bool) -> Result<(Vec<DailyValue>, Vec<std::sync::Arc<Point>>), Problem> {
        let mut stations = Vec::new();
        let mut points = Vec::new();
        for point in self.of_kind(&[PointKind::AirStation]) {
            let days = self.year_days(point.id, year)?;
            if days.is_empty() {
                continue;
            }
            let date = |verdict: &Verdict| period::date(verdict.key.start().day());
            let whole = (Day::from_civil(year, 1, 1), Day::from_civil(year + 1, 1, 1));
            let dust = if leave_out { self.dust().days(point.id, whole.0, whole.1, true) } else { Default::default() };
            let value = |verdict| air::without_dust(air::daily_value(date(verdict), &verdict.finding), &dust);
            stations.push(days.iter().map(value).collect());
            points.push(point);
        }
        Ok((area_days(&stations), points))
    }

    fn air_days_fact(&self, query: &FactQuery, year: i32) -> Result<Answer, Problem> {
        let (days, points) = self.county_air(year, false)?;
        let edition = match optional_text(query, "edition") {
            Some(edition) => {
                Some(self.rules().air.rules_of(edition).map_err(|error| Problem::invalid(error.text().zh))?)
            }
            None => None,
        };
        let mut indices = Vec::new();
        for day in &days {
            let in_force = self.rules().air_at(Day(day.date.days_since_epoch())).ok().map(|set| set.rules);
            let Some(rules) = edition.clone().or(in_force) else { continue };
            let [so2, no2, co, pm10, pm25, o3_8h] = day.values;
            let input = rules::DailyInput { so2, no2, co, pm10, pm25, o3_8h, ..rules::DailyInput::default() };
            indices.push(DayIndex::new(day.date, &rules::daily_aqi(&rules, &input)));
        }
        let last = Day::from_civil(year, 12, 31);
        let set = self.rules().air_at(last).map_err(|error| Problem::invalid(error.zh))?;
        let count = rules::count_days(
            &indices,
            edition.as_deref().unwrap_or(&set.rules),
            &rules::DayCountRules::from(&*set.method),
        );
        let value = match query.name.as_str() {
            "air.good_day_ratio" => number(count.good_ratio),
            "air.valid_days" => FactValue::Integer(count.valid_days.into()),
            _ => {
                let level = usize::try_from(query.integer("level")?).unwrap_or(0).clamp(1, 6);
                FactValue::Integer(count.by_level[level - 1..].iter().map(|days| i64::from(*days)).sum())
            }
        };
        let whole = i64::from(Day::from_civil(year + 1, 1, 1).0 - Day::from_civil(year, 1, 1).0);
        let lacking = whole - i64::from(count.valid_days);
        let missing = if lacking > 0 {
            vec![Name::new(
                format!("全年有 {lacking} 天没有有效 AQI"),
                format!("{lacking} days of the year have no valid AQI"),
            )]
        } else {
            Vec::new()
        };
        let under = edition.map_or_else(
            || Name::new("数据日期有效的版本", "the edition in force at each date"),
            |rules| Name::new(rules.standard.clone(), rules.standard.clone()),
        );
        Ok(Answer {
            value: if points.is_empty() { FactValue::Missing } else { value },
            method: Name::new(
                format!(
                    "{} 个站日浓度平均后计算 AQI（{}）：优良 {} 天／有效 {} 天",
                    points.len(),
                    under.zh,
                    count.good_days,
                    count.valid_days
                ),
                format!(
                    "daily means of {} stations, then AQI ({}): {} good of {} valid days",
                    points.len(),
                    under.en,
                    count.good_days,
                    count.valid_days
                ),
            ),
            missing,
            points,
            evidence: vec![Evidence {
                label: Name::new("空气站排名", "ranking"),
                href: format!("/api/air/ranking?from={year}-01-01&until={}-01-01", year + 1),
            }],
        })
    }

    fn air_value_fact(&self, query: &FactQuery, year: i32) -> Result<Answer, Problem> {
        let last = Day::from_civil(year, 12, 31);
        let set = self.rules().air_at(last).map_err(|error| Problem::invalid(error.zh))?;
        let rule = self.rules().dust_at(last).map_err(|error| Problem::invalid(error.zh))?;
        let (days, points) = self.county_air(year, rule.as_ref().is_some_and(|rule| rule.mean))?;
        let statistics = air::statistics(&set, air::Part::Year(year as i16), &days, rules::Dust::Keep);
        let dust = match rule {
            Some(rule) if rule.mean => Name::new("，PM10、PM2.5 不含沙尘天", ", PM10 and PM2.5 without dust days"),
            _ => Name::default(),
        };
        let pollutant = match query.name.as_str() {
            "air.o3_percentile" => Pollutant::O3,
            _ => {
                let code = query.text("factor")?;
                Pollutant::ALL
                    .into_iter()
                    .find(|pollutant| pollutant.hj212() == code || pollutant.key() == code)
                    .ok_or_else(|| {
                        Problem::invalid(format!("factor = {code}：不是六项基本污染物 (not one of the six)"))
                    })?
            }
        };
        let item = &statistics.items[pollutant.index()];
        let value = if query.name == "air.mean" { item.mean } else { item.percentile };
        let places = if pollutant == Pollutant::Co { 1 } else { 0 };
        let value = value.map(|value| standards::decimal::round_half_even(value, places));
        Ok(Answer {
            value: number(value),
            method: Name::new(
                format!(
                    "{} 个站日值平均，{} 个有效日（{}）{}",
                    points.len(),
                    item.valid_days,
                    set.method.standard,
                    dust.zh
                ),
                format!(
                    "daily values of {} stations, {} valid days ({}){}",
                    points.len(),
                    item.valid_days,
                    set.method.standard,
                    dust.en
                ),
            ),
            missing: item.reason.iter().map(crate::model::name_of).collect(),
            points,
            evidence: Vec::new(),
        })
    }

    fn days_fact(&self, query: &FactQuery, year: i32) -> Result<Answer, Problem> {
        let enterprise = optional_text(query, "enterprise");
        let kinds: &[PointKind] = match query.name.as_str() {
            "flow.compliance_rate" => &[PointKind::EcologicalFlow],
            "outlet.compliance_rate" => &[PointKind::WastewaterOutlet, PointKind::WasteGasOutlet],
            _ => &[PointKind::NoisePoint],
        };
        let noise = match query.name.as_str() {
            "noise.day_compliance_rate" => Some(Stat::DayLevel),
            "noise.night_compliance_rate" => Some(Stat::NightLevel),
            _ => None,
        };
        let (mut met, mut judged) = (0u32, 0u32);
        let (mut missing, mut points) = (Vec::new(), Vec::new());
        for point in self.of_kind(kinds) {
            // Points of area and road traffic noise are in no functional zone.
            let elsewhere = noise.is_some() && matches!(point.survey.as_deref(), Some("region" | "traffic"));
            if elsewhere || enterprise.is_some() && point.enterprise.as_deref() != enterprise {
                continue;
            }
            let days = self.year_days(point.id, year)?;
            let before = judged;
            for day in &days {
                // Only days on which something was compared count.
                let mut compared = day
                    .finding
                    .items
                    .iter()
                    .filter(|item| item.limit.is_some() && item.valid() && noise.is_none_or(|stat| item.stat == stat))
                    .peekable();
                if compared.peek().is_none() {
                    continue;
                }
                judged += 1;
                met += u32::from(!compared.any(|item| item.exceeding()));
            }
            if judged == before {
                missing.push(Name::new(
                    format!("{} 没有可比较的日值", point.name.zh),
                    format!("{}: no day compared", point.name.en),
                ));
            } else {
                points.push(point);
            }
        }
        Ok(Answer {
            value: number(standards::measure::percent(met.into(), judged.into(), 1)),
            method: Name::new(
                format!("达标 {met} 点·日／已比较 {judged} 点·日"),
                format!("{met} of {judged} point-days inside the limits"),
            ),
            missing,
            points,
            evidence: Vec::new(),
        })
    }

    /// Outlets that sent anything in the year, of all that are registered.
    fn networked_fact(&self, year: i32, now: Timestamp) -> Result<Answer, Problem> {
        let (from, until) = (Day::from_civil(year, 1, 1).start(), Day::from_civil(year + 1, 1, 1).start());
        let points = self.of_kind(&[PointKind::WastewaterOutlet, PointKind::WasteGasOutlet]);
        let (mut networked, mut missing) = (0u32, Vec::new());
        for point in &points {
            if self.rates(point, from, until, now)?.networked {
                networked += 1;
            } else {
                missing.push(Name::new(format!("{} 没有数据", point.name.zh), format!("{}: no data", point.name.en)));
            }
        }
        let all = u32::try_from(points.len()).unwrap_or(u32::MAX);
        // A year from which nothing at all is known is no year without networked outlets.
        let known = networked > 0;
        Ok(Answer {
            value: if known {
                number(standards::measure::percent(networked.into(), all.into(), 1))
            } else {
                FactValue::Missing
            },
            method: Name::new(
                format!("有数据的排放口 {networked}／登记的排放口 {all}"),
                format!("{networked} of {all} registered outlets sent data"),
            ),
            missing,
            points,
            evidence: Vec::new(),
        })
    }

    fn rate_fact(&self, year: i32, now: Timestamp) -> Result<Answer, Problem> {
        let (from, until) = (Day::from_civil(year, 1, 1).start(), Day::from_civil(year + 1, 1, 1).start());
        let (mut due, mut valid) = (0u32, 0u32);
        let mut points = Vec::new();
        for point in self.points.points().iter() {
            let rates = self.rates(point, from, until, now)?;
            if !rates.networked {
                continue;
            }
            due += rates.counts.due;
            valid += rates.counts.valid;
            points.push(std::sync::Arc::clone(point));
        }
        Ok(Answer {
            value: number(standards::measure::percent(valid.into(), due.into(), 1)),
            method: Name::new(
                format!("已联网点位有效小时值 {valid}／应收 {due}"),
                format!("{valid} valid of {due} hourly values due at networked points"),
            ),
            missing: Vec::new(),
            points,
            evidence: Vec::new(),
        })
    }
}

fn why_of(key: Key) -> Evidence {
    Evidence {
        label: Name::new(format!("判定 {key}"), format!("verdict {key}")), href: format!("/api/verdicts/{key}")
    }
}
