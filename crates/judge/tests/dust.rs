//! Dust days of the register: both views, who judges by which, and what a change judges again.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Bed, Packet, hour, point, time};
use judge::dust::{DustBook, DustEntry};
use judge::model::{Finding, Key, Stat};
use judge::rows;
use kernel::{Day, FactQuery, FactSource, FactValue, PointKind, Timestamp};
use store::contract::PeriodLevel;

const COUNTY: i32 = 500_242;

/// Hours of whole days: PM10 as given by day, the rest clean.
fn days(station: i64, from: &str, pm10: &[&str]) -> Vec<Packet> {
    let first = Day::parse(from).unwrap();
    let mut packets = Vec::new();
    for (place, value) in pm10.iter().enumerate() {
        let day = Day(first.0 + place as i32);
        packets.extend((0..24).map(|number| {
            let clean = [("a21026", "5"), ("a21004", "10"), ("a21005", "0.5"), ("a05024", "60"), ("a34004", "20")];
            let mut values = clean.to_vec();
            values.push(("a34002", value));
            hour(station, day.hour(number).start(), &values)
        }));
    }
    packets
}

fn entry(record: &str, from: &str, until: &str, points: &[i64], confirmed: bool) -> DustEntry {
    let day = |text: &str| Day::parse(text).unwrap().0;
    let (from, until, points) = (day(from), day(until), points.to_vec());
    DustEntry { record: record.into(), from, until, points, confirmed, basis: "总站函".into() }
}

fn finding(bed: &Bed, point: i64, level: PeriodLevel, period: i64) -> (u32, Finding) {
    let key = Key::new(point, level, period);
    let found = bed.store.read(|reader| rows::current(reader, bed.store.division(), key)).unwrap().unwrap();
    (found.revision, found.finding)
}

/// A number of a finding, to two decimals.
fn number(finding: &Finding, factor: &str, stat: Stat) -> Option<String> {
    let item = finding.items.iter().find(|item| item.factor == *factor && item.stat == stat)?;
    item.value.map(|value| value.round_dp(2).normalize().to_string())
}

fn month(text: &str) -> i64 {
    Day::parse(text).unwrap().month().0.into()
}

fn bed(now: Timestamp) -> Bed {
    let bed = Bed::new(COUNTY, vec![point(1, PointKind::AirStation), point(2, PointKind::AirStation)]);
    let mut packets = days(1, "2021-03-14", &["50", "650", "70"]);
    packets.extend(days(1, "2020-05-01", &["40"]));
    packets.extend(days(2, "2021-03-14", &["50", "650", "70"]));
    packets.extend(days(1, "2016-03-14", &["50", "650", "70"]));
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    bed
}

#[test]
fn a_confirmed_dust_day_leaves_means_and_stands_beside() {
    let now = time("2021-04-01T01:00:00");
    let bed = bed(now);
    let march = month("2021-03-01");
    let check = |point: i64, level: PeriodLevel, period: i64, revision: u32, expect: [Option<&str>; 4]| {
        let (found, finding) = finding(&bed, point, level, period);
        let stats = [Stat::Mean, Stat::MeanWithDust, Stat::MeanWithoutDust];
        let [mean, with, without] = stats.map(|stat| number(&finding, "a34002", stat));
        let days = number(&finding, "days_dust", Stat::Total);
        assert_eq!([mean, with, without, days].each_ref().map(Option::as_deref), expect, "{point} {level:?} {period}");
        assert_eq!(found, revision, "{point} {level:?} {period}");
        // Other pollutants and the counts of days keep every day.
        assert_eq!(number(&finding, "a34004", Stat::Mean).as_deref(), Some("20"));
        assert_eq!(number(&finding, "a21026", Stat::Mean).as_deref(), Some("5"));
    };
    check(1, PeriodLevel::Month, march, 1, [Some("256.67"), None, None, None]);
    // Not confirmed: nothing moves.
    bed.judge.set_dust(DustBook::new([entry("d1", "2021-03-15", "2021-03-15", &[1], false)]));
    assert_eq!(bed.judge.judge_changed_dust(now).unwrap().judged, 0);
    // Confirmed for one station.
    let confirmed = entry("d1", "2021-03-15", "2021-03-15", &[1], true);
    bed.judge.set_dust(DustBook::new([confirmed.clone()]));
    let worked = bed.judge.judge_changed_dust(now).unwrap();
    assert_eq!((worked.judged, worked.changed), (2, 2), "one month and one year of one station");
    check(1, PeriodLevel::Month, march, 2, [Some("60"), Some("256.67"), None, Some("1")]);
    check(1, PeriodLevel::Year, 2021, 2, [Some("60"), Some("256.67"), None, Some("1")]);
    check(2, PeriodLevel::Month, march, 1, [Some("256.67"), None, None, None]);
    check(1, PeriodLevel::Year, 2020, 1, [Some("40"), None, None, None]);
    let (_, finding) = finding(&bed, 1, PeriodLevel::Year, 2021);
    assert_eq!(number(&finding, "days_good", Stat::Total).as_deref(), Some("2"), "counts keep dust");
    assert!(number(&finding, "composite", Stat::MeanWithDust) > number(&finding, "composite", Stat::Mean));
    // The same book, or other words of it, judges nothing.
    bed.judge.set_dust(DustBook::new([DustEntry { basis: "更正文号".into(), ..confirmed }]));
    assert_eq!(bed.judge.judge_changed_dust(now).unwrap().judged, 0);
}

#[test]
fn before_there_was_a_rule_dust_stays_in_and_the_other_view_stands_beside() {
    let now = time("2021-04-01T01:00:00");
    let bed = bed(now);
    bed.judge.set_dust(DustBook::new([entry("d0", "2016-03-15", "2016-03-15", &[], true)]));
    bed.judge.judge_changed_dust(now).unwrap();
    let (_, finding) = finding(&bed, 1, PeriodLevel::Year, 2016);
    assert_eq!(number(&finding, "a34002", Stat::Mean).as_deref(), Some("256.67"));
    assert_eq!(number(&finding, "a34002", Stat::MeanWithoutDust).as_deref(), Some("60"));
    assert_eq!(number(&finding, "a34002", Stat::PercentileWithoutDust).as_deref(), Some("69"));
}

#[test]
fn a_change_while_the_program_stood_still_is_found_and_the_old_verdict_is_explained_by_the_old_book() {
    let now = time("2021-04-01T01:00:00");
    let bed = bed(now);
    let judge = bed.reopened();
    let later = time("2021-04-02T01:00:00");
    judge.set_dust(DustBook::new([entry("d1", "2021-03-15", "2021-03-15", &[], true)]));
    assert_eq!(judge.judge_changed_dust(later).unwrap().judged, 4);
    // Another start: the ledger lost the record meanwhile.
    let judge = bed.reopened();
    let last = time("2021-04-03T01:00:00");
    judge.set_dust(DustBook::default());
    judge.judge_changed_dust(last).unwrap();
    let key = Key::new(1, PeriodLevel::Year, 2021);
    let mean = |revision| {
        let why = judge.why(key, Some(revision), None).unwrap();
        let differs = why.explain.notes.iter().any(|note| note.en.starts_with("judging again"));
        let names = why.explain.notes.iter().any(|note| note.zh.contains("总站函"));
        (number(&why.verdict.finding, "a34002", Stat::Mean).unwrap(), differs, names)
    };
    assert_eq!(mean(1), ("256.67".into(), false, false));
    assert_eq!(mean(2), ("60".into(), false, true));
    assert_eq!(mean(3), ("256.67".into(), false, false));
    // A start without a word of the ledger keeps what was known.
    assert_eq!(bed.reopened().judge_changed_dust(last).unwrap().judged, 0);
}

#[test]
fn the_ranking_and_the_facts_of_the_county_leave_dust_out_and_say_so() {
    let now = time("2021-04-01T01:00:00");
    let bed = bed(now);
    let (from, until) = (time("2021-01-01T00:00:00"), time("2022-01-01T00:00:00"));
    let days = bed.judge.verdicts(1, PeriodLevel::Day, from, until).unwrap();
    let dust = std::collections::BTreeSet::from(["2021-03-15".parse().unwrap()]);
    let check = |leave_out: bool, expect: &str| {
        let found = bed.judge.air_summary(&days, None, now.day(), (&dust, leave_out)).unwrap();
        let text = |value: Option<rust_decimal::Decimal>| value.unwrap().round_dp(2).normalize().to_string();
        assert_eq!((text(found.means[3]).as_str(), text(found.with_dust[0]).as_str()), (expect, "256.67"));
        assert_eq!((found.dust_days, found.valid_days, found.good_days), (1, 3, 2), "counts keep dust");
    };
    check(true, "60");
    check(false, "256.67");
    let fact = |year: i64| {
        let factor = FactValue::Text("PM10".to_owned());
        let query = FactQuery::new("air.mean").with("year", FactValue::Integer(year)).with("factor", factor);
        let fact = bed.judge.answer(&query, now).unwrap();
        (fact.value, fact.method.zh.contains("不含沙尘天"))
    };
    assert_eq!(fact(2021), (FactValue::Number(257.0), true), "nothing is confirmed");
    bed.judge.take_changed_years();
    let entries =
        [entry("d0", "2016-03-15", "2016-03-15", &[], true), entry("d1", "2021-03-15", "2021-03-15", &[], true)];
    bed.judge.set_dust(DustBook::new(entries));
    bed.judge.judge_changed_dust(now).unwrap();
    assert_eq!(fact(2021), (FactValue::Number(60.0), true));
    assert_eq!(fact(2016), (FactValue::Number(257.0), false), "no rule then");
    assert!(bed.judge.take_changed_years().contains(&2021), "who computes from it is told");
}
