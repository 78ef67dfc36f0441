//! Characters that are taken for each other (易混字), as data: `model/plan/confusable.toml` for what people and
//! scanners confuse, `model/plan/compatibility-ideographs.txt` for what Unicode keeps twice.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

const GROUPS: &str = include_str!("../../../model/plan/confusable.toml");
const IDEOGRAPHS: &str = include_str!("../../../model/plan/compatibility-ideographs.txt");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    shape: Vec<String>,
    sound: Vec<String>,
    variant: Vec<String>,
}

static PAIRS: LazyLock<HashSet<(char, char)>> = LazyLock::new(|| {
    let mut pairs = HashSet::new();
    // A file of ours that cannot be read would find nothing; the tests below see that it can.
    if let Ok(file) = toml::from_str::<GroupFile>(GROUPS) {
        for group in file.shape.iter().chain(&file.sound).chain(&file.variant) {
            for one in group.chars() {
                pairs.extend(group.chars().filter(|other| *other != one).map(|other| (one, other)));
            }
        }
    }
    pairs
});

static SAME: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let read = |text: &str| u32::from_str_radix(text, 16).ok().and_then(char::from_u32);
    IDEOGRAPHS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(one, other)| Some((read(one)?, read(other)?)))
        .collect()
});

/// Near in shape or sound, or variants of one.
pub fn confusable(one: char, two: char) -> bool {
    PAIRS.contains(&(one, two))
}

/// The character that should stand instead of one that Unicode keeps twice (康熙部首、兼容汉字).
pub fn unified(letter: char) -> Option<char> {
    SAME.get(&letter).copied()
}

/// Unified ideographs; letters, digits and signs of full width as ordinary ones; no spaces.
pub fn folded(name: &str) -> String {
    name.chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| match letter {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            '〔' => '[',
            '〕' => ']',
            '·' | '•' | '・' => '·',
            other => unified(other).unwrap_or(other),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: char, two: char, expect: bool) {
        assert_eq!((confusable(one, two), confusable(two, one)), (expect, expect), "{one} {two}");
    }

    #[test]
    fn near_characters_are_known_and_numbers_are_not() {
        for (one, two) in
            [('未', '末'), ('坂', '板'), ('垭', '桠'), ('龙', '龍'), ('州', '洲'), ('戍', '戌'), ('磷', '鳞')]
        {
            check(one, two, true);
        }
        for (one, two) in [('一', '二'), ('东', '西'), ('上', '下'), ('三', '王'), ('水', '林'), ('酉', '酉')]
        {
            check(one, two, false);
        }
    }

    #[test]
    fn what_unicode_keeps_twice_is_one() {
        assert_eq!(SAME.len(), 1218);
        assert_eq!(unified('\u{2f54}'), Some('水'));
        assert_eq!(unified('\u{f9dd}'), Some('利'));
        assert_eq!(unified('水'), None);
        assert_eq!(folded("县\u{2f54}\u{f9dd}局（２）"), "县水利局(2)");
        // No mapping leads to a character that is itself kept twice.
        assert!(SAME.values().all(|to| unified(*to).is_none()));
    }
}
