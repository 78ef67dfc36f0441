//! Cold start and memory of the whole program with a year of a county's data.

use crate::{Figure, Result};

pub fn measure() -> Result<Vec<Figure>> {
    Err("written when `qingshan serve` stands".into())
}
