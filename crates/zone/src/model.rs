//! What the county pack says of its layers: `map/zones.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use kernel::{Day, Name};
use serde::Deserialize;
use serde_json::Value;

use crate::layer::{Expected, Layer, LayerSet, Zone};
use crate::shape::{Extent, Shape};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneFile {
    /// For layers that do not say it themselves.
    #[serde(default = "own_ground")]
    own_ground: f64,
    #[serde(default, rename = "layer")]
    layers: Vec<LayerText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerText {
    id: String,
    name_zh: String,
    name_en: String,
    source: String,
    /// GeoJSON file beside this one.
    #[serde(default)]
    file: Option<String>,
    /// Only features whose `name` is this.
    #[serde(default)]
    only: Option<String>,
    #[serde(default)]
    schematic: bool,
    /// Why there is no geometry.
    #[serde(default)]
    absent_zh: Option<String>,
    #[serde(default)]
    absent_en: Option<String>,
    /// How many zones the plan states.
    #[serde(default)]
    stated: Option<u32>,
    /// Square kilometres that the plan states.
    #[serde(default)]
    stated_km2: Option<f64>,
    /// The records of its ledger are all there are: what they miss counts though the plan states no number.
    #[serde(default)]
    complete: bool,
    /// Share of ground of its own (0–1) that makes an area a zone of its own; one that adds less to the others is not
    /// counted beside them.
    #[serde(default)]
    own_ground: Option<f64>,
    #[serde(default)]
    valid_from: Option<String>,
    /// Ledger whose records with a geometry are the zones, once there are any.
    #[serde(default)]
    ledger: Option<String>,
    /// Field → value: only those records.
    #[serde(default, rename = "where")]
    filter: BTreeMap<String, String>,
}

/// What holds where the file says nothing.
fn own_ground() -> f64 {
    0.1
}

/// Where the records of a layer are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerSource {
    pub ledger: String,
    pub filter: BTreeMap<String, String>,
    expected: Expected,
}

/// What the pack says of one layer: what it holds by itself, and which records may take its place.
#[derive(Clone, Debug)]
pub struct PlannedLayer {
    pub layer: Arc<Layer>,
    pub source: Option<LedgerSource>,
}

/// What a ledger knows of a layer.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    pub zones: Vec<Zone>,
    /// Living records that belong to the layer and have no geometry.
    pub without_geometry: usize,
    /// 示意: some of it was invented to show the use.
    pub schematic: bool,
}

/// Layers of a county as its pack describes them.
#[derive(Clone, Debug, Default)]
pub struct LayerPlan {
    pub layers: Vec<PlannedLayer>,
}

impl LayerPlan {
    /// Ledgers that layers are drawn from.
    pub fn ledgers(&self) -> BTreeSet<String> {
        let sources = self.layers.iter().filter_map(|planned| planned.source.as_ref());
        sources.map(|source| source.ledger.clone()).collect()
    }

    /// The layers without any record.
    pub fn alone(&self) -> LayerSet {
        LayerSet::of(self.layers.iter().map(|planned| Arc::clone(&planned.layer)).collect())
    }

    /// The layers with what the ledgers hold; a ledger that holds no geometry changes nothing.
    pub fn with<E>(&self, mut drawn: impl FnMut(&LedgerSource) -> Result<Drawn, E>) -> Result<LayerSet, E> {
        let mut layers = Vec::with_capacity(self.layers.len());
        for planned in &self.layers {
            let found = planned.source.as_ref().map(|source| Ok((source, drawn(source)?))).transpose()?;
            layers.push(match found {
                // `stated = 0`: the county says that there is none.
                Some((source, drawn))
                    if !drawn.zones.is_empty() || source.expected.stated == Some(0) && drawn.without_geometry == 0 =>
                {
                    Arc::new(layer_from(planned, source, drawn))
                }
                _ => Arc::clone(&planned.layer),
            });
        }
        Ok(LayerSet::of(layers))
    }
}

fn layer_from(planned: &PlannedLayer, source: &LedgerSource, drawn: Drawn) -> Layer {
    let base = &planned.layer;
    let text = format!("台账 {}（{} 个图形）；{}", source.ledger, drawn.zones.len(), base.source);
    let mut layer = Layer::new(&base.id, base.name.clone(), &text, drawn.schematic, drawn.zones);
    if drawn.without_geometry > 0 {
        let without = drawn.without_geometry;
        layer.incomplete =
            Some(Name::new(format!("{without} 条记录还没有图形"), format!("{without} records have no geometry yet")));
    }
    layer.expected = Some(source.expected.clone());
    layer
}

/// The plan of a county pack's folder; empty when it has no `map/zones.toml`.
pub fn load_folder(county: &Path, extent: Extent) -> Result<LayerPlan, String> {
    let map = county.join("map");
    let file = map.join("zones.toml");
    if !file.exists() {
        return Ok(LayerPlan::default());
    }
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    // Only names of plain files beside it are read.
    let plain = |name: &str| !name.contains(['/', '\\']) && !name.starts_with('.');
    load(&text, extent, |name| plain(name).then(|| std::fs::read_to_string(map.join(name)).ok()).flatten())
}

/// Reads `zones.toml`; `geojson` gives the text of a layer file.
pub fn load(text: &str, extent: Extent, geojson: impl Fn(&str) -> Option<String>) -> Result<LayerPlan, String> {
    let file: ZoneFile = toml::from_str(text).map_err(|error| format!("map/zones.toml: {error}"))?;
    let mut layers = Vec::new();
    for layer in file.layers {
        let name = Name::new(layer.name_zh.clone(), layer.name_en.clone());
        let own_ground = layer.own_ground.unwrap_or(file.own_ground);
        if !(0.0..=1.0).contains(&own_ground) {
            let what = format!("map/zones.toml: {}: own_ground 在 0 和 1 之间 (lies between 0 and 1)", layer.id);
            return Err(what);
        }
        let (stated, stated_km2, complete) = (layer.stated, layer.stated_km2, layer.complete);
        let source = layer.ledger.clone().map(|ledger| LedgerSource {
            ledger,
            filter: layer.filter.clone(),
            expected: Expected { stated, stated_km2, complete, own_ground },
        });
        let Some(path) = &layer.file else {
            let stated = layer.stated.map_or(String::new(), |count| format!("（规划写 {count} 个）"));
            let why = Name::new(
                format!("{}{stated}", layer.absent_zh.clone().unwrap_or_else(|| "边界未公布".into())),
                layer.absent_en.clone().unwrap_or_else(|| "the boundary has not been published".into()),
            );
            let absent = Arc::new(Layer::absent(&layer.id, name, &layer.source, why));
            layers.push(PlannedLayer { layer: absent, source });
            continue;
        };
        let content =
            geojson(path).ok_or_else(|| format!("map/zones.toml: {}: 缺少文件 {path} (file missing)", layer.id))?;
        let zones = zones_of(&layer, &content, extent).map_err(|error| format!("map/{path}: {error}"))?;
        if zones.is_empty() {
            return Err(format!("map/zones.toml: {}: {path} 里没有符合的要素 (no matching feature)", layer.id));
        }
        let drawn = Layer::new(&layer.id, name, &layer.source, layer.schematic, zones);
        layers.push(PlannedLayer { layer: Arc::new(drawn), source });
    }
    Ok(LayerPlan { layers })
}

fn zones_of(layer: &LayerText, content: &str, extent: Extent) -> Result<Vec<Zone>, String> {
    let value: Value = serde_json::from_str(content).map_err(|error| error.to_string())?;
    let features = value.get("features").and_then(Value::as_array).ok_or("没有 features (no features)")?;
    let valid_from = match &layer.valid_from {
        Some(date) => Some(Day::parse(date).ok_or_else(|| format!("“{date}”不是日期 (not a date)"))?),
        None => None,
    };
    let mut zones = Vec::new();
    for (place, feature) in features.iter().enumerate() {
        let text = |key: &str| feature.pointer(&format!("/properties/{key}")).and_then(Value::as_str);
        let zh = text("name").or_else(|| text("name_zh")).unwrap_or_default();
        if layer.only.as_deref().is_some_and(|only| only != zh) {
            continue;
        }
        let shape =
            Shape::from_geojson(feature, extent).map_err(|error| format!("要素 {} (feature): {error}", place + 1))?;
        let key =
            text("key").or_else(|| text("code")).map_or_else(|| format!("{}-{}", layer.id, place + 1), str::to_owned);
        let name = Name::new(zh, text("name_en").unwrap_or(zh));
        zones.push(Zone { key, name, shape, valid_from, valid_until: None });
    }
    Ok(zones)
}
