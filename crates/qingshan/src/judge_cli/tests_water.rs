//! `judge water|tli|groundwater|soil|convert` on small files: answers, and what bad input says.

use super::tests::{answers, on_file, refuses};
use super::{Outcome, convert, flux, groundwater, safe_use, soil, tli, water};
use serde_json::{Value, json};

const TODAY: &str = "--today 2026-11-25";

fn judge_water(options: &str, lines: &str) -> Outcome {
    on_file(water::water, &format!("{TODAY} {options}"), lines)
}

#[test]
fn water_by_any_name_of_an_item() {
    let names = [
        "id,pH,DO,CODMn,NH3-N,TP\n",
        "断面,pH值,溶解氧,高锰酸盐指数,氨氮,总磷\n",
        "id,w01001,w01009,w01019,w21003,w21011\n",
        "id,pH,DO (mg/L),CODMN,NH3N (mg/L),TP (mg/L)\n",
    ];
    for header in names {
        let answer =
            &answers(judge_water("--body river --target III", &format!("{header}a,7.2,6.5,6.6,0.4,0.28\n")))[0];
        let classes: Vec<&Value> =
            ["PH", "DO", "CODMN", "NH3N", "TP"].iter().map(|key| &answer["items"][key]["class"]).collect();
        assert_eq!(json!(classes), json!(["I", "II", "IV", "II", "IV"]), "{header}");
        assert_eq!((answer["class"].as_str(), answer["grade"].as_str()), (Some("IV"), Some("轻度污染")));
        let main: Vec<&str> = answer["main_pollutants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["text"]["zh"].as_str().unwrap())
            .collect();
        assert_eq!(main, ["总磷(0.4)", "高锰酸盐指数(0.1)"]);
        assert_eq!((answer["compliant"].as_bool(), answer["missing"].as_array().unwrap().len()), (Some(false), 16));
    }
}

#[test]
fn water_units_in_brackets_and_detection_limits() {
    let answer = &answers(judge_water("--body river", "id,Cr(VI),Hg (µg/L),Pb,苯并[a]芘\na,0.06,0.2,0.03L,0.1\n"))[0];
    assert_eq!(answer["items"]["CR6"]["class"], "V");
    assert_eq!(answer["items"]["HG"]["value"], "0.0002");
    assert_eq!(answer["items"]["PB"]["below_detection"], true);
    assert_eq!(answer["ignored"][0]["factor"], "T3-66");
}

#[test]
fn water_takes_body_target_and_date_of_the_line() {
    let lines = "id,body,target,date,TP\na,river,II,2026-05-01,0.05\nb,lake,II,2026-05-01,0.05\n";
    let answers = answers(judge_water("", lines));
    assert_eq!((answers[0]["class"].as_str(), answers[0]["compliant"].as_bool()), (Some("II"), Some(true)));
    assert_eq!((answers[1]["class"].as_str(), answers[1]["compliant"].as_bool()), (Some("III"), Some(false)));
}

#[test]
fn water_explains_with_clauses() {
    let answer = &answers(judge_water("--body river --explain", "id,COD\na,25\n"))[0];
    let clauses: Vec<&str> =
        answer["steps"].as_array().unwrap().iter().map(|step| step["clause"].as_str().unwrap()).collect();
    assert!(
        clauses.contains(&"GB 3838-2002 表 1") && clauses.contains(&"环办〔2011〕22号 断面水质评价"),
        "{clauses:?}"
    );
}

#[test]
fn bad_water_is_named_with_its_line() {
    let river = "--body river";
    refuses(judge_water("", "id,COD\na,1\n"), Some(2), "river or lake");
    refuses(judge_water(river, "id,COD\na,1\nb,x\n"), Some(3), "`x`");
    refuses(judge_water(river, "id,COD\na,-1\n"), Some(2), "negative");
    refuses(judge_water(river, "id,CDO\na,1\n"), Some(1), "CDO");
    refuses(judge_water(river, "id,COD (furlong)\na,1\n"), Some(1), "furlong");
    refuses(judge_water(river, "id,COD (mg/kg)\na,1\n"), Some(2), "wrong_unit");
    refuses(judge_water(river, "id,COD,化学需氧量\na,1,2\n"), Some(1), "same item");
    refuses(judge_water(river, "id,COD,w01018\na,1,2\n"), Some(2), "duplicate_factor");
    refuses(judge_water(river, "id,COD\na,\n"), Some(2), "no item has a value");
    refuses(judge_water(river, "id,pH\na,72\n"), Some(2), "out_of_range");
    refuses(judge_water(river, "id,date,COD\na,2027-01-01,10\n"), Some(2), "after today");
    refuses(judge_water(river, "id,date,COD\na,2001-01-01,10\n"), Some(2), "date_not_covered");
    refuses(judge_water(river, "id,Hg\na,0.2\n"), Some(2), "another unit");
    refuses(judge_water(river, "id,DO\na,92\n"), Some(2), "another unit");
    refuses(judge_water("--body sea", "id,COD\na,1\n"), None, "sea");
    refuses(judge_water("--body river --target VI", "id,COD\na,1\n"), None, "VI");
    refuses(judge_water("--bdy river", "id,COD\na,1\n"), None, "--bdy");
}

#[test]
fn trophic_state_needs_its_five_columns() {
    let judge = |lines: &str| on_file(tli::tli, TODAY, lines);
    let answer = &answers(judge("id,Chl-a,TP,TN,SD,CODMn\nx,10,0.05,1.0,1.5,4.0\n"))[0];
    assert_eq!((answer["tli"].as_str(), answer["state"].as_str()), (Some("46.575"), Some("中营养")));
    refuses(judge("id,TP,TN,SD,CODMn\nx,0.05,1.0,1.5,4.0\n"), Some(1), "CHLA");
    let partial = &answers(judge("id,CHLA,TP,TN,SD,CODMn\nx,10,0.05,1.0,,4.0\n"))[0];
    assert_eq!((partial["tli"].as_str(), partial["missing"][0].as_str()), (None, Some("SD")));
}

#[test]
fn groundwater_classes() {
    let judge = |lines: &str| on_file(groundwater::groundwater, TODAY, lines);
    let answer = &answers(judge("id,pH,总硬度,Mn,嗅和味,总α放射性\ng,7,300,0.1,无,0.7\n"))[0];
    assert_eq!((answer["class"].as_str(), answer["provisional"].as_bool()), (Some("IV"), Some(true)));
    assert_eq!(answer["items"]["HARDNESS"]["class"], "II");
    refuses(judge("id,嗅和味\ng,5\n"), Some(2), "wrong_kind");
}

#[test]
fn soil_by_land_and_ph() {
    let judge = |options: &str, lines: &str| on_file(soil::soil, &format!("{TODAY} {options}"), lines);
    let answer = &answers(judge("--land paddy", "id,pH,Cd,As\ns,5.5,0.35,30\n"))[0];
    assert_eq!((answer["risk"].as_str(), answer["items"][0]["screening"].as_str()), (Some("possible"), Some("0.3")));
    let site = &answers(judge("", "id,land,Cd,Cr(VI)\ns,second,65,79\n"))[0];
    assert_eq!((site["risk"].as_str(), site["items"][0]["risk"].as_str()), (Some("high"), Some("low")));
    refuses(judge("--land paddy", "id,Cd\ns,0.3\n"), Some(2), "pH");
    refuses(judge("--land swamp", "id,pH,Cd\ns,7,0.3\n"), Some(2), "swamp");
    refuses(judge("", "id,pH,Cd\ns,7,0.3\n"), Some(2), "land use");
}

#[test]
fn converted_concentrations() {
    let judge = |options: &str, lines: &str| on_file(convert::convert, options, lines);
    let values: Vec<String> = answers(judge("", "id,c,o2,o2_ref\na,50,12.5,10\nb,35,11,9\nc,100,9,11\n"))
        .iter()
        .map(|answer| answer["converted"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(values, ["64.706", "42.000", "83.333"]);
    let brick = &answers(judge("--excess-air 1.7", "id,c,o2\na,80,14\n"))[0];
    assert_eq!(brick["converted"], "141.176");
    refuses(judge("--reference-oxygen 9", "id,c,o2\na,80,21\n"), Some(2), "21");
    refuses(judge("", "id,c,o2\na,80,14\n"), Some(2), "no reference");
    refuses(judge("--reference-oxygen 9 --excess-air 1.7", "id,c,o2\na,80,14\n"), Some(2), "both");
    refuses(judge("--reference-oxygen 9", "id,c,o2\na,,14\n"), Some(2), "missing");
}

#[test]
fn what_stands_twice_or_is_to_come_is_not_judged_by_guess() {
    refuses(judge_water("--body river", "id,COD,cod\na,10,12\n"), Some(1), "twice");
    refuses(on_file(flux::flux, "", "c,concentration,q\n1,2,3\n"), Some(1), "two columns");
    let soil = |date: &str| {
        on_file(soil::soil, &format!("{TODAY} --land rotation"), &format!("id,date,pH,Cd\na,{date},6.5,0.2\n"))
    };
    assert_eq!(answers(soil("2026-11-01"))[0]["risk"], "low");
    refuses(soil("2031-01-01"), Some(2), "2031");
    refuses(soil("2001-01-01"), Some(2), "not covered");
    let wells = |date: &str| on_file(groundwater::groundwater, TODAY, &format!("id,date,pH\na,{date},7.2\n"));
    assert_eq!(answers(wells("2026-11-01"))[0]["id"], "a");
    refuses(wells("2031-01-01"), Some(2), "2031");
    refuses(wells("1980-01-01"), Some(2), "not covered");
}

#[test]
fn flux_by_every_estimator_that_has_its_input() {
    let lines = "id,c,q\na,2,10\na,4,30\n";
    let names = |options: &str| {
        let found = answers(on_file(flux::flux, options, lines));
        found
            .iter()
            .map(|line| format!("{} {}", line["estimator"].as_str().unwrap(), line["kg_per_day"]))
            .collect::<Vec<_>>()
    };
    // Means 3 mg/L and 20 m3/s; the mean of the products is 70 g/s; 86.4 kg/d a g/s.
    assert_eq!(names(""), ["mean_concentration_mean_flow \"5184.000\"", "mean_instantaneous_flux \"6048.000\""]);
    assert_eq!(names("--estimator flow_weighted_mean --period-flow 10"), ["flow_weighted_mean \"3024.000\""]);
    refuses(on_file(flux::flux, "--estimator interval_flow", lines), None, "interval");
    refuses(on_file(flux::flux, "--estimator mixed", lines), None, "alpha");
    refuses(on_file(flux::flux, "", "id,c,q\na,-2,10\na,,3\n"), Some(2), "negative");
    refuses(on_file(flux::flux, "", "id,c,q\na,2,10\na,,3\n"), Some(3), "missing");
}

#[test]
fn safe_use_and_noise_grades() {
    let farmland = "protected,safely_used,strictly_controlled,contaminated\n10,70,15,100\n";
    let found = &answers(on_file(safe_use::safe_use, "--land farmland --today 2026-11-25", farmland))[0];
    assert_eq!(found["rate"], "95.0");
    let more = farmland.replace("70", "90");
    refuses(on_file(safe_use::safe_use, "--land farmland --today 2026-11-25", &more), Some(2), "100");
    let built = "compliant,reused\n9,10\n";
    // Its formula is not confirmed.
    refuses(on_file(safe_use::safe_use, "--land construction --today 2026-11-25", built), Some(2), "construction");
    let grade = |options: &str, level: &str| {
        let found = answers(on_file(safe_use::noise_grade, options, &format!("level\n{level}\n")));
        found[0]["grade"].as_u64()
    };
    assert_eq!(grade("--kind region", "50.0"), Some(1));
    assert_eq!(grade("--kind region", "50.1"), Some(2));
    assert_eq!(grade("--kind region --period night", "50.0"), Some(3));
    refuses(on_file(safe_use::noise_grade, "--kind region", "level\n999\n"), Some(2), "999");
}
