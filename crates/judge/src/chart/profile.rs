//! Profile along a river (沿程变化): its sections in the order of the register, with class, colour and one factor.

use std::sync::Arc;

use kernel::{Point, PointKind, Problem, Timestamp};

use crate::Judge;
use crate::http::WaterToday;

impl Judge {
    /// The sections of a river, from west to east where their places are known, with their newest quality.
    ///
    /// # Errors
    /// When the store fails.
    pub fn river_profile(
        &self,
        points: &[Arc<Point>],
        river: &str,
        now: Timestamp,
    ) -> Result<Vec<(Arc<Point>, WaterToday)>, Problem> {
        let mut own: Vec<Arc<Point>> = points
            .iter()
            .filter(|point| point.kind == PointKind::WaterSection && point.river.as_deref() == Some(river))
            .cloned()
            .collect();
        own.sort_by(|left, right| {
            let lon = |point: &Point| point.location.as_ref().map_or(f64::INFINITY, |place| place.lon);
            lon(left).total_cmp(&lon(right)).then_with(|| left.key.cmp(&right.key))
        });
        own.into_iter().map(|point| self.water_today(&point, now).map(|today| (point, today))).collect()
    }
}
