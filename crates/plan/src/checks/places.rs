//! Townships that lists, mentions and projects name, held against those of `bodies/`.

use std::collections::BTreeSet;

use super::Out;
use super::names::{Adornments, WORDS, alike, stem};
use crate::finding::{Finding, Severity};
use crate::source::{FIGURES, LISTS, PROJECTS, Position, Source};

/// A place that `bodies/` does not know, as it is written, and the one that was probably meant.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stranger<'b> {
    written: String,
    meant: Option<&'b str>,
}

pub fn each(source: &Source<'_>, findings: &mut Vec<Finding>) {
    if source.townships.is_empty() {
        return;
    }
    let look = Look { townships: &source.townships, adornments: Adornments::of(source) };
    for list in &source.lists.lists {
        let (item, at) = (list.get_ref(), source.at_key(LISTS, list, "items", 0));
        let found = item.items.iter().flat_map(|name| look.all(name, true)).collect();
        say(&found, (&format!("list:{}", item.id), &item.place), at, &mut Out { file: LISTS, findings });
    }
    for mention in &source.figures.mentions {
        let (item, at) = (mention.get_ref(), source.at(FIGURES, mention));
        let found = look.all(&item.name, true).into_iter().collect();
        say(&found, (&format!("name:{}", item.name), &item.place), at, &mut Out { file: FIGURES, findings });
    }
    for project in &source.projects.projects {
        let (item, at) = (project.get_ref(), source.at_key(PROJECTS, project, "content", 0));
        let names = item.lists.iter().flat_map(|list| &list.items).flat_map(|name| look.all(name, true));
        let texts = [&item.name, &item.content].into_iter().flat_map(|text| look.all(text, false));
        let found = names.chain(texts).collect();
        say(&found, (&format!("project:{}", item.number), &item.place), at, &mut Out { file: PROJECTS, findings });
    }
}

fn say(found: &BTreeSet<Stranger<'_>>, (subject, place): (&str, &str), at: Position, out: &mut Out<'_>) {
    for Stranger { written, meant } in found {
        let (zh, en) = match meant {
            Some(meant) => (format!("名录里是“{meant}”"), format!("bodies/ has {meant}")),
            None => ("名录里没有这个乡镇（街道）".to_owned(), "bodies/ has no such township".to_owned()),
        };
        let mut subjects = vec![subject.to_owned(), format!("name:{written}")];
        // A mention is its name.
        subjects.dedup();
        out.put(
            "PL504",
            Severity::Error,
            at,
            subjects,
            (format!("{place}写“{written}”，{zh}"), format!("{place} writes {written}, {en}")),
            ("核对是笔误、旧称，还是名录有缺", "a slip, a former name, or something that bodies/ lacks?"),
        );
    }
}

struct Look<'b> {
    townships: &'b BTreeSet<String>,
    adornments: Adornments,
}

impl<'b> Look<'b> {
    /// Every township in a text that `bodies/` does not know. `name`: the text is a name, not a sentence; there what
    /// stands before 卫生院, or before a village, is a township.
    fn all(&self, text: &str, name: bool) -> Vec<Stranger<'b>> {
        let mut found = Vec::new();
        for rank in &WORDS.township {
            for (at, _) in text.match_indices(rank.as_str()) {
                found.extend(self.ranked(&text[..at], rank, &text[at + rank.len()..], name));
            }
        }
        if name {
            found.extend(self.served(text));
        }
        found
    }

    /// `before` + rank: another rank of a township that is known; or, in the address of a village, no township at all.
    fn ranked(&self, before: &str, rank: &str, after: &str, name: bool) -> Option<Stranger<'b>> {
        if WORDS.common.iter().any(|word| after.starts_with(word.as_str())) {
            return None;
        }
        let fits = self.townships.iter().filter(|township| before.ends_with(stem(township)));
        match fits.max_by_key(|township| stem(township).len()) {
            Some(township) => {
                let written = format!("{}{rank}", stem(township));
                (!self.townships.contains(&written)).then_some(Stranger { written, meant: Some(township) })
            }
            None => {
                let address = name && ["村", "社区"].iter().any(|unit| after.contains(unit)) && !before.is_empty();
                address.then(|| Stranger { written: format!("{before}{rank}"), meant: None })
            }
        }
    }

    /// What is named after the township that it serves.
    fn served(&self, text: &str) -> Option<Stranger<'b>> {
        let bare = self.adornments.bare(text);
        let place = WORDS.institution.iter().find_map(|kind| bare.strip_suffix(kind.as_str()))?;
        let known = |township: &&String| stem(township) == stem(place);
        if place.is_empty() || self.townships.iter().any(|township| known(&township)) {
            return None;
        }
        let near = |township: &&String| {
            let stem: Vec<char> = stem(township).chars().collect();
            let letters: Vec<char> = place.chars().collect();
            let other = stem.iter().zip(&letters).filter(|(one, two)| one != two).count();
            alike(&self.adornments, township, place) || stem.len() == letters.len() && stem.len() > 1 && other == 1
        };
        // One that differs in one character is named only where it is the only one.
        let mut nearest = self.townships.iter().filter(near);
        let meant = nearest.next().filter(|_| nearest.next().is_none()).map(String::as_str);
        Some(Stranger { written: text.to_owned(), meant })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, name: bool, expect: &[(&str, Option<&str>)]) {
        let townships: BTreeSet<String> =
            ["李溪镇", "涂市镇", "酉水河镇", "小河镇", "桃花源街道"].map(str::to_owned).into();
        let source = crate::source::Source::read(&crate::source::Files::new(), &mut Vec::new()).county_names;
        assert!(source.is_empty());
        let look = Look { townships: &townships, adornments: Adornments::for_county(&["某自治县"]) };
        let found = look.all(text, name);
        let found: Vec<_> = found.iter().map(|one| (one.written.as_str(), one.meant)).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn townships_in_texts_are_those_of_the_county() {
        check("涂市乡涂市村地下水型水源地", true, &[("涂市乡", Some("涂市镇"))]);
        check("小河小河镇桃坡村河流型水源地", true, &[]);
        check("在涂市乡建一座厂", false, &[("涂市乡", Some("涂市镇"))]);
        check("推进李溪乡村振兴，修李溪乡间道路", false, &[]);
        check("某自治县李溪镇中心卫生院", true, &[]);
        check("某自治县李溪卫生院", true, &[]);
        check("某自治县孝溪中心卫生院", true, &[("某自治县孝溪中心卫生院", Some("李溪镇"))]);
        check("未知乡月亮村", true, &[("未知乡", None)]);
        // Words of a sentence that end as a township does are none.
        check("各乡镇街道和集镇的村", false, &[]);
        check("建制镇污水处理", true, &[]);
    }
}
