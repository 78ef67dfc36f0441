//! What a new release says otherwise is judged again, and nothing else.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{Bed, hour, point, time};
use judge::Judge;
use kernel::{Point, PointKind, Timestamp};
use standards::Library;
use store::contract::PeriodLevel;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The library with another text in one file.
fn library(file: &str, old: &str, new: &str) -> Arc<Library> {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../standards/data");
    let texts: Vec<(String, String)> = files(&data)
        .into_iter()
        .map(|path| {
            let mut text = std::fs::read_to_string(&path).unwrap();
            if path.ends_with(file) {
                assert!(text.contains(old), "{file} lacks {old}");
                text = text.replacen(old, new, 1);
            }
            (path.display().to_string(), text)
        })
        .collect();
    Arc::new(Library::from_texts(texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap())
}

/// Judges what the release changed until nothing is left; the number of periods.
fn take_up(judge: &Judge, now: Timestamp) -> u64 {
    (0..20).map(|_| judge.judge_changed_release(now).unwrap().judged).sum()
}

#[test]
fn a_changed_standard_judges_again_what_rests_on_it_and_nothing_else() {
    let section = Point { function_class: Some("III".into()), ..point(1, PointKind::WaterSection) };
    let bed = Bed::new(500_242, vec![section, point(2, PointKind::AirStation)]);
    let (at, now) = (time("2026-06-01T10:00:00"), time("2026-06-02T01:00:00"));
    bed.commit(&[hour(1, at, &[("w01018", "19")]), hour(2, at, &[("a34004", "30")])], now);
    bed.judge.judge_due(now).unwrap();
    let state = |point: i64| {
        let verdict = bed.verdict(point, PeriodLevel::Hour, at).unwrap();
        (verdict.revision, verdict.finding.exceeding)
    };
    // A store of before this was kept is looked at once, and nothing changes.
    assert!(take_up(&bed.judge, now) > 0);
    assert_eq!((state(1), state(2)), ((1, false), (1, false)));
    assert_eq!(take_up(&bed.reopened(), now), 0);
    // A corrected limit: COD of class III.
    let cod = r#"'"w01018", "mg/L", "upper", "15", "15", "20"'"#.trim_matches('\'');
    let corrected = library("gb3838-2002.toml", cod, &cod.replace(r#""20""#, r#""18""#));
    let judge = bed.reopened_with(Arc::clone(&corrected));
    assert!(take_up(&judge, now) > 0);
    assert_eq!((state(1), state(2)), ((2, true), (1, false)));
    assert_eq!(take_up(&bed.reopened_with(corrected), now), 0);
    // Other words are no change.
    let words = library("gb3838-2002.toml", "source = \"", "source = \"重排版，");
    take_up(&bed.reopened_with(library("gb3838-2002.toml", cod, cod)), now);
    assert_eq!(state(1), (3, false));
    assert_eq!(take_up(&bed.reopened_with(words), now), 0);
}

#[test]
fn a_confirmed_rule_of_dust_judges_the_months_again() {
    let bed = Bed::new(500_242, vec![point(1, PointKind::AirStation)]);
    let now = time("2026-07-02T01:00:00");
    let packets: Vec<_> = (0..48)
        .map(|number| hour(1, time("2026-06-01T00:00:00").plus(number * 3_600_000), &[("a34002", "90")]))
        .collect();
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    bed.confirm_all("环办监测〔2016〕120 号/", now);
    // June, the running July, the year; no day and no hour.
    assert_eq!(bed.judge.judge_confirmed(now).unwrap().judged, 3);
}

#[test]
fn what_is_due_comes_between_the_rounds_and_a_break_off_begins_anew() {
    let stations: Vec<Point> = (1..=34).map(|id| point(id, PointKind::AirStation)).collect();
    let bed = Bed::new(500_242, stations);
    let (at, now) = (time("2026-06-01T10:00:00"), time("2026-06-02T01:00:00"));
    let packets: Vec<_> = (1..=34).map(|id| hour(id, at, &[("a34004", "30")])).collect();
    bed.commit(&packets, now);
    bed.judge.judge_due(now).unwrap();
    let first = bed.judge.judge_changed_release(now).unwrap().judged;
    let rest = take_up(&bed.judge, now);
    assert!(first > 0 && rest > 0, "{first} and then {rest}");
    // A start in between knows of nothing that was finished.
    let other = Bed::new(500_242, (1..=34).map(|id| point(id, PointKind::AirStation)).collect());
    other.commit(&packets, now);
    other.judge.judge_due(now).unwrap();
    other.judge.judge_changed_release(now).unwrap();
    assert_eq!(take_up(&other.reopened(), now), first + rest);
    assert_eq!(take_up(&other.reopened(), now), 0);
}
