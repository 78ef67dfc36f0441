//! Scenarios of water, groundwater, soil and sources: the tests of those files.

use super::Scenario;

#[path = "../soil_groundwater.rs"]
mod soil_groundwater;
#[path = "../sources.rs"]
mod sources;
#[path = "../water_flow.rs"]
mod water_flow;
#[path = "../water_vectors.rs"]
mod water_vectors;

/// One list a file.
pub const SCENARIOS: [&[Scenario]; 4] =
    [water_vectors::SCENARIOS, soil_groundwater::SCENARIOS, sources::SCENARIOS, water_flow::SCENARIOS];
