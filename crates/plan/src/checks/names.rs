//! One thing, one name: near-equal names of the same kind are probably one thing written in two ways.

use std::collections::BTreeMap;

use super::Out;
use crate::finding::{Finding, Severity};
use crate::source::{FIGURES, LISTS, PROJECTS, Position, Source};

/// Where a name first stands.
struct Standing {
    file: &'static str,
    at: Position,
    place: String,
}

/// Suffixes and prefixes that bodies and enterprises bear without being other ones.
const ADORNMENTS: [&str; 10] = [
    "有限责任公司",
    "股份有限公司",
    "有限公司",
    "（集团）",
    "重庆市",
    "重庆",
    "酉阳土家族苗族自治县",
    "酉阳自治县",
    "市级",
    "县级",
];

pub fn variants(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let mut names: BTreeMap<(String, String), Standing> = BTreeMap::new();
    let mut add = |kind: &str, name: &str, file, at, place: &str| {
        names.entry((kind.to_owned(), name.to_owned())).or_insert(Standing { file, at, place: place.to_owned() });
    };
    for project in &source.projects.projects {
        let (item, at) = (project.get_ref(), source.at(PROJECTS, project));
        for body in item.lead.iter().chain(&item.cooperating) {
            add("body", body, PROJECTS, at, &item.place);
        }
    }
    for list in &source.lists.lists {
        let (item, at) = (list.get_ref(), source.at(LISTS, list));
        for name in &item.items {
            add(&item.kind, name, LISTS, at, &item.place);
        }
    }
    for mention in &source.figures.mentions {
        let item = mention.get_ref();
        add(&item.kind, &item.name, FIGURES, source.at(FIGURES, mention), &item.place);
    }
    let all: Vec<(&(String, String), &Standing)> = names.iter().collect();
    for (place, ((kind, one), first)) in all.iter().enumerate() {
        for ((other_kind, two), second) in &all[place + 1..] {
            if kind != other_kind || !alike(one, two) {
                continue;
            }
            let mut out = Out { file: second.file, findings };
            out.put(
                "PL501",
                Severity::Error,
                second.at,
                vec![format!("name:{one}"), format!("name:{two}")],
                (
                    format!("“{one}”（{}）与“{two}”（{}）像是同一个", first.place, second.place),
                    format!("{one} ({}) and {two} ({}) look like one thing", first.place, second.place),
                ),
                ("确认后统一写法，或写豁免说明确是两个", "agree on one spelling, or waive it saying that they are two"),
            );
        }
    }
}

fn bare(name: &str) -> String {
    ADORNMENTS.iter().fold(name.to_owned(), |name, adornment| name.replace(adornment, ""))
}

/// The same without adornments; one the other with characters left out (县发改委 in 县发展改革委); or, among
/// names of at least four characters, one character exchanged for another that looks or sounds like it.
fn alike(one: &str, two: &str) -> bool {
    let (one, two): (Vec<char>, Vec<char>) = (bare(one).chars().collect(), bare(two).chars().collect());
    if one == two {
        return true;
    }
    let (short, long) = if one.len() <= two.len() { (&one, &two) } else { (&two, &one) };
    if short.len() >= 4 && short.len() < long.len() && long.len() <= short.len() + 3 {
        return short.first() == long.first() && short.last() == long.last() && is_subsequence(short, long);
    }
    let different: Vec<(char, char)> =
        one.iter().zip(&two).filter(|(left, right)| left != right).map(|(&left, &right)| (left, right)).collect();
    one.len() == two.len() && one.len() >= 3 && different.len() == 1 && confusable(different[0].0, different[0].1)
}

/// Characters that are taken for each other: same sound or nearly the same shape.
fn confusable(one: char, two: char) -> bool {
    const GROUPS: [&str; 8] = ["三山", "坂板版", "园圆元", "沙鲨", "锰孟", "餐鲹", "脚角", "妙庙"];
    GROUPS.iter().any(|group| group.contains(one) && group.contains(two))
}

fn is_subsequence(short: &[char], long: &[char]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|wanted| rest.any(|found| found == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, two: &str, expect: bool) {
        assert_eq!(alike(one, two), expect, "{one} {two}");
    }

    #[test]
    fn variants_are_seen_and_neighbours_are_not() {
        check("县发改委", "县发展改革委", true);
        check("大坂营市级自然保护区", "大板营市级自然保护区", true);
        check("三黛沟大鲵县级自然保护区", "山黛沟大鲵县级自然保护区", true);
        check("重庆九鑫水泥（集团）有限公司", "九鑫水泥", true);
        check("县水利局", "县林业局", false);
        check("县交通局", "县城管局", false);
        check("酉酬镇", "酉水河镇", false);
        check("县农业农村委", "县农业委", true);
    }
}
