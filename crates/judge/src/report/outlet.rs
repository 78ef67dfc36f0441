//! Exceedances of outlets in a month: every hour and day over a limit.

use std::sync::Arc;

use api::Column;
use kernel::{Name, Point, PointKind, Problem};
use store::contract::PeriodLevel;

use super::{Cell, Parts, Period, Section};
use crate::Judge;
use crate::http::{is_outlet, item_value, unit_of};
use crate::{names, period};

pub fn exceedances(judge: &Judge, period: Period, points: &[Arc<Point>]) -> Result<Parts, Problem> {
    let rules = judge.rules();
    let mut list = Section::new(
        ("超标明细", "exceedances"),
        (
            "小时、日均值与各排放口自己的限值比较；等于限值为达标",
            "hours and days against the outlet's own limits; on the limit is inside",
        ),
        vec![
            Column::new("name", "排放口", "outlet", ""),
            Column::new("enterprise", "企业", "enterprise", ""),
            Column::new("time", "时段", "period", ""),
            Column::new("factor", "因子", "factor", ""),
            Column::new("value", "数值", "value", ""),
            Column::new("limit", "限值", "limit", ""),
            Column::new("unit", "单位", "unit", ""),
            Column::new("over", "程度", "by how much", ""),
            Column::new("standard", "标准", "standard", ""),
        ],
    );
    let mut counts = Section::new(
        ("各排放口", "outlets"),
        ("有比较的小时、日数与其中超标的", "hours and days compared, and those over"),
        [
            "name|排放口|outlet",
            "hours|小时|hours",
            "hours_over|超标小时|hours over",
            "days|日|days",
            "days_over|超标日|days over",
        ]
        .map(|text| {
            let mut parts = text.split('|');
            let mut next = || parts.next().unwrap_or_default();
            let (key, zh, en) = (next(), next(), next());
            Column::new(key, zh, en, "")
        })
        .to_vec(),
    );
    let mut used = Vec::new();
    let mut over_points = 0;
    for point in points.iter().filter(|point| is_outlet(point) && point.kind != PointKind::EcologicalFlow) {
        let mut row = vec![Cell::text(point.name.zh.clone())];
        let mut any = (0, 0);
        for level in [PeriodLevel::Hour, PeriodLevel::Day] {
            let verdicts = judge.verdicts(point.id, level, period.from.start(), period.until.start())?;
            let compared = |verdict: &&crate::model::Verdict| {
                verdict.finding.items.iter().any(|item| item.limit.is_some() && item.valid())
            };
            let all = verdicts.iter().filter(compared).count();
            let over: Vec<_> = verdicts.iter().filter(|verdict| verdict.finding.exceeding).collect();
            any = (any.0 + all, any.1 + over.len());
            row.extend([Cell::text(all.to_string()), Cell::text(over.len().to_string()).alarm_if(!over.is_empty())]);
            for verdict in over {
                for item in verdict.finding.items.iter().filter(|item| item.exceeding()) {
                    let name = names::factor_name(item.factor.as_str());
                    list.push(vec![
                        Cell::text(point.name.zh.clone()),
                        Cell::text(
                            judge
                                .name_of(point.enterprise.as_deref())
                                .map_or_else(|| point.enterprise.clone().unwrap_or_default(), |name| name.zh),
                        ),
                        Cell::text(period::label(level, verdict.key.period)),
                        Cell::text(name.zh),
                        Cell::of(item_value(point, item), verdict.key).alarm_if(true),
                        Cell::of(item.limit.map(|limit| limit.to_string()).unwrap_or_default(), verdict.key),
                        Cell::text(unit_of(&rules, point, item, verdict.key.start())),
                        Cell::of(names::over(item).map(|over| over.zh).unwrap_or_default(), verdict.key),
                        Cell::text(verdict.finding.standard.clone()),
                    ]);
                }
            }
        }
        if any.0 > 0 {
            counts.push(row);
            over_points += usize::from(any.1 > 0);
            used.push(Arc::clone(point));
        }
    }
    let lines = vec![Name::new(
        format!("{} 个排放口有比较，{over_points} 个有超标", used.len()),
        format!("{} outlets compared, {over_points} of them over", used.len()),
    )];
    Ok((lines, vec![counts, list], used))
}
