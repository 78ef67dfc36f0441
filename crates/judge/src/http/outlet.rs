//! Outlets and minimum flow: the newest hour and day against the point's own limits.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Routes, blocking, operation};
use kernel::{Action, Name, Point, PointKind, Problem, Timestamp};
use serde::Serialize;
use store::contract::PeriodLevel;

use super::view::{ItemView, items_of};
use crate::Judge;
use crate::model::{Stat, Verdict};

const CURRENT_DAYS: i32 = 7;

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct OutletPeriod {
    pub time: Timestamp,
    pub date: Option<String>,
    pub exceeding: bool,
    pub valid: bool,
    /// What has a limit first, then the rest.
    pub items: Vec<ItemView>,
    pub verdict: String,
}

#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct OutletToday {
    pub point: String,
    pub name: Name,
    pub kind: String,
    pub simulated: bool,
    /// Key in its ledger.
    pub enterprise: Option<String>,
    pub enterprise_name: Option<Name>,
    pub standard: Option<String>,
    pub hour: Option<OutletPeriod>,
    pub day: Option<OutletPeriod>,
}

pub fn is_outlet(point: &Point) -> bool {
    matches!(point.kind, PointKind::WastewaterOutlet | PointKind::WasteGasOutlet | PointKind::EcologicalFlow)
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let today = Arc::clone(judge);
    Routes::new("judge").get(
        "/api/outlets/today",
        operation(
            "各排放口最新一小时和一天",
            "newest hour and day of each outlet",
            Access::May(Action::ReadMonitoring),
        )
        .returns::<Vec<OutletToday>>(),
        async move |caller: Caller| -> ApiResult<Json<Vec<OutletToday>>> {
            let judge = Arc::clone(&today);
            let work = move || {
                let points = super::readable(&judge, &caller, is_outlet);
                points.iter().map(|point| judge.outlet_today(point, kernel::time::now())).collect()
            };
            Ok(Json(blocking(work).await?))
        },
    )
}

impl Judge {
    /// The newest hour and day of an outlet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn outlet_today(&self, point: &Point, now: Timestamp) -> Result<OutletToday, Problem> {
        let newest = self.newest(point, now)?.within(CURRENT_DAYS, now.day());
        Ok(OutletToday {
            point: point.id.to_string(),
            name: point.name.clone(),
            kind: point.kind.name().to_owned(),
            simulated: point.simulated,
            enterprise: point.enterprise.clone(),
            enterprise_name: self.name_of(point.enterprise.as_deref()),
            standard: point.standard.clone(),
            hour: newest.hour.map(|verdict| self.outlet_period(point, &verdict)),
            day: newest.day.map(|verdict| self.outlet_period(point, &verdict)),
        })
    }

    fn outlet_period(&self, point: &Point, verdict: &Verdict) -> OutletPeriod {
        let start = verdict.key.start();
        let mut items = items_of(&self.rules(), point, &verdict.finding, verdict.key);
        items.retain(|item| item.statistic != Stat::Total.key() || item.limit.is_some());
        items.sort_by_key(|item| item.limit.is_none());
        OutletPeriod {
            time: start,
            date: (verdict.key.level == PeriodLevel::Day).then(|| start.day().to_iso()),
            exceeding: verdict.finding.exceeding,
            valid: verdict.finding.valid,
            items,
            verdict: verdict.key.to_string(),
        }
    }
}
