//! Data quality of a month: rates, reviews, stops and suspicions of every point.

use std::sync::Arc;

use api::Column;
use kernel::{Name, Point, Problem, Timestamp};
use rust_decimal::Decimal;

use super::{Cell, Parts, Period, Section};
use crate::model::Tier;
use crate::{Judge, names, review};

/// What buyers ask of each rate.
const WANTED: Decimal = Decimal::from_parts(90, 0, 0, false, 0);

fn percent(rate: Option<Decimal>) -> Cell {
    let Some(rate) = rate else { return Cell::default() };
    let percent = (rate * Decimal::ONE_HUNDRED).normalize();
    Cell::text(percent.to_string()).alarm_if(percent < WANTED)
}

pub fn monthly(judge: &Judge, period: Period, points: &[Arc<Point>], now: Timestamp) -> Result<Parts, Problem> {
    let rate = |key: &str, zh: &str, en: &str| Column::new(key, zh, en, "%");
    let mut rates = Section::new(
        ("各点位比率", "rates"),
        (
            "传输率＝实收／应收；有效率＝有效／实收；有效传输率＝有效／应收；低于 90% 标出；停运申报不计应收",
            "transmission = received / due; valid = valid / received; effective = valid / due; below 90 % is marked",
        ),
        vec![
            Column::new("name", "点位", "point", ""),
            Column::new("kind", "类型", "kind", ""),
            Column::new("due", "应收", "due", ""),
            rate("transmission", "传输率", "transmission"),
            rate("valid", "有效率", "valid"),
            rate("effective", "有效传输率", "effective"),
            rate("catch_up", "补传率", "catch-up"),
            rate("running", "运行率", "running"),
            Column::new("stopped", "申报停运小时", "declared stops", "h"),
            Column::new("reviewed", "已审核小时", "hours reviewed", "h"),
            Column::new("final", "终审小时", "final hours", "h"),
        ],
    );
    let mut odd = Section::new(
        ("疑点", "suspicions"),
        ("疑点不是定论，原始数据不动", "a suspicion is no verdict; the raw data stay"),
        vec![
            Column::new("name", "点位", "point", ""),
            Column::new("check", "疑点", "check", ""),
            Column::new("factor", "因子", "factor", ""),
            Column::new("time", "时段", "time", ""),
            Column::new("statistic", "统计", "statistic", ""),
        ],
    );
    let (mut used, mut silent, mut low) = (Vec::new(), 0, 0);
    for point in points {
        let found = judge.rates(point, period.from.start(), period.until.start(), now)?;
        if !found.networked {
            silent += 1;
            continue;
        }
        let (from, until) = (period.from.start(), period.until.start());
        let reviews = judge.store.read(|reader| review::of_point(reader, judge.division, point.id, from, until))?;
        let mut tiers = (0, 0);
        if !reviews.is_empty() {
            for hour in from.hour().0..until.min(now).hour().0 {
                match review::tier(&reviews, kernel::Hour(hour).start()) {
                    Tier::Provisional => {}
                    Tier::Reviewed => tiers.0 += 1,
                    Tier::Final => tiers.1 += 1,
                }
            }
        }
        low += usize::from(found.shares.effective.is_some_and(|rate| rate * Decimal::ONE_HUNDRED < WANTED));
        rates.push(vec![
            Cell::text(point.name.zh.clone()),
            Cell::text(point.kind.label().zh),
            Cell::text(found.counts.due.to_string()),
            percent(found.shares.transmission),
            percent(found.shares.valid_rate),
            percent(found.shares.effective),
            Cell { alarm: false, ..percent(found.shares.catch_up) },
            percent(found.shares.running),
            Cell::text(found.counts.hours_stopped.to_string()),
            Cell::text(tiers.0.to_string()),
            Cell::text(tiers.1.to_string()),
        ]);
        for suspicion in judge.suspicions(point, period.from, period.until)? {
            odd.push(vec![
                Cell::text(point.name.zh.clone()),
                Cell::text(suspicion.title.zh),
                Cell::text(names::factor_name(&suspicion.factor).zh),
                Cell::text(format!("{} – {}", &suspicion.from.to_iso()[..16], &suspicion.until.to_iso()[..16])),
                Cell::text(suspicion.statistic.zh),
            ]);
        }
        used.push(Arc::clone(point));
    }
    let lines = vec![Name::new(
        format!("{} 个点位有数据，{low} 个有效传输率低于 90%；{silent} 个点位没有收到数据", used.len()),
        format!("{} points with data, {low} with an effective rate below 90 %; {silent} points silent", used.len()),
    )];
    Ok((lines, vec![rates, odd], used))
}
