//! Who the county is, and its map layers.

use std::sync::Arc;

use api::{Access, ApiResult, Json, Routes, operation};
use kernel::{Name, PointSource, Problem};
use register::Register;
use serde::Serialize;

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct NeighbourView {
    code: String,
    name: Name,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct LayerView {
    id: String,
    name: Name,
    /// `point`, `line` or `polygon`.
    geometry: serde_json::Value,
    /// 示意: drawn by us, not surveyed.
    schematic: bool,
    source: String,
    licence: String,
    accuracy: String,
    features: usize,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct CountyAnswer {
    division: String,
    name: Name,
    /// West, south, east, north in degrees.
    extent: [f64; 4],
    source: String,
    neighbours: Vec<NeighbourView>,
    /// Simulated (模拟) stations send, or have sent.
    simulating: bool,
    layers: Vec<LayerView>,
    version: &'static str,
}

pub fn routes(register: &Arc<Register>, simulating: bool, version: &'static str) -> Routes {
    let register = Arc::clone(register);
    Routes::new("county").get(
        "/api/county",
        operation("县域", "the county", Access::SignedIn).returns::<CountyAnswer>(),
        async move || -> ApiResult<Json<CountyAnswer>> {
            let view =
                register.county().ok_or_else(|| Problem::not_found("没有装载县域数据包 (no county pack is loaded)"))?;
            let (county, layers) = (&view.county, &view.layers);
            Ok(Json(CountyAnswer {
                division: county.division.to_string(),
                name: county.name.clone(),
                extent: county.extent.0,
                source: county.source.clone(),
                neighbours: county
                    .neighbours
                    .iter()
                    .map(|neighbour| NeighbourView { code: neighbour.code.clone(), name: neighbour.name.clone() })
                    .collect(),
                simulating: simulating || register.points().iter().any(|point| point.simulated),
                layers: layers
                    .iter()
                    .map(|layer| LayerView {
                        id: layer.id.clone(),
                        name: layer.name.clone(),
                        geometry: serde_json::to_value(layer.geometry).unwrap_or_default(),
                        schematic: layer.schematic,
                        source: layer.source.clone(),
                        licence: layer.licence.clone(),
                        accuracy: layer.accuracy.clone(),
                        features: layer.features,
                    })
                    .collect(),
                version,
            }))
        },
    )
}
