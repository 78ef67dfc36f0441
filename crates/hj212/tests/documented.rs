//! The tables of `docs/hj212.md` are those of the code.

use hj212::frame::RefusalKind;
use hj212::packet::PacketError;
use hj212::{Anomaly, Strictness};

fn anomaly_rows() -> String {
    Anomaly::ALL
        .iter()
        .map(|anomaly| {
            let mark = |grade: Strictness| if anomaly.tolerated_from() <= grade { "✓" } else { "–" };
            format!(
                "| `{}` | {} | {} | {} | {} | {} |\n",
                anomaly.name(),
                anomaly.title_zh(),
                anomaly.title_en(),
                mark(Strictness::Strict),
                mark(Strictness::Standard),
                mark(Strictness::Lenient)
            )
        })
        .collect()
}

fn refusal_rows() -> String {
    let refusals = RefusalKind::ALL.iter().map(|kind| (kind.name(), kind.title_zh(), kind.title_en()));
    let errors = PacketError::ALL.iter().map(|error| (error.name(), error.title_zh(), error.title_en()));
    refusals.chain(errors).map(|(name, zh, en)| format!("| `{name}` | {zh} | {en} |\n")).collect()
}

#[test]
fn the_document_names_every_anomaly_and_refusal() {
    let document = include_str!("../../../docs/hj212.md");
    for rows in [anomaly_rows(), refusal_rows()] {
        assert!(document.contains(&rows), "docs/hj212.md should hold these rows:\n{rows}");
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = Anomaly::ALL.iter().map(|anomaly| anomaly.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Anomaly::ALL.len());
}
