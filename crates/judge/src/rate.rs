//! Rates of data.
/// Rates of a point.
#[derive(Clone, Debug, Default)]
pub struct Rates;
