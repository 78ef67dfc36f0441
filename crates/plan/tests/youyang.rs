//! What the linter finds in Youyang's plan, kept as a golden file: `UPDATE=1 cargo test -p plan` writes it anew.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use kernel::FactValue;
use kernel::fact::{FactArgument, FactDescription};
use plan::KnownFacts;

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../counties/500242-youyang")
}

fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for folder in ["plan", "bodies"] {
        let Ok(entries) = std::fs::read_dir(pack().join(folder)) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.insert(name, text);
            }
        }
    }
    files.insert("county.toml".into(), std::fs::read_to_string(pack().join("county.toml")).unwrap());
    files
}

#[test]
fn findings_of_youyang_are_the_known_ones() {
    let files = files();
    let report = plan::check(&files);
    let found: String = report
        .findings
        .iter()
        // Hundreds of tasks without an owner: listed by `check`, too many to keep here.
        .filter(|finding| !["PL203", "PL205"].contains(&finding.code))
        .map(|finding| {
            let level = if finding.severity == plan::Severity::Error { "" } else { " (warning)" };
            format!("{}{level} {} {}\n", finding.code, finding.subjects.join(" "), finding.what.zh)
        })
        .collect();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/youyang.findings.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&golden, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&golden).unwrap_or_default());
}

/// Findings that say something of a waiver, with what it silences, when the pack has this one.
fn waived(files: &mut BTreeMap<String, String>, waiver: &str) -> (Vec<&'static str>, Vec<Vec<String>>) {
    files.insert("plan/waivers.toml".into(), waiver.into());
    let report = plan::check_with(files, None, kernel::Day::parse("2026-06-30"));
    let (silenced, rest): (Vec<_>, Vec<_>) = report.findings.into_iter().partition(|one| one.waived.is_some());
    let about = rest.iter().filter(|one| one.file == "plan/waivers.toml").map(|one| one.code).collect();
    (about, silenced.into_iter().map(|one| one.subjects).collect())
}

#[test]
fn a_waiver_silences_one_finding_as_long_as_its_numbers_stand() {
    let mut files = files();
    let found = plan::check(&files).findings;
    let mark = |code: &str, subject: &str| {
        let mut all = found.iter().filter(|one| one.code == code && one.subjects.iter().any(|one| one == subject));
        all.next().unwrap().mark()
    };
    let waiver = |code: &str, subject: &str, holds: &str, rest: &str| {
        format!("[[waiver]]\ncode = \"{code}\"\nsubject = \"{subject}\"\nholds = \"{holds}\"\n{rest}\n")
    };
    let rest = "reason = \"跨期\"\nby = \"规划科\"\ndate = \"2026-01-05\"";
    let period = mark("PL301", "project:5");
    let mut check = |waiver: &str, about: &[&str], silenced: usize| {
        let found = waived(&mut files, waiver);
        assert_eq!((found.0.as_slice(), found.1.len()), (about, silenced), "{waiver}");
    };
    check(&waiver("PL301", "project:5", &period, rest), &[], 1);
    // Of two findings about one project the one that it holds.
    check(&waiver("PL402", "project:33", &mark("PL402", "project:33"), rest), &[], 1);
    check(&waiver("PL301", "project:6", &period, rest), &["PL004"], 0);
    check(&waiver("PL301", "project:5", "", rest), &["PL004"], 0);
    check(&waiver("PL301", "project:5", "0123abcd", rest), &["PL007"], 0);
    check(&waiver("PL301", "project:5", &period, &rest.replace("跨期", " ")), &["PL004"], 0);
    check(&waiver("PL301", "project:5", &period, &rest.replace("规划科", "")), &["PL004"], 0);
    check(&waiver("PL301", "project:5", &period, &rest.replace("01-05", "13-45")), &["PL004"], 0);
    check(&waiver("PL301", "project:5", &period, &rest.replace("2026", "2099")), &["PL004"], 0);
    // Another number: what was looked into is not what is there now.
    let projects = files["plan/projects.toml"].replace("years = [2024, 2035]", "years = [2024, 2055]");
    files.insert("plan/projects.toml".into(), projects);
    let (about, silenced) = waived(&mut files, &waiver("PL301", "project:5", &period, rest));
    assert_eq!((about, silenced.len()), (vec!["PL007"], 0));
}

#[test]
fn a_corrected_figure_is_no_finding_any_more() {
    let mut files = files();
    let projects = files["plan/projects.toml"].clone();
    let about = |files: &BTreeMap<String, String>, code: &str, subject: &str| {
        plan::check(files)
            .findings
            .iter()
            .any(|finding| finding.code == code && finding.subjects.iter().any(|one| one == subject))
    };
    assert!(about(&files, "PL401", "project:30"));
    files.insert(
        "plan/projects.toml".into(),
        projects.replace("per_year=\"7.3\", year_unit=\"吨/年\"", "per_year=\"7.3\", year_unit=\"万吨/年\""),
    );
    assert!(!about(&files, "PL401", "project:30"));
    assert!(!about(&files, "PL101", "projects:total"));
    files.insert("plan/projects.toml".into(), projects.replace("estimate = 3000\n", "estimate = 3001\n"));
    assert!(about(&files, "PL101", "projects:total"));
}

#[test]
fn broken_files_are_findings_with_their_line() {
    let mut files = files();
    files.insert("plan/tasks.toml".into(), "[[task]]\nid = \"T\"\ntext = 3\n".into());
    files.remove("plan/lists.toml");
    let report = plan::check(&files);
    let codes: Vec<(&str, usize)> = report
        .findings
        .iter()
        .filter(|finding| finding.code < "PL003")
        .map(|finding| (finding.code, finding.at.line))
        .collect();
    assert_eq!(codes, [("PL001", 1), ("PL002", 3)]);
}

#[test]
fn what_cannot_be_read_makes_no_findings_elsewhere() {
    let files = files();
    let before: Vec<String> = plan::check(&files).findings.into_iter().map(|one| one.what.zh).collect();
    let check = |file: &str, from: &str, to: &str, expect: &[&str]| {
        let mut broken = files.clone();
        let text = broken.get_mut(file).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        *text = text.replacen(from, to, 1);
        let report = plan::check(&broken);
        let mut new: Vec<&str> =
            report.findings.iter().filter(|one| !before.contains(&one.what.zh)).map(|one| one.code).collect();
        new.sort_unstable();
        assert_eq!(new, expect, "{file}: {to}");
    };
    check("plan/indicators.toml", "direction =", "directon =", &["PL002", "PL008"]);
    check("plan/projects.toml", "estimate = 9000", "estimate = \"NaN\"", &["PL002", "PL008"]);
    check("plan/tasks.toml", "[[task]]", "[[task]", &["PL002", "PL008"]);
    check("plan/lists.toml", "items = [", "items = [[", &["PL002", "PL008"]);
    check("bodies/body.departments.toml", "[[record]]", "[[record]", &["PL008"]);
}

#[test]
fn checking_is_quick() {
    // Not a measurement: a guard against something quadratic. `docs/benchmarks.md` has the figure.
    let files = files();
    let started = Instant::now();
    plan::check(&files);
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn a_formula_that_cannot_be_computed_is_found_at_its_line() {
    let check = |formula: &str, code: &str| {
        let mut files = files();
        let text = files.get_mut("plan/indicators.toml").unwrap();
        *text = text.replacen("formula = \"ratio\"", formula, 1);
        let report = plan::check(&files);
        let found: Vec<_> = report.findings.iter().filter(|finding| finding.code.starts_with("PL6")).collect();
        assert_eq!(found.len(), 1, "{formula}: {found:?}");
        assert_eq!((found[0].code, found[0].subjects[0].as_str()), (code, "indicator:good-days"));
    };
    check("formula = \"ratio +\"", "PL601");
    check("formula = \"ratio + nobody\"", "PL601");
    let around = "formula = \"me\"\nfacts.me = { indicator = \"good-days\" }\n#";
    let mut files = files();
    let text = files.get_mut("plan/indicators.toml").unwrap();
    *text = text.replacen("formula = \"ratio\"\nfacts", &format!("{around}facts"), 1);
    let report = plan::check(&files);
    assert!(report.findings.iter().any(|finding| finding.code == "PL602"), "{:?}", report.errors);
}

/// What the rules find, beyond what they find in the pack as it stands, when one text of one file is another.
fn found_after(file: &str, from: &str, to: &str) -> Vec<(String, usize)> {
    let mut files = files();
    let described = |name: &str, required: &[&str], arguments: &[&str], unit: &str| FactDescription {
        name: name.into(),
        arguments: (required.iter().map(|name| (*name, true)))
            .chain(arguments.iter().map(|name| (*name, false)))
            .map(|(name, required)| (name.to_owned(), FactArgument { required, ..FactArgument::default() }))
            .collect(),
        unit: unit.into(),
        ..FactDescription::default()
    };
    let linked =
        ["when", "date", "since", "until", "own", "linked", "linked_by", "linked_date", "linked_since", "linked_until"];
    let mut facts = vec![
        described("air.mean", &["factor"], &[], "µg/m³"),
        described("air.good_day_ratio", &[], &[], "%"),
        described("air.o3_percentile", &[], &[], "µg/m³"),
        described("water.good_section_ratio", &[], &["level"], "%"),
        described("source.compliance_ratio", &[], &[], "%"),
        described("outlet.networked_ratio", &[], &[], "%"),
        described("register.count", &["ledger"], &linked, ""),
        described("register.sum", &["ledger", "field"], &linked, ""),
        described("register.least_linked", &["ledger"], &linked, ""),
    ];
    facts.extend(plan::fact_descriptions());
    let rivers = FactValue::Text("rivers".into());
    let complaint = |_: &FactDescription, query: &kernel::FactQuery| {
        (query.arguments.get("ledger") == Some(&rivers)).then(|| kernel::Name::new("没有台账", "no such ledger"))
    };
    let all = |files: &BTreeMap<String, String>| {
        let known = KnownFacts { descriptions: &facts, complaint: &complaint, unit: &|_| None };
        let report = plan::check_with(files, Some(known), None);
        let findings = report.findings.into_iter();
        findings.map(|found| (found.code.to_owned(), found.subjects, found.at.line, found.what.zh)).collect::<Vec<_>>()
    };
    let before = all(&files);
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    let known = |what: &String| before.iter().any(|(_, _, _, known)| known == what);
    let new = all(&files).into_iter().filter(|(_, _, _, what)| !known(what));
    // The line is told as far as the changed text is from it.
    let changed = files[file].find(to).map_or(0, |at| files[file][..at].matches('\n').count() + 1);
    new.map(|(code, _, line, _)| (code, line.abs_diff(changed))).collect()
}

#[test]
fn slips_of_the_pen_are_found_where_they_stand() {
    let wrong = RefCell::new(Vec::new());
    let check = |file: &str, from: &str, to: &str, expect: &[&str]| {
        let found = found_after(&format!("plan/{file}.toml"), from, to);
        let mut codes: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
        codes.sort_unstable();
        // Totals and what others say of it may stand elsewhere; the slip itself is found where it is.
        let near = found.is_empty() || found.iter().any(|(_, lines)| *lines <= 3);
        if codes != expect || !near {
            wrong.borrow_mut().push(format!("{from} → {to}: {found:?}"));
        }
    };
    let good = "operator = \">\"\nvalue = \"95\"";
    check("indicators", good, "operator = \"=>\"\nvalue = \"95\"", &["PL403", "PL412"]);
    check("indicators", good, "operator = \"<=\"\nvalue = \"95\"", &["PL403", "PL412"]);
    check("indicators", good, "operator = \"text\"\nvalue = \"95\"", &["PL403", "PL412"]);
    check("indicators", "operator = \"<=\"\nvalue = \"25\"", "operator = \">=\"\nvalue = \"25\"", &["PL403", "PL412"]);
    check("indicators", "year = 2025\noperator = \"<=\"", "year = 2205\noperator = \"<=\"", &["PL403", "PL413"]);
    check("indicators", "year = 2020\nvalue = \"21\"", "year = 202\nvalue = \"21\"", &["PL403", "PL413"]);
    check("indicators", "listed_for = 2020", "listed_for = 2018", &[]);
    check("indicators", "fact = \"air.mean\"", "fact = \"air.means\"", &["PL601"]);
    check("indicators", "quantity = \"karst_control\"", "quantity = \"karst_controll\"", &["PL603"]);
    check("indicators", "year = 2020\nvalue = \"21\"", "year = 2020\nvalue = \"-21\"", &["PL403", "PL420"]);
    let twice = "[[indicator.target]]\nyear = 2025\noperator = \">=\"\nvalue = \"96\"\nplace = \"x\"\n\n[[indicator.target]]\nyear = 2025\noperator = \">\"\nvalue = \"95\"";
    check(
        "indicators",
        "[[indicator.target]]\nyear = 2025\noperator = \">\"\nvalue = \"95\"",
        twice,
        &["PL403", "PL419"],
    );
    check("indicators", "ledger = \"river_outlet\"", "ledger = \"rivers\"", &["PL603"]);
    check("indicators", "{ level = \"national\" }", "{ levle = \"national\" }", &["PL603"]);
    check("indicators", "arguments = { factor = \"a34004\" }", "arguments = { }", &["PL603"]);
    check("indicators", "{ factor = \"a34004\" }", "{ factor = \"a34004\", year = 2020 }", &["PL603"]);
    check("indicators", "quantity = \"afforestation\", unit", "quantity = \"afforestation\", untit", &["PL603"]);
    check(
        "indicators",
        "{ factor = \"a34004\" }, unit = \"µg/m³\"",
        "{ factor = \"a34004\" }, unit = \"mg/m³\"",
        &["PL416"],
    );
    check("projects", "estimate = 9000", "estimate = -9000", &["PL101", "PL415"]);
    check("projects", "what=\"中小河流治理\", value=\"35.4\"", "what=\"中小河流治理\", value=\"-35.4\"", &["PL415"]);
    check("projects", "day_unit=\"吨/天\"", "day_unit=\"吨每天\"", &["PL416"]);
    check(
        "projects",
        "what=\"石漠化治理\", value=100, unit=\"平方公里\"",
        "what=\"石漠化治理\", value=100, unit=\"处\"",
        &["PL407", "PL416"],
    );
    check(
        "projects",
        "kind=\"medical_waste_capacity\", what=\"医疗垃圾协同处置\", value=5, unit=\"吨/天\"",
        "kind=\"medical_waste_capacity\", what=\"医疗垃圾协同处置\", value=5, unit=\"吨\"",
        &["PL417"],
    );
    check("tasks", "owners_from = [\"project:1\"]", "owners_from = [\"project:999\"]", &["PL004", "PL205"]);
    check("tasks", "owners_from = [\"project:1\"]", "owners_from = [\"project:2\"]", &["PL205"]);
    check("lists", "\"海北锰业\",\n", "\"海南锰业\",\n", &["PL105", "PL105"]);
    // Duplicates, sums inside a line, units.
    check("projects", "value=24660, unit=\"米\"},{kind", "value=26460, unit=\"米\"},{kind", &["PL102"]);
    check("projects", "value=93, unit=\"平方公里\"", "value=93, unit=\"亩\"", &["PL421"]);
    check("projects", "unit = \"万元\"\nplace", "unit = \"亿元\"\nplace", &["PL101"]);
    check("projects", "unit = \"万元\"\nplace", "unit = \"项\"\nplace", &["PL416"]);
    assert_eq!(wrong.into_inner(), Vec::<String>::new());
}

#[test]
fn another_spelling_of_a_body_is_the_same_body() {
    let files = files();
    let mut findings = Vec::new();
    let source = plan::source::Source::read(&files, &mut findings);
    let bodies = |number: u32| {
        let project =
            source.projects.projects.iter().map(|one| one.get_ref()).find(|one| one.number == number).unwrap();
        project.cooperating.clone()
    };
    assert_eq!(bodies(11), ["县发展改革委"]);
    let report = plan::check(&files);
    assert!(report.findings.iter().any(|one| one.subjects == ["name:县发展改革委", "name:县发改委"]));
    assert!(!report.findings.iter().any(|one| one.code == "PL201"));
}
