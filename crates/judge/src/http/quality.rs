//! Data quality: rates, reviews, stops, suspicions.
use std::sync::Arc;

use crate::Judge;

pub fn routes(_judge: &Arc<Judge>) -> api::Routes {
    api::Routes::new("judge")
}
