//! Data marks (数据标记) of all editions.

use crate::edition::Edition;

/// A mark and its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub letter: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    pub edition: Edition,
    /// Whether a value with it is a measurement of normal operation.
    pub normal: bool,
    /// Read in a standard's text; otherwise from general knowledge and to be shown as unconfirmed.
    pub confirmed: bool,
}

const fn mark(edition: Edition, letter: &'static str, zh: &'static str, en: &'static str) -> Mark {
    let normal = matches!(letter.as_bytes(), b"N" | b"3");
    Mark { letter, zh, en, edition, normal, confirmed: matches!(edition, Edition::V2017) }
}

/// 2017 table 8; 2005 from general knowledge; 2025's table was not seen, so 2017's letters serve it.
pub const MARKS: [Mark; 28] = [
    mark(Edition::V2017, "N", "正常", "normal"),
    mark(Edition::V2017, "F", "停运", "instrument out of use"),
    mark(Edition::V2017, "M", "维护", "maintenance"),
    mark(Edition::V2017, "S", "手工输入", "set by hand"),
    mark(Edition::V2017, "D", "故障", "instrument fault"),
    mark(Edition::V2017, "C", "校准", "calibrating"),
    mark(Edition::V2017, "T", "超测量上限", "over the measuring range"),
    mark(Edition::V2017, "B", "仪器与数采仪通信异常", "no link between instrument and logger"),
    mark(Edition::V2005, "N", "正常", "normal"),
    mark(Edition::V2005, "P", "电源故障", "power fault"),
    mark(Edition::V2005, "F", "排放源停运", "source stopped"),
    mark(Edition::V2005, "C", "校验", "check"),
    mark(Edition::V2005, "M", "维护", "maintenance"),
    mark(Edition::V2005, "T", "超测上限", "over the measuring range"),
    mark(Edition::V2005, "D", "故障", "fault"),
    mark(Edition::V2005, "S", "设定值", "set value"),
    mark(Edition::V2005, "0", "校准数据（空气站）", "calibration (air station)"),
    mark(Edition::V2005, "1", "气象参数（空气站）", "weather value (air station)"),
    mark(Edition::V2005, "2", "异常数据（空气站）", "abnormal (air station)"),
    mark(Edition::V2005, "3", "正常数据（空气站）", "normal (air station)"),
    mark(Edition::V2025, "N", "正常", "normal"),
    mark(Edition::V2025, "F", "停运", "instrument out of use"),
    mark(Edition::V2025, "M", "维护", "maintenance"),
    mark(Edition::V2025, "S", "手工输入", "set by hand"),
    mark(Edition::V2025, "D", "故障", "instrument fault"),
    mark(Edition::V2025, "C", "校准", "calibrating"),
    mark(Edition::V2025, "T", "超测量上限", "over the measuring range"),
    mark(Edition::V2025, "B", "仪器与数采仪通信异常", "no link between instrument and logger"),
];

/// What a mark means in an edition; the other editions' meaning where it has none of its own.
pub fn find(letter: &str, edition: Edition) -> Option<&'static Mark> {
    let named = || MARKS.iter().filter(|mark| mark.letter == letter);
    named().find(|mark| mark.edition == edition).or_else(|| named().next())
}
