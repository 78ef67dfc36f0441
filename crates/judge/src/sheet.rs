//! The sheet that a reviewer works on (审核工作表): every hour of a point and factor with what was sent, what counts,
//! why not, what looks odd, and how far people have looked.

use std::collections::BTreeMap;

use kernel::{Hour, Name, Point, Problem, Timestamp};
use serde::Serialize;
use store::contract::PeriodLevel;
use store::packed::Statistic::{Average, Level, Realtime};

use crate::code::Code;
use crate::gather::gather;
use crate::hour::{Settings, hour_means};
use crate::model::{Explain, Key, Stat, Tier};
use crate::review;
use crate::suspicion::Suspicion;
use crate::{Judge, names};

/// Hours of one sheet.
pub const MOST_HOURS: i64 = 24 * 31;

#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SheetRow {
    pub hour: Timestamp,
    /// As the device sent it: one value of an hour packet, or how many values of minutes.
    pub sent: String,
    /// As counted, in the unit of the judgement; empty: none.
    pub value: String,
    pub valid: bool,
    /// Why the value does not count.
    pub why: Option<Name>,
    pub exceeding: bool,
    pub tier: Tier,
    /// Names of the checks that flag this hour.
    pub flags: Vec<Name>,
    pub verdict: Option<String>,
    pub revision: u32,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Sheet {
    pub point: String,
    pub factor: String,
    pub name: Name,
    pub unit: String,
    /// Factors that the point has values of in the period.
    pub factors: Vec<SheetFactor>,
    pub simulated: bool,
    pub rows: Vec<SheetRow>,
    /// How many hours of the period are at each tier.
    pub provisional: u32,
    pub reviewed: u32,
    #[serde(rename = "final")]
    pub finished: u32,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct SheetFactor {
    pub code: String,
    pub name: Name,
}

impl Judge {
    /// The sheet of a point and factor over `from..until`; without a factor: the first one that has values.
    ///
    /// # Errors
    /// When the period is longer than [`MOST_HOURS`], or the store fails.
    pub fn sheet(
        &self,
        point: &Point,
        factor: Option<&str>,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Sheet, Problem> {
        let (first, last) = (from.hour().0, until.plus(-1).hour().0);
        if last - first >= MOST_HOURS {
            return Err(Problem::invalid("一次最多 31 天 (at most 31 days at once)"));
        }
        let rules = self.rules();
        let wanted: Vec<i64> = (first..=last).collect();
        let gathered = gather(&self.store, &rules.codes, point, first, last, &wanted, None)?;
        let settings = Settings {
            point: point.id,
            rules: &rules,
            store: &*self.store,
            codes: &rules.codes,
            kind: point.kind,
            minute_minutes: point.minute_minutes,
            needed_minutes: crate::plan::HOUR_MINUTES,
            reviews: &gathered.reviews,
            stops: &gathered.stops,
            day: None,
        };
        let mut hours = BTreeMap::new();
        let mut seen: Vec<Code> = Vec::new();
        for (number, packets) in &gathered.hours {
            let mut explain = Explain::default();
            let means = hour_means(Hour(*number), packets, &settings, &mut Some(&mut explain));
            for mean in &means {
                if !seen.contains(&mean.factor) {
                    seen.push(mean.factor);
                }
            }
            hours.insert(*number, (means, explain.inputs));
        }
        seen.sort_unstable();
        let chosen = factor
            .and_then(Code::new)
            .or_else(|| seen.iter().copied().find(|code| point.limits.iter().any(|limit| *code == *limit.factor)))
            .or_else(|| seen.first().copied());
        let verdicts = self.verdicts(point.id, PeriodLevel::Hour, from, until)?;
        let verdicts: BTreeMap<i64, _> = verdicts.iter().map(|verdict| (verdict.key.period, verdict)).collect();
        let odd: Vec<Suspicion> = self
            .suspicions(point, from.day(), kernel::Day(until.plus(-1).day().0 + 1))?
            .into_iter()
            .filter(|found| chosen.is_some_and(|code| code == *found.factor))
            .collect();
        let mut sheet = Sheet {
            point: point.id.to_string(),
            factor: chosen.map(|code| code.to_string()).unwrap_or_default(),
            name: chosen.map(|code| names::factor_name(code.as_str())).unwrap_or_default(),
            unit: chosen
                .map(|code| rules.factors.get(code.as_str()).map(|known| known.unit.clone()).unwrap_or_default())
                .unwrap_or_default(),
            factors: seen
                .iter()
                .map(|code| SheetFactor { code: code.to_string(), name: names::factor_name(code.as_str()) })
                .collect(),
            simulated: point.simulated,
            rows: Vec::with_capacity(wanted.len()),
            provisional: 0,
            reviewed: 0,
            finished: 0,
        };
        for number in wanted {
            let start = Hour(number).start();
            let (mean, inputs) = match (hours.get(&number), chosen) {
                (Some((means, inputs)), Some(code)) => (
                    means.iter().find(|mean| mean.factor == code),
                    inputs.iter().filter(|input| input.factor == code).collect::<Vec<_>>(),
                ),
                _ => (None, Vec::new()),
            };
            let verdict = verdicts.get(&number);
            let item = verdict.zip(chosen).and_then(|(verdict, code)| verdict.finding.item(code, Stat::Mean));
            let tier = review::tier(&gathered.reviews, start);
            match tier {
                Tier::Provisional => sheet.provisional += 1,
                Tier::Reviewed => sheet.reviewed += 1,
                Tier::Final => sheet.finished += 1,
            }
            sheet.rows.push(SheetRow {
                hour: start,
                sent: match inputs.as_slice() {
                    [] => String::new(),
                    [only] => only.value.clone(),
                    // Of what an hour packet says of a factor the mean, not its amount or its extremes.
                    many if many.iter().all(|input| input.kind == crate::gather::HOUR) => {
                        let mean =
                            many.iter().rev().find(|input| matches!(input.statistic, Average | Level | Realtime));
                        mean.unwrap_or(&many[0]).value.clone()
                    }
                    many => format!("×{}", many.len()),
                },
                value: mean
                    .and_then(|mean| mean.mean)
                    .map(|value| value.round_dp(4).normalize().to_string())
                    .unwrap_or_default(),
                valid: mean.is_some_and(|mean| mean.valid && mean.mean.is_some()),
                why: inputs.iter().find_map(|input| input.why.clone()),
                exceeding: item.is_some_and(crate::model::Item::exceeding),
                tier,
                flags: odd
                    .iter()
                    .filter(|found| found.from <= start && start < found.until)
                    .map(|found| found.title.clone())
                    .collect(),
                verdict: verdict.map(|_| Key::new(point.id, PeriodLevel::Hour, number).to_string()),
                revision: verdict.map_or(0, |verdict| verdict.revision),
            });
        }
        Ok(sheet)
    }
}
