//! The pure rules, one kind of evaluation a file: numbers in, a finding out, with the steps when they are asked for.

pub mod air;
pub mod electromagnetic;
pub mod groundwater;
pub mod limit;
pub mod noise;
pub mod water;
