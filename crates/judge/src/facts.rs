//! Facts about verdicts that others ask for.
use kernel::fact::FactDescription;
use kernel::{Fact, FactQuery, FactSource, Problem, Timestamp};

use crate::Judge;

impl FactSource for Judge {
    fn describe(&self) -> Vec<FactDescription> {
        Vec::new()
    }

    fn answer(&self, query: &FactQuery, _now: Timestamp) -> Result<Fact, Problem> {
        Err(Problem::not_found(&query.name))
    }
}
