//! Rules about lists with a stated count, and about figures that several places state.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::{Decimal, RoundingStrategy};

use super::Out;
use super::names::{Adornments, alike};
use crate::finding::{Finding, Severity};
use crate::model::Figure;
use crate::source::{FIGURES, LISTS, PROJECTS, Position, Source};
use crate::unit::{factor, normalise};

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
        let key = if item.stated.is_some() { "stated" } else { "items" };
        check_list(view, &format!("list:{}", item.id), source.at_key(LISTS, list, key, 0), &mut out);
    }
}

/// A list that tells of the same things as others.
struct Twin<'l> {
    file: &'static str,
    subject: String,
    place: &'l str,
    at: Position,
    open: bool,
    items: &'l [String],
}

/// Lists of the same things must name the same things. One that ends with 等 may leave some out; it is looked at when
/// it names at least half of them.
pub fn same_lists(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let mut groups: BTreeMap<&str, Vec<Twin<'_>>> = BTreeMap::new();
    for list in &source.lists.lists {
        let item = list.get_ref();
        groups.entry(&item.same_as).or_default().push(Twin {
            file: LISTS,
            subject: format!("list:{}", item.id),
            place: &item.place,
            at: source.at_key(LISTS, list, "items", 0),
            open: item.open,
            items: &item.items,
        });
    }
    for project in &source.projects.projects {
        let item = project.get_ref();
        for list in &item.lists {
            groups.entry(&list.same_as).or_default().push(Twin {
                file: PROJECTS,
                subject: format!("project:{}", item.number),
                place: &item.place,
                at: source.at_key(PROJECTS, project, "list", 0),
                open: list.open,
                items: &list.items,
            });
        }
    }
    groups.remove("");
    let adornments = Adornments::of(source);
    for twins in groups.values() {
        for (long, short) in twins.iter().flat_map(|one| twins.iter().map(move |other| (one, other))) {
            let lacking: Vec<&str> = long
                .items
                .iter()
                .filter(|name| short.items.iter().all(|other| other != *name && !alike(&adornments, name, other)))
                .map(String::as_str)
                .collect();
            if lacking.is_empty() || short.open && short.items.len() * 2 < long.items.len() {
                continue;
            }
            let mut out = Out { file: short.file, findings };
            out.put(
                "PL105",
                if short.open { Severity::Warning } else { Severity::Error },
                short.at,
                vec![short.subject.clone(), long.subject.clone()],
                (
                    format!("{}有“{}”，{}没有点名", long.place, lacking.join("”“"), short.place),
                    format!("{} names {}, {} does not", long.place, lacking.join(", "), short.place),
                ),
                ("核对是漏写，还是不在其列", "is it left out, or does it not belong there?"),
            );
        }
    }
}

/// Two places must state the same figure, at the coarser of their roundings; a ratio must fit its count.
pub fn agree(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let mut groups: Groups<'_> = BTreeMap::new();
    // What is counted in lists that could not be read is not known.
    let known = |figure: &Figure| figure.count_of.is_empty() || source.has(&[LISTS]);
    for figure in source.figures.figures.iter().filter(|figure| known(figure.get_ref())) {
        let item = figure.get_ref();
        let key = (item.subject.as_str(), item.quantity.as_str(), item.when.as_str());
        groups.entry(key).or_default().push((item, source.at_key(FIGURES, figure, "value", 0)));
    }
    let mut out = Out { file: FIGURES, findings };
    for ((subject, quantity, when), figures) in groups {
        bounds(&format!("figure:{subject}:{quantity}:{when}"), &figures, &mut out);
        for (place, (other, at)) in figures.iter().enumerate() {
            // Each with all before it: two that agree with a coarse third need not agree with each other.
            let Some((first, _)) = figures[..place].iter().find(|(first, _)| !same(first, other)) else { continue };
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
                        unit_of(first),
                        other.place,
                        written(other),
                        unit_of(other)
                    ),
                    format!("{subject} {quantity} ({when}): {} against {}", written(first), written(other)),
                ),
                ("核对两处的口径与数字", "compare what each place counts, and the figures"),
            );
        }
    }
}

/// Figures have a number, or are counts and name lists that there are.
pub fn counted(source: &Source<'_>, findings: &mut Vec<Finding>) {
    for figure in &source.figures.figures {
        let item = figure.get_ref();
        if item.stated.is_some() != item.count_of.is_empty() {
            Out { file: FIGURES, findings }.put(
                "PL002",
                Severity::Error,
                source.at(FIGURES, figure),
                vec![format!("figure:{}:{}:{}", item.subject, item.quantity, item.when)],
                ("要么写 value，要么写 count_of".into(), "it needs either `value` or `count_of`".into()),
                ("写明其中一个", "say one of them"),
            );
        }
        let known = |id: &&String| source.lists.lists.iter().any(|list| list.get_ref().id == **id);
        for id in item.count_of.iter().chain(&item.less).filter(|id| !known(id)) {
            Out { file: FIGURES, findings }.put(
                "PL004",
                Severity::Error,
                source.at_key(FIGURES, figure, "count_of", 0),
                vec![format!("figure:{}:{}:{}", item.subject, item.quantity, item.when), format!("list:{id}")],
                (format!("清单 {id} 不存在"), format!("there is no list {id}")),
                ("改正清单的编号", "correct the identifier of the list"),
            );
        }
    }
}

/// Two places that bound one figure in two ways (＞95, 95以上): they judge differently at the figure itself.
fn bounds(subject: &str, figures: &[(&Figure, Position)], out: &mut Out<'_>) {
    let bounded: Vec<_> = figures.iter().filter(|(figure, _)| !figure.operator.is_empty()).collect();
    for (place, (other, at)) in bounded.iter().enumerate() {
        let differs = |first: &Figure| same(first, other) && first.operator != other.operator;
        let Some((first, _)) = bounded[..place].iter().find(|(first, _)| differs(first)) else { continue };
        let show = |figure: &Figure| format!("{}{} {}", figure.operator, written(figure), unit_of(figure));
        out.put(
            "PL502",
            Severity::Warning,
            *at,
            vec![subject.to_owned()],
            (
                format!("同一个数，{}写 {}，{}写 {}", first.place, show(first), other.place, show(other)),
                format!("one figure is bounded in two ways: {} against {}", show(first), show(other)),
            ),
            ("统一含不含本数", "say in one way whether the figure itself counts"),
        );
    }
}

/// Equal at the coarser of their roundings, whatever units they are written in.
fn same(one: &Figure, two: &Figure) -> bool {
    let ((dimension, left), (other, right)) = (in_base(one), in_base(two));
    let coarser = granule(one).max(granule(two));
    let rounded = |value: Decimal| {
        let steps = value.checked_div(coarser).unwrap_or(value);
        steps.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
    };
    dimension == other && rounded(left) == rounded(right)
}

/// The last decimal that its place prints, in the base unit.
fn granule(figure: &Figure) -> Decimal {
    let last = Decimal::new(1, figure.decimals.min(20));
    last.checked_mul(factor(unit_of(figure))).unwrap_or(last)
}

/// As the place writes it: a count out of another as their ratio in per cent.
fn written(figure: &Figure) -> String {
    match figure.out_of {
        Some(out_of) => format!("{}/{out_of}={}", figure.value, percent(figure.value, out_of).round_dp(2)),
        None => figure.value.to_string(),
    }
}

/// A count out of another is written as their ratio.
fn unit_of(figure: &Figure) -> &str {
    if figure.out_of.is_some() { "%" } else { &figure.unit }
}

fn percent(value: Decimal, out_of: Decimal) -> Decimal {
    if out_of.is_zero() { Decimal::ZERO } else { value * Decimal::ONE_HUNDRED / out_of }
}

fn in_base(figure: &Figure) -> (String, Decimal) {
    match figure.out_of {
        Some(out_of) => ("%".to_owned(), percent(figure.value, out_of)),
        None => normalise(figure.value, &figure.unit),
    }
}
