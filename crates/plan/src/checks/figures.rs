//! Rules about lists with a stated count, and about figures that several places state.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::{Decimal, RoundingStrategy};

use super::Out;
use crate::finding::{Finding, Severity};
use crate::model::Figure;
use crate::source::{FIGURES, LISTS, Position, Source};
use crate::unit::normalise;

#[derive(Clone, Copy)]
pub struct ListView<'l> {
    pub what: &'l str,
    pub stated: Option<u32>,
    pub open: bool,
    pub items: &'l [String],
}

/// Figures that tell of the same thing: subject, quantity, when.
type Groups<'f> = BTreeMap<(&'f str, &'f str, &'f str), Vec<(&'f Figure, Position)>>;

/// Entries are different, and as many as stated; a list that ends with 等 may be shorter.
pub fn check_list(list: ListView<'_>, subject: &str, at: Position, out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for item in list.items {
        if !seen.insert(item) {
            out.put(
                "PL104",
                Severity::Error,
                at,
                vec![subject.to_owned(), format!("name:{item}")],
                (format!("“{}”里“{item}”出现两次", list.what), format!("{item} stands twice in {}", list.what)),
                ("删去重复，或改为真正要列的名称", "remove it, or put the name that was meant"),
            );
        }
    }
    let Some(stated) = list.stated else { return };
    let listed = list.items.len();
    let wrong = if list.open { listed > stated as usize } else { listed != stated as usize };
    if wrong {
        out.put(
            "PL103",
            Severity::Error,
            at,
            vec![subject.to_owned()],
            (
                format!("“{}”写 {stated} 个，列出 {listed} 个", list.what),
                format!("{} is stated as {stated}, {listed} are listed", list.what),
            ),
            ("补上缺的名称，或改正数目", "add the missing name or correct the count"),
        );
    } else if list.open && listed < stated as usize {
        out.put(
            "PL103",
            Severity::Warning,
            at,
            vec![subject.to_owned()],
            (
                format!("“{}”写 {stated} 个，只列出 {listed} 个（以“等”结尾）", list.what),
                format!("{} is stated as {stated}, only {listed} are named", list.what),
            ),
            ("补全名称", "name all of them"),
        );
    }
}

pub fn lists(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for list in &source.lists.lists {
        let item = list.get_ref();
        let mut out = Out { file: LISTS, findings };
        let view = ListView { what: &item.what, stated: item.stated, open: item.open, items: &item.items };
        check_list(view, &format!("list:{}", item.id), source.at(LISTS, list), &mut out);
    }
}

/// Two places must state the same figure, at the coarser of their roundings; a ratio must fit its count.
pub fn agree(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let mut groups: Groups<'_> = BTreeMap::new();
    for figure in &source.figures.figures {
        let item = figure.get_ref();
        let key = (item.subject.as_str(), item.quantity.as_str(), item.when.as_str());
        groups.entry(key).or_default().push((item, source.at(FIGURES, figure)));
    }
    let mut out = Out { file: FIGURES, findings };
    for ((subject, quantity, when), figures) in groups {
        let Some(((first, _), rest)) = figures.split_first() else {
            continue;
        };
        for (other, at) in rest {
            let decimals = first.decimals.min(other.decimals);
            let (one_dimension, one) = shown(first, decimals);
            let (other_dimension, two) = shown(other, decimals);
            if one_dimension == other_dimension && one == two {
                continue;
            }
            let mut subjects = vec![format!("figure:{subject}:{quantity}:{when}")];
            subjects.extend(first.about.iter().chain(&other.about).cloned());
            subjects.dedup();
            out.put(
                "PL502",
                Severity::Error,
                *at,
                subjects,
                (
                    format!(
                        "{subject} {quantity}（{when}）：{}写 {} {}，{}写 {} {}",
                        first.place,
                        written(first),
                        first.unit,
                        other.place,
                        written(other),
                        other.unit
                    ),
                    format!("{subject} {quantity} ({when}): {} against {}", written(first), written(other)),
                ),
                ("核对两处的口径与数字", "compare what each place counts, and the figures"),
            );
        }
    }
}

/// As the place writes it: a count out of another as their ratio in per cent.
fn written(figure: &Figure) -> String {
    match figure.out_of {
        Some(out_of) => format!("{}/{out_of}={}", figure.value, percent(figure.value, out_of).round_dp(2)),
        None => figure.value.to_string(),
    }
}

fn percent(value: Decimal, out_of: Decimal) -> Decimal {
    if out_of.is_zero() { Decimal::ZERO } else { value * Decimal::ONE_HUNDRED / out_of }
}

fn shown(figure: &Figure, decimals: u32) -> (String, Decimal) {
    let (unit, value) = match figure.out_of {
        Some(out_of) => ("%".to_owned(), percent(figure.value, out_of)),
        None => normalise(figure.value, &figure.unit),
    };
    let value = value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    (unit, value.normalize())
}
