//! Facts of sections, lakes and drinking-water sources.

use kernel::{Day, FactQuery, FactValue, Month, Name, Point, PointKind, Problem, Timestamp};
use standards::water::{Class, SourcePeriod, source_rates};
use store::contract::PeriodLevel;

use super::{Answer, number, optional_text, why_of};
use crate::Judge;
use crate::code::Code;
use crate::model::{Key, Stat, Verdict};
use crate::rule::water::class_of_number;

impl Judge {
    fn year_verdict(&self, point: i64, year: i32) -> Result<Option<Verdict>, Problem> {
        let key = Key::new(point, PeriodLevel::Year, year.into());
        Ok(self.store.read(|reader| crate::rows::current(reader, self.division, key))?)
    }

    /// That a point was not assessed in some of the months of a year that are over: a class of the year from a few of
    /// them is one of a part of the evidence. The rules on annual assessment name no least number.
    fn lacking_months(&self, point: &Point, year: i32, now: Timestamp) -> Result<Option<Name>, Problem> {
        let (first, end) = (Day::from_civil(year, 1, 1).month(), Day::from_civil(year + 1, 1, 1).month());
        let over = end.0.min(now.day().month().0);
        let months =
            self.verdicts(point.id, PeriodLevel::Month, first.first_day().start(), Month(over).first_day().start())?;
        let assessed = months.iter().filter(|month| month.finding.index.is_some()).count();
        let due = usize::try_from(over - first.0).unwrap_or(0);
        let lacking = due.saturating_sub(assessed);
        Ok((lacking > 0).then(|| {
            Name::new(
                format!("{} 已过的 {due} 个月中有 {lacking} 个月没有评价", point.name.zh),
                format!("{}: {lacking} of {due} months that are over have no assessment", point.name.en),
            )
        }))
    }

    pub(super) fn water_class_fact(&self, query: &FactQuery, year: i32, now: Timestamp) -> Result<Answer, Problem> {
        let id = query.text("point")?;
        let points = self.points.points();
        let point = id.parse().ok().and_then(|id| points.get(id)).cloned();
        let point = point.ok_or_else(|| Problem::not_found(format!("没有点位 {id} (no such point)")))?;
        let verdict = self.year_verdict(point.id, year)?;
        let class = verdict.as_ref().and_then(|verdict| verdict.finding.index).and_then(class_of_number);
        let missing = if class.is_none() {
            vec![Name::new("没有年判定", "no verdict of the year")]
        } else {
            self.lacking_months(&point, year, now)?.into_iter().collect()
        };
        Ok(Answer {
            value: class.map_or(FactValue::Missing, |class| FactValue::Text(class.key().to_owned())),
            method: Name::new("日均值的年平均，单因子评价", "annual mean of daily means, single factor"),
            missing,
            points: vec![point],
            evidence: verdict.iter().map(|verdict| why_of(verdict.key)).collect(),
        })
    }

    pub(super) fn sections_fact(&self, query: &FactQuery, year: i32, now: Timestamp) -> Result<Answer, Problem> {
        let sources = query.name == "source.compliance_ratio";
        let kinds: &[PointKind] = if sources {
            &[PointKind::DrinkingWaterSource, PointKind::GroundwaterWell]
        } else {
            // 断面: lakes are assessed apart.
            &[PointKind::WaterSection]
        };
        // Who holds the county to the section, such as `national`; without it all sections count.
        let level = optional_text(query, "level");
        let good = query.name == "water.good_section_ratio";
        let (mut met, mut judged, mut all) = (0u32, 0u32, 0u32);
        let (mut missing, mut points, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
        for point in self.of_kind(kinds) {
            // A well of the ledger of sources supplies drinking water; others do not.
            if point.kind == PointKind::GroundwaterWell && point.ledger != "drinking_water_source" {
                continue;
            }
            if level.is_some() && point.level.as_deref() != level {
                continue;
            }
            all += 1;
            let verdict = self.year_verdict(point.id, year)?;
            let class = verdict.as_ref().and_then(|verdict| verdict.finding.index).and_then(class_of_number);
            let (Some(verdict), Some(class)) = (verdict, class) else {
                missing
                    .push(Name::new(format!("{} 无年判定", point.name.zh), format!("{}: no verdict", point.name.en)));
                continue;
            };
            if !good && verdict.finding.beside.is_none() {
                missing
                    .push(Name::new(format!("{} 无水质目标", point.name.zh), format!("{}: no target", point.name.en)));
                continue;
            }
            missing.extend(self.lacking_months(&point, year, now)?);
            judged += 1;
            met += u32::from(if good { class <= Class::III } else { !verdict.finding.exceeding });
            evidence.push(why_of(verdict.key));
            points.push(point);
        }
        if let Some(level) = level.filter(|_| all == 0) {
            missing.push(Name::new(format!("没有级别为 {level} 的断面"), format!("no section of the level {level}")));
        }
        evidence.truncate(50);
        Ok(Answer {
            value: number(standards::measure::percent(met.into(), judged.into(), 1)),
            method: Name::new(
                format!("{met} 个达到／{judged} 个已评价（年均值），共 {all} 个"),
                format!("{met} of {judged} judged by annual means, of {all}"),
            ),
            missing,
            points,
            evidence,
        })
    }

    /// Rates over drinking-water sources: a day is a sample; its volume is the day's total of the flow meter (w00000).
    pub(super) fn sources_fact(&self, query: &FactQuery, year: i32) -> Result<Answer, Problem> {
        let (mut periods, mut points) = (Vec::new(), Vec::new());
        let flow = Code::new("w00000");
        for point in self.of_kind(&[PointKind::DrinkingWaterSource, PointKind::GroundwaterWell]) {
            if point.ledger != "drinking_water_source" && point.kind == PointKind::GroundwaterWell {
                continue;
            }
            let days = self.year_days(point.id, year)?;
            let samples = days.iter().filter(|day| day.finding.index.is_some()).map(|day| {
                let volume = flow.and_then(|flow| day.finding.item(flow, Stat::Total)).and_then(|item| item.value);
                (!day.finding.exceeding, volume)
            });
            periods.push(SourcePeriod { samples: samples.collect() });
            points.push(point);
        }
        let rates = source_rates(&periods);
        let volume = query.name == "source.volume_compliance_ratio";
        Ok(Answer {
            value: number(if volume { rates.by_volume } else { rates.by_count }),
            method: Name::new(
                format!("{} 个水源有日评价，其中 {} 个逐日达标", rates.sources, rates.compliant_sources),
                format!("{} sources judged by day, {} passed every day", rates.sources, rates.compliant_sources),
            ),
            missing: rates.notes.iter().map(crate::model::name_of).collect(),
            points,
            evidence: Vec::new(),
        })
    }
}
