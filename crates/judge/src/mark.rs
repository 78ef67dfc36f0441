//! Which values count (数据标记): by the mark of the device, by number, by review.

use standards::Text;
use store::Mark;

/// What a mark of HJ 212 says of a value: `None` when it counts, otherwise why it does not.
///
/// Letters: HJ 212-2017 table 8. Digits: HJ/T 212-2005 for ambient air (0 calibration, 1 weather, 2 abnormal,
/// 3 normal). A value without a mark counts: the device has no other way to send it. `S` is a value set by hand; it
/// is no measurement and is treated apart.
pub fn why_not(mark: Mark) -> Option<Text> {
    let (zh, en) = match mark.0 {
        b'N' | b'n' | 0 | b'3' => return None,
        b'F' => ("标记 F：停运", "mark F: out of use"),
        b'M' => ("标记 M：维护", "mark M: maintenance"),
        b'S' => ("标记 S：人工设定值，不是监测值", "mark S: set by hand, not a measurement"),
        b'D' => ("标记 D：仪器故障", "mark D: instrument fault"),
        b'C' | b'0' => ("标记为校准", "marked as calibration"),
        b'T' => ("标记 T：超测量上限", "mark T: over the measuring range"),
        b'B' => ("标记 B：通讯异常", "mark B: no communication with the instrument"),
        b'P' => ("标记 P：电源故障", "mark P: power fault"),
        b'1' => ("标记 1：气象影响", "mark 1: weather"),
        b'2' => ("标记 2：异常", "mark 2: abnormal"),
        _ => ("标记不是“正常”", "the mark is not `normal`"),
    };
    Some(Text::new(zh, en))
}

/// The name of a mark, for display.
pub fn name(mark: Mark) -> Text {
    match mark.0 {
        b'N' | b'n' | b'3' => Text::new("正常", "normal"),
        0 => Text::new("无标记", "no mark"),
        _ => why_not(mark).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_normal_values_count() {
        let counts: Vec<char> = (33u8..127).filter(|byte| why_not(Mark(*byte)).is_none()).map(char::from).collect();
        assert_eq!(counts, ['3', 'N', 'n']);
        assert!(why_not(Mark::NONE).is_none());
        assert!(why_not(Mark::OTHER).is_some());
    }
}
