//! Waivers (豁免): one silences one finding, as long as the finding says what it said when somebody looked into it.

use kernel::{Day, Name};
use sha2::{Digest, Sha256};

use crate::finding::{Finding, Severity};
use crate::model::Waiver;
use crate::source::{Source, WAIVERS};

impl Finding {
    /// What the finding rests on, as eight hex digits: rule, subjects, the numbers and what stands in quotes. Another
    /// wording of the same is the same; another number is not.
    pub fn mark(&self) -> String {
        let mut hash = Sha256::new();
        // The 0xff keeps "a", "bc" and "ab", "c" apart; no text holds it.
        let mut add = |text: &str| hash.update([text.as_bytes(), &[0xff]].concat());
        add(self.code);
        self.subjects.iter().for_each(|subject| add(subject));
        let mut quoted = false;
        let mut run = String::new();
        for letter in self.what.zh.chars() {
            quoted = letter == '“' || quoted && letter != '”';
            let number = letter.is_ascii_digit() || letter == '.' && !run.is_empty();
            if quoted || number {
                run.push(letter);
            } else if !run.is_empty() {
                add(run.trim_end_matches('.'));
                run.clear();
            }
        }
        add(&run);
        hex::encode(&hash.finalize()[..4])
    }
}

/// Marks what is waived, and says of each waiver that silences nothing why it does not. `today`: the last day that a
/// waiver may bear. What could not be read has no findings, and its waivers nothing to silence: they are left alone.
pub fn apply(source: &Source<'_>, today: Option<Day>, findings: &mut Vec<Finding>) {
    let mut said = Vec::new();
    for waiver in &source.waivers.waivers {
        let wanted = waiver.get_ref();
        let mut meant =
            findings.iter_mut().filter(|one| one.code == wanted.code && one.subjects.contains(&wanted.subject));
        let held = meant.find(|one| one.waived.is_none() && one.mark() == wanted.holds.trim());
        let refused = match (held, unfit(wanted, today)) {
            (Some(finding), None) => {
                finding.waived = Some(format!("{}（{}，{}）", wanted.reason, wanted.by, wanted.date));
                continue;
            }
            (_, Some(why)) => ("PL004", why),
            (None, None) => {
                let marks: Vec<String> = findings
                    .iter()
                    .filter(|one| one.code == wanted.code && one.subjects.contains(&wanted.subject))
                    .map(|one| format!("holds = \"{}\"", one.mark()))
                    .collect();
                if marks.is_empty() && !source.unread.is_empty() {
                    continue;
                }
                lapsed(wanted, &marks.join("、"))
            }
        };
        let (code, what) = refused;
        said.push(Finding::new(
            code,
            Severity::Warning,
            WAIVERS,
            source.at(WAIVERS, waiver),
            vec![format!("waiver:{}:{}", wanted.code, wanted.subject)],
            what,
            Name::new(
                "照 qingshan check 印出的那一行改正；不再需要的删去",
                "correct it as `qingshan check` prints it, or remove it",
            ),
        ));
    }
    findings.extend(said);
}

/// What a waiver lacks to be one.
fn unfit(waiver: &Waiver, today: Option<Day>) -> Option<Name> {
    if waiver.reason.trim().is_empty() {
        return Some(Name::new("这条豁免没有写理由", "this waiver gives no reason"));
    }
    if waiver.by.trim().is_empty() {
        return Some(Name::new("这条豁免没有写是谁核实的", "this waiver does not say by whom"));
    }
    let Some(day) = Day::parse(waiver.date.trim()) else {
        let date = &waiver.date;
        return Some(Name::new(
            format!("豁免的日期“{date}”不是日期，如 2026-01-05"),
            format!("the date `{date}` of the waiver is none"),
        ));
    };
    today.filter(|today| day > *today).map(|_| {
        Name::new(
            format!("豁免的日期 {} 还没有到", waiver.date),
            format!("the date {} of the waiver is still to come", waiver.date),
        )
    })
}

fn lapsed(waiver: &Waiver, marks: &str) -> (&'static str, Name) {
    match (marks.is_empty(), waiver.holds.trim().is_empty()) {
        (true, _) => ("PL004", Name::new("这条豁免没有对应的问题", "this waiver silences nothing")),
        (false, true) => (
            "PL004",
            Name::new(
                format!("这条豁免没有写 holds，不知道豁免的是哪些数；核对后补上 {marks}"),
                format!("this waiver does not hold what it waived; once checked, add {marks}"),
            ),
        ),
        (false, false) => (
            "PL007",
            Name::new(
                format!("问题变了，豁免失效；重新核实后改为 {marks}"),
                format!("the finding has changed and the waiver lapsed; look into it again, then {marks}"),
            ),
        ),
    }
}
