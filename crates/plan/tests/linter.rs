//! Rules of the linter on small plans of no county in particular.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

type Files = BTreeMap<String, String>;

/// A plan of empty files, with some of them given.
fn plan_of(given: &[(&str, &str)]) -> Files {
    let mut files: Files = ["projects", "indicators", "tasks", "lists", "figures"]
        .map(|name| (format!("plan/{name}.toml"), String::new()))
        .into();
    let plan = "[plan]\nname = \"规划\"\nname_en = \"plan\"\nperiod = [2021, 2025]\nhorizon = 2035\ndocument = \"d\"\nissued = \"2021-12-31\"\n";
    files.insert("plan/plan.toml".into(), plan.into());
    files.extend(given.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())));
    files
}

/// Codes of what is found, in the order of the files.
fn codes(files: &Files) -> Vec<&'static str> {
    plan::check(files).findings.iter().map(|finding| finding.code).collect()
}

fn figures(written: &[(&str, &str, u32)]) -> Files {
    let one = |(value, unit, decimals): &(&str, &str, u32)| {
        format!(
            "[[figure]]\nsubject = \"s\"\nquantity = \"q\"\nwhen = \"2025\"\nvalue = \"{value}\"\nunit = \"{unit}\"\ndecimals = {decimals}\nplace = \"p\"\n"
        )
    };
    plan_of(&[("plan/figures.toml", &written.iter().map(one).collect::<String>())])
}

#[test]
fn figures_are_compared_pair_by_pair_whatever_their_units() {
    let check =
        |written: &[(&str, &str, u32)], expect: &[&str]| assert_eq!(codes(&figures(written)), expect, "{written:?}");
    check(&[("65", "%", 0), ("65.4", "%", 1)], &[]);
    check(&[("65", "%", 0), ("65.4", "%", 1), ("64.6", "%", 1)], &["PL502"]);
    // The coarser of two roundings holds in its own unit.
    check(&[("133", "平方公里", 0), ("20", "万亩", 0)], &[]);
    check(&[("133", "平方公里", 0), ("200010", "亩", 0)], &[]);
    check(&[("133", "平方公里", 0), ("210000", "亩", 0)], &["PL502"]);
}

#[test]
fn a_total_is_compared_in_its_own_unit() {
    let check = |total: &str, unit: &str, expect: &[&str]| {
        let text = format!(
            "[total]\nestimate = \"{total}\"\nunit = \"{unit}\"\nplace = \"p\"\n\n[[project]]\nnumber = 1\nname = \"n\"\ngroup = \"g\"\ncontent = \"c\"\nestimate = 509691\nyears = [2021, 2025]\nlead = [\"甲局\"]\nplace = \"p\"\n"
        );
        assert_eq!(codes(&plan_of(&[("plan/projects.toml", &text)])), expect, "{total} {unit}");
    };
    check("509691", "万元", &[]);
    check("50.97", "亿元", &[]);
    check("50.9691", "亿元", &[]);
    check("51.97", "亿元", &["PL101"]);
    check("509691", "吨", &["PL416"]);
}

#[test]
fn what_stands_twice_is_found() {
    let project = |number: u32, name: &str, bodies: &str| {
        format!(
            "[[project]]\nnumber = {number}\nname = \"{name}\"\ngroup = \"g\"\ncontent = \"c\"\nestimate = 1\nyears = [2021, 2025]\n{bodies}\nplace = \"p\"\n"
        )
    };
    let check = |two: &str, bodies: &str, expect: &[&str]| {
        let text = project(1, "一项工程", "lead = [\"甲局\"]") + &project(2, two, bodies);
        assert_eq!(codes(&plan_of(&[("plan/projects.toml", &text)])), expect, "{two} {bodies}");
    };
    check("另一项工程", "lead = [\"甲局\"]", &[]);
    check("一项 工程", "lead = [\"甲局\"]", &["PL006"]);
    check("另一项工程", "lead = [\"甲局\", \"甲局\"]", &["PL206"]);
    check("另一项工程", "lead = [\"甲局\"]\ncooperating = [\"乙局\", \"丙局\", \"乙局\"]", &["PL206"]);
    let task = "[[task]]\nid = \"T\"\ntext = \"修一条沟\"\nowners = [\"甲局\"]\nplace = \"p\"\n";
    let tasks = task.to_owned() + &task.replace("\"T\"", "\"U\"");
    assert_eq!(codes(&plan_of(&[("plan/tasks.toml", &tasks)])), ["PL006"]);
}

#[test]
fn a_baseline_of_after_its_target_is_a_slip() {
    let check = |year: i32, expect: &[&str]| {
        let text = format!(
            "[[indicator]]\nid = \"i\"\nname = \"覆盖率\"\nunit = \"%\"\ndirection = \"higher_is_better\"\nbindingness = \"text\"\ndocument = \"d\"\nbodies = [\"甲局\"]\nplace = \"p\"\n[[indicator.value]]\nyear = {year}\nvalue = \"60\"\nplace = \"p\"\n[[indicator.target]]\nyear = 2025\noperator = \">=\"\nvalue = \"64\"\nplace = \"p\"\n"
        );
        assert_eq!(codes(&plan_of(&[("plan/indicators.toml", &text)])), expect, "{year}");
    };
    check(2020, &[]);
    check(2026, &["PL422"]);
}

#[test]
fn what_bounds_a_figure_is_compared_and_lists_are_counted() {
    let figure = |more: &str| {
        format!(
            "[[figure]]\nsubject = \"s\"\nquantity = \"q\"\nwhen = \"2025\"\n{more}\nunit = \"个\"\ndecimals = 0\nplace = \"p\"\n"
        )
    };
    let lists = "[[list]]\nid = \"a\"\nkind = \"k\"\nplace = \"p\"\nwhat = \"w\"\nitems = [\"一号\", \"二号\", \"三号\"]\n[[list]]\nid = \"b\"\nkind = \"k\"\nplace = \"p\"\nwhat = \"w\"\nitems = [\"九号\"]\n";
    let check = |one: &str, two: &str, expect: &[&str]| {
        let text = figure(one) + &figure(two);
        assert_eq!(codes(&plan_of(&[("plan/figures.toml", &text), ("plan/lists.toml", lists)])), expect, "{one} {two}");
    };
    check("value = \"95\"\noperator = \">\"", "value = \"95\"\noperator = \">\"", &[]);
    check("value = \"95\"\noperator = \">\"", "value = \"95\"", &[]);
    check("value = \"95\"\noperator = \">\"", "value = \"95\"\noperator = \">=\"", &["PL502"]);
    check("value = \"2\"", "count_of = [\"a\"]\nless = [\"b\"]", &[]);
    check("value = \"3\"", "count_of = [\"a\"]\nless = [\"b\"]", &["PL502"]);
    check("value = \"3\"", "count_of = [\"a\", \"c\"]", &["PL004"]);
}

fn mentions(kind: &str, names: &[&str]) -> String {
    let one = |name: &&str| format!("[[mention]]\nname = \"{name}\"\nkind = \"{kind}\"\nplace = \"p\"\n");
    names.iter().map(one).collect()
}

#[test]
fn townships_are_held_against_the_bodies_of_the_pack() {
    let check = |kind: &str, name: &str, expect: &[&str]| {
        let bodies = format!("[[record]]\nnumber = \"1\"\nname = \"涂市镇\"\nkind = \"{kind}\"\n");
        let files = plan_of(&[("plan/figures.toml", &mentions("source", &[name])), ("bodies/body.toml", &bodies)]);
        assert_eq!(codes(&files), expect, "{kind} {name}");
    };
    check("town", "涂市镇涂市村水源地", &[]);
    check("town", "涂市乡涂市村水源地", &["PL504"]);
    check("town", "孝溪中心卫生院", &["PL504"]);
    // Without townships nobody knows which there are.
    check("department", "涂市乡涂市村水源地", &[]);
}

#[test]
fn names_of_the_county_come_from_its_own_file() {
    let county = "name = { zh = \"彭水苗族土家族自治县\", en = \"Pengshui\" }\nalso_written = [\"彭水自治县\"]\nwithin = [\"某省\"]\n";
    let check = |county: &str, names: &[&str], expect: &[&str]| {
        let files = plan_of(&[("plan/figures.toml", &mentions("base", names)), ("county.toml", county)]);
        assert_eq!(codes(&files), expect, "{names:?}");
    };
    check(county, &["彭水苗族土家族自治县环卫基地", "环卫基地"], &["PL501"]);
    check(county, &["某省彭水自治县环卫基地", "环卫基地"], &["PL501"]);
    check(county, &["另一个苗族土家族自治县环卫基地", "环卫基地"], &[]);
    check("", &["彭水苗族土家族自治县环卫基地", "环卫基地"], &[]);
}
