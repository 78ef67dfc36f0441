//! Routes and API types of the plan.

mod bodies;
mod enter;
mod indicators;
mod items;
mod papers;
mod projects;
mod table;
mod tasks;

use std::sync::Arc;

use api::{Access, Routes};
use kernel::Action;

use crate::ops::Plan;

const READ: Access = Access::May(Action::ReadPlan);

pub fn routes(plan: &Arc<Plan>) -> Routes {
    indicators::routes(plan)
        .merge(projects::routes(plan))
        .merge(bodies::routes(plan))
        .merge(items::routes(plan))
        .merge(papers::routes(plan))
        .merge(tasks::routes(plan))
        .merge(enter::routes(plan))
}
