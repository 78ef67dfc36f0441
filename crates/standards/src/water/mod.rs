//! Surface water: GB 3838 tables, the 2011 evaluation method, trophic state, city index, drinking-water sources.
//!
//! [`Surface`] is one edition of the standard with the method in force at a date; [`evaluate`] judges one section.

mod class;
mod drinking;
mod evaluate;
mod index;
mod reach;
mod standard;
mod tli;

pub use class::{Body, Class, Grade, UnknownBody, UnknownClass};
pub use drinking::{
    SourceExceedance, SourcePeriod, SourceRates, SourceResult, judge_groundwater_source, judge_surface_source,
    source_rates,
};
pub use evaluate::{Exceedance, Ignored, ItemResult, WaterResult, evaluate};
pub use index::{CityIndexRules, ClassChange, PartIndex, change_word, chart_index, compare_classes, index_change};
pub use reach::{ReachResult, SectionClass, mean_ph, reach_by_means, reach_grade};
pub(crate) use standard::read_range;
pub use standard::{GradeName, Kind, SourceItem, Surface, SurfaceItem};
pub use tli::{Trophic, TrophicItem, TrophicResult, TrophicState};
