//! Sites (位置) of projects on the map: as the pack states them, as an approved inspection found them, else the centre
//! of a township that the project's own text names in full. Pure. Nothing is guessed: a project that says no place
//! has none.

use std::collections::BTreeMap;

use kernel::Name;
use serde::{Deserialize, Serialize};

use crate::item::{Content, Item};
use crate::model::Project;
use crate::source::Files;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SiteBasis {
    /// A position in the pack.
    Stated,
    /// Position of an approved inspection.
    Inspected,
    /// Stands at the centre of its township (乡镇中心代替): the site itself is not known.
    TownshipCentre,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Site {
    /// Township or street, where it is known.
    pub township: Option<String>,
    pub lon: f64,
    pub lat: f64,
    pub basis: SiteBasis,
    pub note: String,
}

/// A township or street (乡镇、街道) of the pack.
#[derive(Clone, Debug, PartialEq)]
pub struct Township {
    pub name: String,
    pub centre: Option<(f64, f64)>,
}

/// Townships of `bodies/`; their schema is checked by the register.
pub fn townships(files: &Files) -> Vec<Township> {
    let mut found = Vec::new();
    for (_, text) in files.iter().filter(|(file, _)| file.starts_with("bodies/") && file.ends_with(".toml")) {
        let Ok(table) = toml::from_str::<toml::Table>(text) else { continue };
        for record in table.get("record").and_then(toml::Value::as_array).into_iter().flatten() {
            let text = |key: &str| record.get(key).and_then(toml::Value::as_str);
            let (Some(name), Some("street" | "town" | "township")) = (text("name"), text("kind")) else { continue };
            let degree = |key: &str| {
                let value = record.get("location")?.get(key)?;
                value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
            };
            found.push(Township { name: name.to_owned(), centre: degree("lon").zip(degree("lat")) });
        }
    }
    found
}

/// Sites that most projects could have.
const MOST: usize = 60;

/// Where a project is drawn, and what cannot be drawn and why.
pub fn of(project: &Project, approved: &[&Item], townships: &[Township]) -> (Vec<Site>, Vec<Name>) {
    let (mut sites, mut unplaced): (Vec<Site>, Vec<Name>) = (Vec::new(), Vec::new());
    // Named townships by name: one site each, however often they are named.
    let mut named: BTreeMap<&str, &str> = BTreeMap::new();
    for stated in &project.sites {
        match (stated.lon, stated.lat) {
            (Some(lon), Some(lat)) => sites.push(Site {
                township: Some(stated.township.clone()).filter(|name| !name.is_empty()),
                lon,
                lat,
                basis: SiteBasis::Stated,
                note: stated.note.clone(),
            }),
            _ => _ = named.insert(&stated.township, &stated.note),
        }
    }
    for item in approved {
        if let Content::Inspection { lon: Some(lon), lat: Some(lat), .. } = item.content {
            let note = format!("{} {}", item.year, item.entered_name);
            sites.push(Site { township: None, lon, lat, basis: SiteBasis::Inspected, note });
        }
    }
    if project.sites.is_empty() {
        for township in townships {
            if project.name.contains(&township.name) || project.content.contains(&township.name) {
                named.insert(&township.name, "");
            }
        }
    }
    // A place that was seen is better than the centre that stood in for it.
    if !sites.is_empty() {
        named.clear();
    }
    for (name, note) in named {
        match townships.iter().find(|township| township.name == name) {
            Some(Township { centre: Some((lon, lat)), .. }) => sites.push(Site {
                township: Some(name.to_owned()),
                lon: *lon,
                lat: *lat,
                basis: SiteBasis::TownshipCentre,
                note: note.to_owned(),
            }),
            Some(_) => unplaced
                .push(Name::new(format!("“{name}”在名录里没有中心位置"), format!("{name} has no centre in the pack"))),
            None => unplaced.push(Name::new(format!("名录里没有“{name}”"), format!("{name} is not in the pack"))),
        }
    }
    if sites.is_empty() && unplaced.is_empty() {
        unplaced
            .push(Name::new("规划没有写地点，也没有现场检查", "the plan names no place, and nobody has inspected it"));
    }
    sites.truncate(MOST);
    (sites, unplaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(extra: &str, inspected: Option<(f64, f64)>, expect: &[(&str, SiteBasis)], unplaced: usize) {
        let project: Project = toml::from_str(&format!(
            "number = 1\nname = \"接入麻旺镇污水厂\"\ngroup = \"一\"\ncontent = \"龙潭河与桃花源街道\"\nestimate = 1\nyears = [2021, 2025]\nlead = []\nplace = \"p\"\n{extra}"
        ))
        .unwrap();
        let files = Files::from([(
            "bodies/body.townships.toml".to_owned(),
            "[[record]]\nname = \"麻旺镇\"\nkind = \"town\"\nlocation = { lon = 108.95, lat = 28.89 }\n[[record]]\nname = \"龙潭镇\"\nkind = \"town\"\nlocation = { lon = 109, lat = 28.7 }\n[[record]]\nname = \"桃花源街道\"\nkind = \"street\"\n[[record]]\nname = \"县林业局\"\nkind = \"department\"\n"
                .to_owned(),
        )]);
        let item = inspected.map(|(lon, lat)| Item {
            id: kernel::Id(1),
            subject: "project:1".into(),
            year: 2024,
            content: Content::Inspection { finding: "在建".into(), lon: Some(lon), lat: Some(lat) },
            note: String::new(),
            evidence: Vec::new(),
            replaces: None,
            state: crate::item::State::Approved,
            entered_by: kernel::Id(1),
            entered_name: "甲".into(),
            body: None,
            entered_at: kernel::Timestamp(1),
            decided_by: None,
            decided_name: None,
            decided_at: None,
            decision_note: String::new(),
        });
        let (sites, missing) = of(&project, &item.iter().collect::<Vec<_>>(), &townships(&files));
        let found: Vec<(&str, SiteBasis)> =
            sites.iter().map(|site| (site.township.as_deref().unwrap_or_default(), site.basis)).collect();
        assert_eq!((found.as_slice(), missing.len()), (expect, unplaced), "{missing:?}");
    }

    #[test]
    fn a_project_stands_where_its_text_or_its_inspection_says() {
        // 龙潭河 is a river, not 龙潭镇; 桃花源街道 has no centre.
        check("", None, &[("麻旺镇", SiteBasis::TownshipCentre)], 1);
        check("sites = [{ township = \"龙潭镇\" }]", None, &[("龙潭镇", SiteBasis::TownshipCentre)], 0);
        check("sites = [{ lon = 108.9, lat = 28.8, note = \"可研\" }]", None, &[("", SiteBasis::Stated)], 0);
        check("sites = [{ township = \"无名镇\" }]", None, &[], 1);
        check("", Some((108.9, 28.8)), &[("", SiteBasis::Inspected)], 0);
    }
}
