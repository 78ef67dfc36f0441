//! Water flow: section flux by named estimators (断面通量), minimum ecological flow (生态流量).

mod ecological;
mod flux;

pub use ecological::{
    Exemption, FlowDay, FlowDayRule, FlowRules, FlowStation, county_compliance, judge_flow_day, judge_flow_hour,
    station_compliance,
};
pub use flux::{Estimator, Flux, FluxError, FluxInput, FluxSample, KG_PER_DAY, TONNES_PER_YEAR, estimate, integrate};
