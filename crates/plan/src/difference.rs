//! What two revisions of the plan's files differ in: every key of every table, whatever the file, so that nothing that
//! counts can change behind "only wording". Pure.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::source::Files;

/// Lines of a list of changes; how many are left out is said.
const MOST: usize = 500;
/// Characters of one value that are shown.
const MOST_SHOWN: usize = 300;

/// Keys that tell one entry of a list from another, the first that all of them have and that is different in each.
const IDENTITIES: [&[&str]; 8] = [
    &["id"],
    &["number"],
    &["year"],
    &["code", "subject"],
    &["subject", "quantity", "when", "place"],
    &["code"],
    &["kind", "what"],
    &["name", "place"],
];

/// Differences in words; Chinese first. Equal content with other bytes is one line that says so.
pub fn between(old: &Files, new: &Files) -> Vec<String> {
    let mut found = Vec::new();
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut wording = BTreeSet::new();
    for name in names {
        match (old.get(name), new.get(name)) {
            (None, Some(text)) => found.push(format!("新增文件 (file added) {name}：{}", cut(text))),
            (Some(_), None) => found.push(format!("删除文件 (file removed) {name}")),
            (Some(before), Some(after)) if before != after => {
                let known = found.len();
                match (toml::from_str::<Table>(before), toml::from_str::<Table>(after)) {
                    (Ok(before), Ok(after)) if name.ends_with(".toml") => tables(name, "", &before, &after, &mut found),
                    _ => lines(name, before, after, &mut found),
                }
                if found.len() == known {
                    wording.insert(name);
                }
            }
            _ => {}
        }
    }
    if found.is_empty() {
        let files: Vec<&str> = wording.into_iter().map(String::as_str).collect();
        found.push(format!(
            "内容相同，只有注释或排版改动 (only comments or layout changed)：{}",
            if files.is_empty() { "—".to_owned() } else { files.join("、") }
        ));
    }
    if found.len() > MOST {
        let rest = found.len() - MOST;
        found.truncate(MOST);
        found.push(format!("另有 {rest} 处未列出 (more that are not listed)"));
    }
    found
}

/// How an entry is called: 指标 pm25, 项目 9, or its file and key.
fn label(file: &str, at: &str, key: &str, identity: &str) -> String {
    let noun = match (file, at, key) {
        (crate::source::INDICATORS, "", "indicator") => "指标",
        (crate::source::PROJECTS, "", "project") => "项目",
        (crate::source::TASKS, "", "task") => "任务",
        (crate::source::LISTS, "", "list") => "清单",
        (_, "", _) => return format!("{file} {key} {identity}"),
        _ => return format!("{at} {key}[{identity}]"),
    };
    format!("{noun} {identity}")
}

fn tables(file: &str, at: &str, old: &Table, new: &Table, found: &mut Vec<String>) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let place = |key: &str| if at.is_empty() { format!("{file} {key}") } else { format!("{at} {key}") };
    for key in keys {
        match (old.get(key), new.get(key)) {
            (Some(before), Some(after)) if before == after => {}
            (Some(Value::Table(before)), Some(Value::Table(after))) => {
                tables(file, &place(key), before, after, found);
            }
            (before, after) => {
                if let Some((before, after)) = lists(before).zip(lists(after))
                    && let Some(identity) = identity_of(&before, &after)
                {
                    entries(file, (at, key), identity, (&before, &after), found);
                    continue;
                }
                let text =
                    |value: Option<&Value>| value.map_or_else(|| "（无）".to_owned(), |value| cut(&shown(value)));
                found.push(format!("改动 (changed) {}：{} → {}", place(key), text(before), text(after)));
            }
        }
    }
}

/// A list of tables; an absent key is an empty one.
fn lists(value: Option<&Value>) -> Option<Vec<&Table>> {
    match value {
        None => Some(Vec::new()),
        Some(Value::Array(values)) => values.iter().map(Value::as_table).collect(),
        Some(_) => None,
    }
}

fn name_of(table: &Table, keys: &[&str]) -> Option<String> {
    let parts: Option<Vec<String>> = keys.iter().map(|key| table.get(*key).map(shown)).collect();
    parts.map(|parts| parts.join(" "))
}

/// Keys by which the entries of both lists can be told apart; `None` for lists of nothing, or of entries alike.
fn identity_of(old: &[&Table], new: &[&Table]) -> Option<&'static [&'static str]> {
    let tells = |keys: &[&str]| {
        let distinct = |list: &[&Table]| {
            let names: Option<BTreeSet<String>> = list.iter().map(|table| name_of(table, keys)).collect();
            names.is_some_and(|names| names.len() == list.len())
        };
        distinct(old) && distinct(new)
    };
    if old.is_empty() && new.is_empty() {
        return None;
    }
    IDENTITIES.into_iter().find(|keys| tells(keys))
}

fn entries(file: &str, place: (&str, &str), identity: &[&str], lists: (&[&Table], &[&Table]), found: &mut Vec<String>) {
    let ((at, key), (old, new)) = (place, lists);
    let name = |table: &Table| name_of(table, identity).unwrap_or_default();
    for after in new {
        let called = label(file, at, key, &name(after));
        match old.iter().find(|before| name(before) == name(after)) {
            None => found.push(format!("新增 (added) {called}：{}", cut(&shown(&Value::Table((*after).clone()))))),
            Some(before) => tables(file, &called, before, after, found),
        }
    }
    let gone = old.iter().filter(|before| new.iter().all(|after| name(after) != name(before)));
    found.extend(gone.map(|before| format!("删除 (removed) {}", label(file, at, key, &name(before)))));
}

/// A file that is no TOML: which lines came and went.
fn lines(name: &str, old: &str, new: &str, found: &mut Vec<String>) {
    let (before, after): (BTreeSet<&str>, BTreeSet<&str>) = (old.lines().collect(), new.lines().collect());
    found.extend(after.difference(&before).map(|line| format!("新增 (added) {name}：{}", cut(line))));
    found.extend(before.difference(&after).map(|line| format!("删除 (removed) {name}：{}", cut(line))));
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join("、"),
        Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {}", shown(value))).collect();
            format!("{{ {} }}", pairs.join("；"))
        }
        other => other.to_string(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, old: &str, new: &str, expect: &[&str]) {
        let files = |text: &str| Files::from([(file.to_owned(), text.to_owned())]);
        assert_eq!(between(&files(old), &files(new)), expect, "{old} → {new}");
    }

    #[test]
    fn every_key_is_told_with_the_entry_that_it_belongs_to() {
        let indicators = crate::source::INDICATORS;
        let one = "[[indicator]]\nid = \"a\"\nunit = \"%\"\nfacts = { x = { fact = \"f\" } }\ntarget = [{ year = 2025, value = \"1\" }]\n";
        check(indicators, one, &one.replace('%', "吨"), &["改动 (changed) 指标 a unit：% → 吨"]);
        check(indicators, one, &one.replace("\"f\"", "\"g\""), &["改动 (changed) 指标 a facts x fact：f → g"]);
        check(indicators, one, &one.replace("\"1\"", "\"2\""), &["改动 (changed) 指标 a target[2025] value：1 → 2"]);
        check(
            indicators,
            one,
            &format!("{one}decimals = 0\n").replace("target", "x"),
            &[
                "改动 (changed) 指标 a decimals：（无） → 0",
                "删除 (removed) 指标 a target[2025]",
                "新增 (added) 指标 a x[2025]：{ value = 1；year = 2025 }",
            ],
        );
        check(indicators, one, "", &["删除 (removed) 指标 a"]);
        check(
            "plan/projects.toml",
            "[total]\nestimate = 1\n",
            "[total]\nestimate = 2\n",
            &["改动 (changed) plan/projects.toml total estimate：1 → 2"],
        );
        check(
            "bodies/x.csv",
            "name\n甲\n",
            "name\n乙\n",
            &["新增 (added) bodies/x.csv：乙", "删除 (removed) bodies/x.csv：甲"],
        );
    }

    #[test]
    fn comments_alone_change_nothing() {
        let text = "内容相同，只有注释或排版改动 (only comments or layout changed)：plan/tasks.toml";
        check("plan/tasks.toml", "# a\nx = 1\n", "# b\nx =  1\n", &[text]);
    }

    #[test]
    fn a_long_list_says_how_much_it_leaves_out() {
        let text = |end: &str| (0..600).map(|number| format!("k{number} = \"{end}\"\n")).collect::<String>();
        let files = |end: &str| Files::from([("plan/a.toml".to_owned(), text(end))]);
        let found = between(&files("a"), &files("b"));
        assert_eq!((found.len(), found[500].as_str()), (501, "另有 100 处未列出 (more that are not listed)"));
    }
}
