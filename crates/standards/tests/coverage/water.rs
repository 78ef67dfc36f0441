//! Scenarios of water, soil, groundwater, sources and flow.

use crate::Scenario;

pub const SCENARIOS: &[Scenario] = &[];
