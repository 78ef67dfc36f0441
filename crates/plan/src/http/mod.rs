//! Routes and API types of the plan.

mod enter;
mod read;
mod table;
mod tasks;

use std::sync::Arc;

use api::Routes;

use crate::ops::Plan;

pub fn routes(plan: &Arc<Plan>) -> Routes {
    read::routes(plan).merge(tasks::routes(plan)).merge(enter::routes(plan))
}
