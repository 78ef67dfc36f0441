//! Routes of the judge. Every table is JSON or CSV at the same address.

mod air;
mod air_period;
mod chart;
mod confirm;
mod flux;
mod headline;
mod limits;
mod outlet;
mod profile;
mod quality;
mod rates;
mod reach;
mod report;
mod standard;
mod statement;
mod today;
mod trophic;
mod verdict;
mod view;
mod water;

use std::sync::Arc;

use kernel::{Action, Point, Problem};

use crate::Judge;

pub use air::AirToday;
pub use headline::Headline;
pub use limits::LimitLine;
pub use outlet::OutletToday;
pub(crate) use outlet::is_outlet;
pub use view::{StepView, VerdictBrief, VerdictView, brief};
pub(crate) use view::{item_value, unit_of};
pub(crate) use water::main_pollutants;
pub use water::{WaterToday, is_water};

pub fn routes(judge: &Arc<Judge>) -> api::Routes {
    air::routes(judge)
        .merge(air_period::routes(judge))
        .merge(water::routes(judge))
        .merge(trophic::routes(judge))
        .merge(flux::routes(judge))
        .merge(reach::routes(judge))
        .merge(outlet::routes(judge))
        .merge(limits::routes(judge))
        .merge(verdict::routes(judge))
        .merge(standard::routes(judge))
        .merge(chart::routes(judge))
        .merge(profile::routes(judge))
        .merge(confirm::routes(judge))
        .merge(quality::routes(judge))
        .merge(rates::routes(judge))
        .merge(report::routes(judge))
        .merge(statement::routes(judge))
}

/// Points of some kinds that the caller may read, in the register's order.
fn readable(judge: &Judge, caller: &api::Caller, wanted: impl Fn(&Point) -> bool) -> Vec<Arc<Point>> {
    let points = judge.points.points();
    points
        .iter()
        .filter(|point| wanted(point) && caller.0.may(Action::ReadMonitoring, point.owner.as_deref()))
        .cloned()
        .collect()
}

/// One point that the caller may read.
fn one(judge: &Judge, caller: &api::Caller, id: &str) -> Result<Arc<Point>, Problem> {
    let unknown = || Problem::not_found(format!("没有点位 {id} (no such point)"));
    let number: i64 = id.parse().map_err(|_| unknown())?;
    let point = judge.points.points().get(number).cloned().ok_or_else(unknown)?;
    if caller.0.may(Action::ReadMonitoring, point.owner.as_deref()) { Ok(point) } else { Err(unknown()) }
}
