//! Share (享): what the public sees without signing in: pages that read without scripts, and the same data by
//! machine.
//!
//! Invariants: a state is told before a number; every number has unit, time and station; simulated (模拟) data say
//! so beside the number; nothing that is not public is asked for ([`PublicSource`] gives only public things).

mod http;
mod model;
mod page;

pub use http::routes;
pub use model::{AirRow, PublicFactor, PublicSource, Situation, WaterRow};
