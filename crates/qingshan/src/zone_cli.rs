//! `qingshan zone check --at LON,LAT --industry CODE [--attr key=value]… [--county DIR]`: the admission check that
//! the server runs, as JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use zone::RuleBook;
use zone::ops::{Question, site_of};
use zone::shape::Extent;

use crate::check::DEFAULT_PACK;

pub const USAGE: &str =
    "用法 usage: qingshan zone check --at LON,LAT --industry CODE [--attr key=value]… [--on 2026-11-25] [--county DIR]";
pub fn run(arguments: &[String]) -> ExitCode {
    match answer(arguments) {
        Ok(text) => {
            crate::say(&text);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn answer(arguments: &[String]) -> Result<String, String> {
    if arguments.first().map(String::as_str) != Some("check") {
        return Err(USAGE.into());
    }
    let mut question = Question {
        lon: None,
        lat: None,
        geometry: None,
        industry: String::new(),
        attributes: BTreeMap::new(),
        on: None,
        note: String::new(),
    };
    let mut county = DEFAULT_PACK.to_owned();
    let mut rest = arguments[1..].iter();
    while let Some(option) = rest.next() {
        let value = rest.next().ok_or_else(|| format!("{option} 后面缺值 (needs a value)\n{USAGE}"))?;
        match option.as_str() {
            "--at" => {
                let pair = value
                    .split_once(',')
                    .and_then(|(lon, lat)| Some((lon.trim().parse().ok()?, lat.trim().parse().ok()?)));
                let (lon, lat) = pair.ok_or_else(|| format!("“{value}”不是 经度,纬度 (not LON,LAT)"))?;
                (question.lon, question.lat) = (Some(lon), Some(lat));
            }
            "--industry" => question.industry.clone_from(value),
            "--attr" => {
                let (key, value) =
                    value.split_once('=').ok_or_else(|| format!("“{value}”不是 key=value (not key=value)"))?;
                question.attributes.insert(key.to_owned(), value.to_owned());
            }
            "--on" => question.on = Some(value.clone()),
            "--county" => county.clone_from(value),
            other => return Err(format!("不认识 {other} (unknown option)\n{USAGE}")),
        }
    }
    let extent = county_extent(Path::new(&county))?;
    let site = site_of(&question, extent, kernel::time::now()).map_err(|problem| problem.to_string())?;
    let layers = Arc::new(zone::model::load_folder(Path::new(&county), Extent::WORLD)?.alone());
    let answer = zone::check(&site, &layers, &RuleBook::built_in().map_err(|error| error.to_string())?);
    serde_json::to_string_pretty(&answer).map_err(|error| error.to_string())
}

fn county_extent(county: &Path) -> Result<Extent, String> {
    let base = register::built_in::catalog()
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>())?;
    let pack = register::pack_files::load(county, &base).map_err(|error| error.to_string())?;
    Ok(Extent(pack.county.extent.0))
}
