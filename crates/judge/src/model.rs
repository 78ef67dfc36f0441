//! The nouns of judging: what was found about a point and period, and the steps and inputs that show why.

use kernel::{Name, Timestamp};
use rust_decimal::Decimal;
use standards::{Step, Text};
use store::Mark;
use store::contract::PeriodLevel;
use store::packed::Statistic;

use crate::code::Code;

/// How a point is judged (评价方法).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// HJ 633, GB 3095, HJ 663.
    Air,
    /// GB 3838 and the 2011 method; `source`: tables 2 and 3 as well.
    Water { source: bool },
    /// The point's own limits: outlets, minimum flow, dust, electromagnetic stations.
    Limits,
    /// GB 3096 by function class.
    Noise,
    /// GB/T 14848.
    Groundwater,
    /// GB 8702.
    Electromagnetic,
}

/// What number of the period an item is (统计类型). Fixed numbers: they are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stat {
    Mean = 0,
    /// Mean at reference conditions (折算).
    Converted = 1,
    /// Amount in the period (累计量).
    Total = 2,
    /// Daily maximum 8-hour mean.
    Mda8 = 3,
    /// Largest hour of the day.
    MaximumHour = 4,
    Percentile = 5,
    /// Ld, Ln, Ldn.
    DayLevel = 6,
    NightLevel = 7,
    DayNightLevel = 8,
    Maximum = 9,
    Minimum = 10,
    /// Rolling means that the 2012 hourly report shows.
    Rolling8 = 11,
    Rolling24 = 12,
    /// Of a period that dust days touch: the view that does not judge (沙尘不扣除、扣除的另一口径).
    MeanWithDust = 13,
    PercentileWithDust = 14,
    MeanWithoutDust = 15,
    PercentileWithoutDust = 16,
}

impl Stat {
    const ALL: [Stat; 17] = [
        Self::Mean,
        Self::Converted,
        Self::Total,
        Self::Mda8,
        Self::MaximumHour,
        Self::Percentile,
        Self::DayLevel,
        Self::NightLevel,
        Self::DayNightLevel,
        Self::Maximum,
        Self::Minimum,
        Self::Rolling8,
        Self::Rolling24,
        Self::MeanWithDust,
        Self::PercentileWithDust,
        Self::MeanWithoutDust,
        Self::PercentileWithoutDust,
    ];

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stat| *stat as u8 == number)
    }

    pub const fn key(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Converted => "converted",
            Self::Total => "total",
            Self::Mda8 => "mda8",
            Self::MaximumHour => "max_hour",
            Self::Percentile => "percentile",
            Self::DayLevel => "ld",
            Self::NightLevel => "ln",
            Self::DayNightLevel => "ldn",
            Self::Maximum => "max",
            Self::Minimum => "min",
            Self::Rolling8 => "rolling_8h",
            Self::Rolling24 => "rolling_24h",
            Self::MeanWithDust => "mean_with_dust",
            Self::PercentileWithDust => "percentile_with_dust",
            Self::MeanWithoutDust => "mean_without_dust",
            Self::PercentileWithoutDust => "percentile_without_dust",
        }
    }
}

/// How far data have been looked at by people (数据层级).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// 初始
    #[default]
    Provisional,
    /// 已审核
    Reviewed,
    /// 最终
    Final,
}

/// One number of a finding, in the unit it is judged in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Item {
    pub factor: Code,
    pub stat: Stat,
    pub value: Option<Decimal>,
    pub limit: Option<Decimal>,
    /// Sub-index (IAQI) or class 1..=6.
    pub index: Option<u16>,
    /// 超标倍数
    pub times: Option<Decimal>,
    /// Valid values it rests on.
    pub count: u16,
    pub flags: Flags,
}

/// Yes-or-no properties of an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    pub const VALID: u8 = 1;
    pub const EXCEEDING: u8 = 2;
    /// Primary pollutant, main pollutant.
    pub const PRIMARY: u8 = 4;
    /// The limit is a lower bound.
    pub const LOWER: u8 = 8;
    /// The instrument or a person says that the value does not count.
    pub const SET_ASIDE: u8 = 16;
    /// It would count but for a condition mark (工况标记): it does not judge, and is valid in rates.
    pub const MARKED: u8 = 32;

    pub const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    pub fn set(&mut self, flag: u8, on: bool) {
        if on {
            self.0 |= flag;
        } else {
            self.0 &= !flag;
        }
    }
}

impl Item {
    pub fn new(factor: Code, stat: Stat, value: Option<Decimal>, valid: bool, count: u16) -> Self {
        let flags = Flags(if valid { Flags::VALID } else { 0 });
        Self { factor, stat, value, limit: None, index: None, times: None, count, flags }
    }

    pub fn valid(&self) -> bool {
        self.flags.has(Flags::VALID)
    }

    pub fn exceeding(&self) -> bool {
        self.flags.has(Flags::EXCEEDING)
    }

    pub fn primary(&self) -> bool {
        self.flags.has(Flags::PRIMARY)
    }
}

/// What was found of a point and period. Two equal findings are the same verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// Id of the standard edition in the library, or the basis of the limits; empty when nothing was compared.
    pub standard: String,
    /// AQI as published, or water class 1..=6.
    pub index: Option<u16>,
    /// AQI of the items available, or the target class.
    pub beside: Option<u16>,
    pub valid: bool,
    pub exceeding: bool,
    /// The period had not ended when it was judged.
    pub running: bool,
    pub tier: Tier,
    pub items: Vec<Item>,
}

impl Finding {
    pub fn item(&self, factor: Code, stat: Stat) -> Option<&Item> {
        self.items.iter().find(|item| item.factor == factor && item.stat == stat)
    }

    /// The worst exceedance: largest multiple first.
    pub fn worst(&self) -> Option<&Item> {
        self.items.iter().filter(|item| item.exceeding()).max_by_key(|item| item.times)
    }
}

/// Which verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub point: i64,
    pub level: PeriodLevel,
    /// Number of the hour, day, month (see `kernel::time`) or civil year.
    pub period: i64,
}

impl Key {
    pub fn new(point: i64, level: PeriodLevel, period: i64) -> Self {
        Self { point, level, period }
    }

    pub fn start(self) -> Timestamp {
        crate::period::start(self.level, self.period)
    }

    /// Exclusive.
    pub fn end(self) -> Timestamp {
        crate::period::start(self.level, self.period + 1)
    }
}

/// `1234-h493211`: the same verdict always has the same name.
impl std::fmt::Display for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let letter = match self.level {
            PeriodLevel::Hour => 'h',
            PeriodLevel::Day => 'd',
            PeriodLevel::Month => 'm',
            PeriodLevel::Year => 'y',
        };
        write!(formatter, "{}-{letter}{}", self.point, self.period)
    }
}

impl std::str::FromStr for Key {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (point, rest) = text.split_once('-').ok_or(())?;
        let level = match rest.as_bytes().first() {
            Some(b'h') => PeriodLevel::Hour,
            Some(b'd') => PeriodLevel::Day,
            Some(b'm') => PeriodLevel::Month,
            Some(b'y') => PeriodLevel::Year,
            _ => return Err(()),
        };
        let period: i64 = rest[1..].parse().map_err(|_| ())?;
        if period.abs() > 10_000_000 {
            return Err(());
        }
        Ok(Self { point: point.parse().map_err(|_| ())?, level, period })
    }
}

/// A finding as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub key: Key,
    /// From 1.
    pub revision: u32,
    pub judged_at: Timestamp,
    /// Highest raw frame number among the inputs: what was known then.
    pub horizon: i64,
    pub finding: Finding,
}

/// One observation beside a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub factor: Code,
    pub statistic: Statistic,
    pub kind: u16,
    pub data_time: Timestamp,
    /// As sent.
    pub value: String,
    pub mark: Mark,
    pub used: bool,
    pub why: Option<Name>,
    pub frame: i64,
    pub revision: u32,
}

/// Steps, notes and inputs of a verdict, made on demand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explain {
    pub steps: Vec<Step>,
    pub notes: Vec<Text>,
    pub inputs: Vec<Input>,
}

/// Notes a step when somebody wants to know.
pub fn step(explain: &mut Option<&mut Explain>, make: impl FnOnce() -> Step) {
    if let Some(explain) = explain {
        explain.steps.push(make());
    }
}

pub fn note(explain: &mut Option<&mut Explain>, zh: impl Into<String>, en: impl Into<String>) {
    if let Some(explain) = explain {
        explain.notes.push(Text::new(zh, en));
    }
}

pub fn name_of(text: &Text) -> Name {
    Name::new(text.zh.as_str(), text.en.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_verdict_reads_back() {
        for level in [PeriodLevel::Hour, PeriodLevel::Day, PeriodLevel::Month, PeriodLevel::Year] {
            let key = Key::new(7_311_223_344, level, 20_513);
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert!("7-x3".parse::<Key>().is_err());
        assert!("7".parse::<Key>().is_err());
    }
}
