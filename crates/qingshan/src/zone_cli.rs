//! `qingshan zone check --at LON,LAT --industry CODE [--attr key=value]… [--county DIR] [--data DIR]`: the admission
//! check that the server runs, as JSON. With a data folder the records of its ledgers count as layers, as they do in
//! the server; without it only what the county pack draws.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kernel::Actor;
use register::{Catalog, Pack, Register};
use store::Store;
use store::sqlite::SqliteStore;
use zone::ops::{Question, site_of};
use zone::shape::Extent;
use zone::{LayerPlan, LayerSet, RuleBook};

use crate::check::DEFAULT_PACK;
use crate::serve;

pub const USAGE: &str =
    "用法 usage: qingshan zone check --at LON,LAT --industry CODE [--attr key=value]… [--on 2026-11-25] [--county DIR] [--data DIR]
  --data DIR  数据目录，只读：台账里的图形也算图层 (data folder, read only: records with a geometry count as layers)";

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
    let (mut county, mut data) = (DEFAULT_PACK.to_owned(), None);
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
            "--data" => data = Some(PathBuf::from(value)),
            other => return Err(format!("不认识 {other} (unknown option)\n{USAGE}")),
        }
    }
    let pack = serve::load_pack(Path::new(&county))?;
    let extent = Extent(pack.county.extent.0);
    let book = RuleBook::built_in().map_err(|error| error.to_string())?;
    zone::ops::asked_by(&book, &question).map_err(|problem| problem.to_string())?;
    let site = site_of(&question, extent, &book, kernel::time::now()).map_err(|problem| problem.to_string())?;
    let plan = zone::model::load_folder(Path::new(&county), Extent::WORLD)?;
    let layers = Arc::new(match data {
        Some(data) => stored_layers(&plan, &pack, &data)?,
        None => plan.alone(),
    });
    let answer = zone::check(&site, &layers, &book);
    serde_json::to_string_pretty(&answer).map_err(|error| error.to_string())
}

/// The layers as the server of that data folder has them.
fn stored_layers(plan: &LayerPlan, pack: &Pack, data: &Path) -> Result<LayerSet, String> {
    let failed = |error: &dyn std::fmt::Display| format!("读 {} (reading the data folder): {error}", data.display());
    let division = pack.county.division;
    let store: Arc<dyn Store> =
        SqliteStore::open_to_read(data, division, register::MIGRATIONS).map_err(|error| failed(&error))?;
    let catalog = Catalog::clone(&pack.catalog);
    let register =
        Register::new(store, division, api::LiveBus::default(), catalog).map_err(|problem| failed(&problem))?;
    let counts = register.counts(&Actor::system("qingshan zone")).map_err(|problem| failed(&problem))?;
    if counts.is_empty() {
        return Err(failed(&format!("里面没有 {division} 的记录 (it holds no records of this county)")));
    }
    server::layers_of(plan, &register).map_err(|problem| failed(&problem))
}
