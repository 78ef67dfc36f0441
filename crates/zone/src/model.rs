//! What the county pack says of its layers: `map/zones.toml`.

use kernel::{Day, Name};
use serde::Deserialize;
use serde_json::Value;

use crate::layer::{Layer, LayerSet, Zone};
use crate::shape::{Extent, Shape};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneFile {
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
    #[serde(default)]
    valid_from: Option<String>,
}

/// Reads `zones.toml`; `geojson` gives the text of a layer file.
pub fn load(text: &str, extent: Extent, geojson: impl Fn(&str) -> Option<String>) -> Result<LayerSet, String> {
    let file: ZoneFile = toml::from_str(text).map_err(|error| format!("map/zones.toml: {error}"))?;
    let mut layers = Vec::new();
    for layer in file.layers {
        let name = Name::new(layer.name_zh.clone(), layer.name_en.clone());
        let Some(path) = &layer.file else {
            let stated = layer.stated.map_or(String::new(), |count| format!("（规划写 {count} 个）"));
            let why = Name::new(
                format!("{}{stated}", layer.absent_zh.clone().unwrap_or_else(|| "边界未公布".into())),
                layer.absent_en.clone().unwrap_or_else(|| "the boundary has not been published".into()),
            );
            layers.push(Layer::absent(&layer.id, name, &layer.source, why));
            continue;
        };
        let content =
            geojson(path).ok_or_else(|| format!("map/zones.toml: {}: 缺少文件 {path} (file missing)", layer.id))?;
        let zones = zones_of(&layer, &content, extent).map_err(|error| format!("map/{path}: {error}"))?;
        if zones.is_empty() {
            return Err(format!("map/zones.toml: {}: {path} 里没有符合的要素 (no matching feature)", layer.id));
        }
        layers.push(Layer::new(&layer.id, name, &layer.source, layer.schematic, zones));
    }
    Ok(LayerSet::new(layers))
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
