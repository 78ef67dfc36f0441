//! Points as people see them: what register, collect, judge and act know of each, merged.

pub mod http;
pub mod marks;
pub mod state;

use std::collections::HashMap;
use std::sync::Arc;

use act::{Act, Case};
use collect::Collect;
use judge::Judge;
use judge::model::Verdict;
use kernel::{Division, Point, Problem, Timestamp};
use register::Register;
use store::Store;

pub use state::{Judged, Known, State, StateCode, state_of};

/// The four mechanisms side by side.
#[derive(Clone)]
pub struct Points {
    pub store: Arc<dyn Store>,
    pub division: Division,
    pub register: Arc<Register>,
    pub collect: Arc<Collect>,
    pub judge: Arc<Judge>,
    pub act: Arc<Act>,
}

/// A point and how it stands.
#[derive(Clone, Debug)]
pub struct Standing {
    pub point: Arc<Point>,
    pub state: State,
    pub verdict: Option<Verdict>,
    /// Arrival and data time of the newest packet.
    pub last_data: Option<(Timestamp, Timestamp)>,
    pub cases: Vec<Case>,
}

impl Points {
    /// Every point that `wanted` lets through, in the register's order.
    pub fn standings(&self, now: Timestamp, wanted: impl Fn(&Point) -> bool) -> Result<Vec<Standing>, Problem> {
        let mut cases: HashMap<i64, Vec<Case>> = HashMap::new();
        for case in self.act.open_cases()? {
            cases.entry(case.point).or_default().push(case);
        }
        let points = self.judge.points().points();
        points
            .iter()
            .filter(|point| wanted(point))
            .map(|point| self.standing(point, cases.remove(&point.id).unwrap_or_default(), now))
            .collect()
    }

    /// How one point stands.
    pub fn standing_of(&self, id: i64, now: Timestamp) -> Result<Option<Standing>, Problem> {
        Ok(self.standings(now, |point| point.id == id)?.pop())
    }

    fn standing(&self, point: &Arc<Point>, cases: Vec<Case>, now: Timestamp) -> Result<Standing, Problem> {
        let verdict = self.judge.newest_verdict(point, now)?;
        let stops = self
            .store
            .read(|reader| judge::review::stops_of_point(reader, self.division, point.id, now, now.plus(1)))?;
        let last_data = self.collect.last_data(point.id);
        let oldest = cases.iter().min_by_key(|case| case.opened_at);
        let known = Known {
            bound: !self.collect.directory().of_point(point.id, now).is_empty(),
            presence: Some(self.collect.presence(point.id, now)),
            last_received: last_data.map(|(received, _)| received),
            stop: stops.into_iter().find(|stop| stop.stops(now)).map(|stop| (stop.from, stop.reason)),
            judged: verdict.as_ref().map(|verdict| Judged {
                exceeding: verdict.finding.exceeding,
                valid: verdict.finding.valid,
                start: verdict.key.start(),
                summary: judge::summary::of(point, &verdict.finding),
            }),
            case: oldest.map(|case| (case.opened_at, case.title.clone())),
        };
        Ok(Standing { point: Arc::clone(point), state: state_of(&known, now), verdict, last_data, cases })
    }
}
