//! Trophic state of lakes and reservoirs (湖库营养状态) from the means of a month or year.

use kernel::{Day, Point};
use standards::measure::Reading;
use standards::water::{TrophicResult, TrophicState};
use standards::{Step, Text};

use crate::code::Code;
use crate::model::{Explain, Finding, Item, Stat, note};
use crate::plan::{NotJudged, water_body};
use crate::rule::water::{Water, culprit, reading_of};
use crate::rules::Rules;

/// The item of a finding that holds TLI(Σ); its index is the state, from 1.
pub const TLI: &str = "tli";

/// The states in the order of the table, from 1.
fn number_of(rules: &Rules, day: Day, state: &TrophicState) -> Option<u16> {
    let trophic = rules.trophic_at(day).ok()?;
    let place = trophic.states().position(|known| known.key == state.key)?;
    u16::try_from(place + 1).ok()
}

/// The state that the item of a finding names.
pub fn state_of(rules: &Rules, day: Day, number: u16) -> Option<TrophicState> {
    rules.trophic_at(day).ok()?.states().nth(usize::from(number).checked_sub(1)?).cloned()
}

/// The index from the means that a finding holds. A value that cannot be (no chlorophyll at all) is left out by
/// itself and named; the sum then lacks it.
///
/// # Errors
/// When no edition covers the day, or its tables cannot be read.
pub fn of_finding(
    rules: &Rules,
    point: &Point,
    day: Day,
    finding: &Finding,
) -> Result<(TrophicResult, Vec<Text>), NotJudged> {
    let (trophic, surface) = (rules.trophic_at(day)?, rules.surface_at(day)?);
    let water = Water { surface: &surface, body: water_body(point.kind), target: None, source: false };
    let parameters: Vec<_> = trophic.parameters().collect();
    let known = |item: &&Item| {
        item.stat == Stat::Mean
            && item.valid()
            && parameters
                .iter()
                .any(|(key, codes, _)| item.factor == **key || codes.iter().any(|code| item.factor == **code))
    };
    let mut readings: Vec<Reading> =
        finding.items.iter().filter(known).filter_map(|item| reading_of(&water, item)).collect();
    let mut notes = Vec::new();
    loop {
        let error = match trophic.evaluate(&readings) {
            Ok(result) => return Ok((result, notes)),
            Err(error) => error,
        };
        let text = error.text();
        let named = culprit(&error);
        let of_key = |reading: &Reading| {
            parameters.iter().any(|(key, codes, _)| Some(*key) == named && codes.contains(&reading.factor))
        };
        let place = readings.iter().rposition(|reading| Some(reading.factor.as_str()) == named || of_key(reading));
        let Some(place) = place else { return Err(text) };
        readings.remove(place);
        notes.push(text);
    }
}

/// Names of parameters that are missing.
pub fn missing(rules: &Rules, day: Day, result: &TrophicResult) -> Vec<Text> {
    let Ok(trophic) = rules.trophic_at(day) else { return Vec::new() };
    let names = trophic.parameters().filter(|(key, ..)| result.missing.iter().any(|missing| missing == key));
    names.map(|(.., name)| name.clone()).collect()
}

/// What an index lacks, in Chinese words: parameters that are missing or could not be, or why nothing could be read.
pub fn lacking(rules: &Rules, day: Day, found: Result<(TrophicResult, Vec<Text>), NotJudged>) -> String {
    let (result, notes) = match found {
        Ok(found) => found,
        Err(why) => return why.zh,
    };
    let words = missing(rules, day, &result).into_iter().chain(notes);
    words.map(|text| text.zh).collect::<Vec<_>>().join("、")
}

/// Adds TLI(Σ) and its state to the finding of a lake; without all five parameters it says which are missing.
pub fn add(
    rules: &Rules,
    point: &Point,
    day: Day,
    finding: &mut Finding,
    explain: &mut Option<&mut Explain>,
) -> Result<(), NotJudged> {
    let (result, notes) = of_finding(rules, point, day, finding)?;
    if let (Some(factor), Some(index)) = (Code::new(TLI), result.index) {
        let mut item = Item::new(factor, Stat::Mean, Some(index), true, result.items.len() as u16);
        item.index = result.state.as_ref().and_then(|state| number_of(rules, day, state));
        finding.items.push(item);
    }
    for text in notes {
        note(explain, text.zh, text.en);
    }
    let missing = missing(rules, day, &result);
    if !missing.is_empty() {
        let (zh, en): (Vec<_>, Vec<_>) = missing.iter().map(|name| (name.zh.as_str(), name.en.as_str())).unzip();
        note(
            explain,
            format!("缺 {}，不计算综合营养状态指数", zh.join("、")),
            format!("{} missing: no trophic index", en.join(", ")),
        );
    }
    if let Some(explain) = explain {
        let steps: Vec<Step> = result.steps;
        explain.steps.extend(steps);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::PointKind;
    use standards::Library;

    #[test]
    fn what_cannot_be_read_and_what_is_missing_is_said_in_words() {
        let rules = Rules::new(Library::embedded().unwrap(), "500242".into()).unwrap();
        let (day, point) = (Day(20_600), Point::simulated(1, PointKind::LakePoint));
        let finding = |values: &[(&str, &str)]| Finding {
            items: values
                .iter()
                .map(|(factor, value)| Item::new(Code::new(factor).unwrap(), Stat::Mean, value.parse().ok(), true, 30))
                .collect(),
            ..Finding::default()
        };
        let check = |values: &[(&str, &str)], expect: &[&str]| {
            let words = lacking(&rules, day, of_finding(&rules, &point, day, &finding(values)));
            assert!(expect.iter().all(|part| words.contains(part)), "{values:?}: {words}");
        };
        check(&[("w21011", "0.03")], &["总氮", "透明度"]);
        // No chlorophyll at all has no logarithm: it is named and the others are read.
        check(&[("w01016", "0"), ("w21011", "0.03")], &["叶绿素", "总氮"]);
        assert_eq!(lacking(&rules, day, Err(Text::new("读不出", "cannot be read"))), "读不出");
    }
}
