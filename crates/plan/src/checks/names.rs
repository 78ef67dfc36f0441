//! One thing, one name: near-equal names of the same kind are probably one thing written in two ways.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Out;
use crate::confusable::{confusable, folded, unified};
use crate::finding::{Finding, Severity};
use crate::source::{FIGURES, LISTS, PROJECTS, Position, Source};

/// Where a name first stands.
struct Standing {
    file: &'static str,
    at: Position,
    place: String,
}

/// Words of `model/plan/names.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    legal: Vec<String>,
    level: Vec<String>,
    pub township: Vec<String>,
    /// What makes a common word of a rank that it follows.
    pub common: Vec<String>,
    pub institution: Vec<String>,
}

/// A file of ours that cannot be read would find nothing; the tests below see that it can.
pub static WORDS: LazyLock<Words> =
    LazyLock::new(|| toml::from_str(include_str!("../../../../model/plan/names.toml")).unwrap_or_default());

/// What bodies and enterprises bear beside their name: legal forms, ranks, the county and what it lies in.
pub struct Adornments(Vec<String>);

impl Adornments {
    pub fn of(source: &Source<'_>) -> Self {
        Self::with(&source.county_names)
    }

    #[cfg(test)]
    pub fn for_county(names: &[&str]) -> Self {
        Self::with(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    fn with(county: &[String]) -> Self {
        let mut all: Vec<String> = WORDS.legal.iter().chain(&WORDS.level).chain(county).cloned().collect();
        // The longer first: what is left of one must not be taken for a shorter one.
        all.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        Self(all)
    }

    /// Without them; brackets of a group are gone before the name is folded.
    pub fn bare(&self, name: &str) -> String {
        let bare = self.0.iter().fold(name.to_owned(), |name, adornment| name.replace(adornment, ""));
        folded(if bare.is_empty() { name } else { &bare })
    }
}

pub fn variants(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let adornments = Adornments::of(source);
    let mut names: BTreeMap<(String, String), Standing> = BTreeMap::new();
    let mut add = |kind: &str, name: &str, file, at, place: &str| {
        names.entry((kind.to_owned(), name.to_owned())).or_insert(Standing { file, at, place: place.to_owned() });
    };
    for (body, at, place) in &source.written {
        add("body", body, PROJECTS, *at, place);
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
    for ((_, name), standing) in &names {
        kept_twice(name, standing, findings);
    }
    let all: Vec<(&(String, String), &Standing)> = names.iter().collect();
    for (place, ((kind, one), first)) in all.iter().enumerate() {
        for ((other_kind, two), second) in &all[place + 1..] {
            if kind != other_kind {
                continue;
            }
            if alike(&adornments, one, two) {
                written_twice((one, first), (two, second), Severity::Error, findings);
            } else if kind == "enterprise" && renamed(&adornments, one, two) {
                written_twice((one, first), (two, second), Severity::Warning, findings);
            }
        }
    }
    for mention in source.figures.mentions.iter().map(|mention| mention.get_ref()) {
        let known = |name: &str| names.get_key_value(&(mention.kind.clone(), name.to_owned()));
        if let (Some(((_, one), first)), Some(((_, two), second))) = (known(&mention.same_as), known(&mention.name)) {
            written_twice((one, first), (two, second), Severity::Warning, findings);
        }
    }
}

/// An error where the names themselves say so; a warning where it is probable only.
fn written_twice(
    (one, first): (&str, &Standing),
    (two, second): (&str, &Standing),
    severity: Severity,
    findings: &mut Vec<Finding>,
) {
    let (zh, en) = match severity {
        Severity::Error => ("像是同一个", "look like one thing"),
        Severity::Warning => ("可能是同一个，待县里确认", "may be one thing: for the county to confirm"),
    };
    let mut out = Out { file: second.file, findings };
    out.put(
        "PL501",
        severity,
        second.at,
        vec![format!("name:{one}"), format!("name:{two}")],
        (
            format!("“{one}”（{}）与“{two}”（{}）{zh}", first.place, second.place),
            format!("{one} ({}) and {two} ({}) {en}", first.place, second.place),
        ),
        ("确认后统一写法，或写豁免说明确是两个", "agree on one spelling, or waive it saying that they are two"),
    );
}

/// A character that Unicode keeps only for round trips: it looks right and is found by no search.
fn kept_twice(name: &str, standing: &Standing, findings: &mut Vec<Finding>) {
    let wrong: Vec<String> =
        name.chars().filter_map(|letter| Some(format!("U+{:04X} → {}", u32::from(letter), unified(letter)?))).collect();
    if wrong.is_empty() {
        return;
    }
    let mut out = Out { file: standing.file, findings };
    out.put(
        "PL503",
        Severity::Warning,
        standing.at,
        vec![format!("name:{name}")],
        (
            format!("“{name}”用了康熙部首或兼容汉字：{}", wrong.join("，")),
            format!("{name} uses a compatibility ideograph: {}", wrong.join(", ")),
        ),
        ("换成通用汉字；多半是从 PDF 复制来的", "use the ordinary character; it probably came out of a PDF"),
    );
}

/// Without the rank of a place (铜鼓乡 became 铜鼓镇): the stem tells places of one county apart.
pub fn stem(name: &str) -> &str {
    let stem = WORDS.township.iter().find_map(|rank| name.strip_suffix(rank.as_str()));
    stem.filter(|stem| stem.chars().count() > 1).unwrap_or(name)
}

/// An enterprise under a new owner or brand: all but the first few characters are the same (昆药集团重庆武陵山制药,
/// 重庆华方武陵山制药). Five at least: two of a trade share fewer (再生资源).
fn renamed(adornments: &Adornments, one: &str, two: &str) -> bool {
    let bare = |name| adornments.bare(name).chars().collect();
    let (one, two): (Vec<char>, Vec<char>) = (bare(one), bare(two));
    let shared = one.iter().rev().zip(two.iter().rev()).take_while(|(left, right)| left == right).count();
    let brand = |name: &[char]| (1..=4).contains(&(name.len() - shared));
    shared >= 5 && brand(&one) && brand(&two)
}

/// The same without adornments, rank or 河; one the other with characters left out (县发改委 in 县发展改革委) or
/// without its beginning (妙泉入口断面); or one character exchanged for another that looks or sounds like it, two of
/// them in a name of six characters or more.
pub fn alike(adornments: &Adornments, one: &str, two: &str) -> bool {
    let (one, two) = (adornments.bare(one), adornments.bare(two));
    let ranked = stem(&one) != one && stem(&two) != two && stem(&one) == stem(&two);
    let river = |long: &str, short: &str| long.strip_suffix('河').is_some_and(|stem| stem == short);
    if one == two || ranked || river(&one, &two) || river(&two, &one) {
        return true;
    }
    let (one, two): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    let (short, long) = if one.len() <= two.len() { (&one, &two) } else { (&two, &one) };
    if short.len() >= 4 && short.len() < long.len() && long.len() <= short.len() + 3 {
        let ends = short.first() == long.first() && short.last() == long.last();
        return long.ends_with(short) || ends && is_subsequence(short, long);
    }
    let mut different = one.iter().zip(&two).filter(|(left, right)| left != right);
    let most = if one.len() >= 6 { 2 } else { 1 };
    one.len() == two.len()
        && one.len() >= 3
        && different.clone().count() <= most
        && different.all(|(left, right)| confusable(*left, *right))
}

fn is_subsequence(short: &[char], long: &[char]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|wanted| rest.any(|found| found == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: &str, two: &str, expect: bool) {
        let county = ["某某土家族苗族自治县", "某某自治县", "重庆市", "重庆"].map(str::to_owned);
        assert_eq!(alike(&Adornments::with(&county), one, two), expect, "{one} {two}");
    }

    #[test]
    fn names_of_the_county_are_those_of_its_own_file() {
        assert!(!WORDS.legal.is_empty() && !WORDS.township.is_empty());
        let check = |county: &[&str], expect: bool| {
            let names: Vec<String> = county.iter().map(|name| (*name).to_owned()).collect();
            let found = alike(&Adornments::with(&names), "彭水苗族土家族自治县环卫基地", "环卫基地");
            assert_eq!(found, expect, "{county:?}");
        };
        check(&["彭水苗族土家族自治县"], true);
        check(&["酉阳土家族苗族自治县"], false);
        // A name that is nothing but an adornment is left as it is.
        assert_eq!(Adornments::with(&["某县".to_owned()]).bare("某县"), "某县");
    }

    #[test]
    fn a_character_that_unicode_keeps_twice_is_named() {
        let standing = Standing { file: LISTS, at: Position { line: 1, column: 1 }, place: "p".into() };
        let codes = |name: &str| {
            let mut findings = Vec::new();
            kept_twice(name, &standing, &mut findings);
            findings.iter().map(|finding| format!("{} {}", finding.code, finding.what.zh)).collect::<Vec<_>>()
        };
        assert_eq!(codes("县水利局"), Vec::<String>::new());
        assert_eq!(codes("县\u{2f54}利局"), ["PL503 “县⽔利局”用了康熙部首或兼容汉字：U+2F54 → 水"]);
    }

    #[test]
    fn an_enterprise_may_have_been_renamed() {
        let county = Adornments::with(&["重庆市".to_owned(), "重庆".to_owned()]);
        let check = |one: &str, two: &str, expect: bool| assert_eq!(renamed(&county, one, two), expect, "{one} {two}");
        check("昆药集团重庆武陵山制药有限公司", "重庆华方武陵山制药有限公司", true);
        check("重庆茗厚再生资源有限公司", "重庆清物源再生资源有限公司", false);
        check("武陵山制药有限公司", "重庆华方武陵山制药有限公司", false);
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
        // Another rank, 河 left out, the beginning left out.
        check("铜鼓镇", "铜鼓乡", true);
        check("桃花源街道", "桃花源社区", false);
        check("五福镇", "大溪镇", false);
        check("酉水", "酉水河", true);
        check("乌江", "酉水河", false);
        check("妙泉入口断面", "龙潭河妙泉入口断面", true);
        check("阿蓬江两河断面", "龙潭河五育村断面", false);
        check("县工业园区管委会", "龙江园区管委会", false);
        check("县农业农村委", "县农业委", true);
        // Near in shape, near in sound, variants, the same character kept twice, other widths.
        check("未坝村", "末坝村", true);
        check("万洲化工厂", "万州化工厂", true);
        check("龍潭河", "龙潭河", true);
        check("县\u{2f54}\u{f9dd}局", "县水利局", true);
        check("二期（２）泵站", "二期(2) 泵站", true);
        check("湘台锰业锰渣场", "湘合锰业锰渣场", false);
        check("海北孟业猛渣场", "海北锰业锰渣场", true);
        check("孟业渣场", "锰业查场", false);
        // Numbers and directions tell things apart.
        check("一号泵站", "二号泵站", false);
        check("东风水库", "西风水库", false);
    }
}
