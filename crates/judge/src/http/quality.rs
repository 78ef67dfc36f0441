//! Data quality: suspicions.

use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Query, Routes, blocking, operation};
use kernel::{Action, Day, Name, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::verdict::time_of;
use super::view::PointName;
use crate::Judge;
use crate::suspicion::Suspicion;

#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
struct SuspicionQuery {
    point: Option<String>,
    /// Key of an enterprise.
    enterprise: Option<String>,
    /// Without it: 90 days before `until`.
    from: Option<String>,
    until: Option<String>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct PointSuspicions {
    point: PointName,
    enterprise: Option<String>,
    enterprise_name: Option<Name>,
    simulated: bool,
    suspicions: Vec<Suspicion>,
}

pub fn period(from: Option<&str>, until: Option<&str>, days: i64) -> Result<(Timestamp, Timestamp), Problem> {
    let until = until.map_or_else(|| Ok(kernel::time::now()), |text| time_of(text, "until"))?;
    let from = from.map_or_else(|| Ok(until.plus(-days * kernel::time::DAY_MILLIS)), |text| time_of(text, "from"))?;
    if until <= from {
        return Err(Problem::invalid("until 不晚于 from (until is not after from)"));
    }
    Ok((from, until))
}

pub fn routes(judge: &Arc<Judge>) -> Routes {
    let odd = Arc::clone(judge);
    Routes::new("judge").get(
        "/api/suspicions",
        operation("数据存疑清单", "suspicious data", Access::May(Action::ReadMonitoring))
            .query::<SuspicionQuery>()
            .returns::<Vec<PointSuspicions>>(),
        async move |caller: Caller, Query(query): Query<SuspicionQuery>| -> ApiResult<Json<Vec<PointSuspicions>>> {
            let judge = Arc::clone(&odd);
            Ok(Json(blocking(move || suspicions_of(&judge, &caller, &query)).await?))
        },
    )
}

fn suspicions_of(judge: &Judge, caller: &Caller, query: &SuspicionQuery) -> Result<Vec<PointSuspicions>, Problem> {
    let (from, until) = period(query.from.as_deref(), query.until.as_deref(), 90)?;
    let points = match &query.point {
        Some(id) => vec![super::one(judge, caller, id)?],
        None => {
            super::readable(judge, caller, |point| query.enterprise.is_none() || point.enterprise == query.enterprise)
        }
    };
    let mut found = Vec::new();
    for point in points {
        let suspicions = judge.suspicions(&point, from.day(), Day(until.day().0 + 1))?;
        if suspicions.is_empty() {
            continue;
        }
        found.push(PointSuspicions {
            point: PointName { id: point.id.to_string(), name: point.name.clone() },
            enterprise: point.enterprise.clone(),
            enterprise_name: judge.name_of(point.enterprise.as_deref()),
            simulated: point.simulated,
            suspicions,
        });
    }
    found.sort_by_key(|point| std::cmp::Reverse(point.suspicions.len()));
    Ok(found)
}
