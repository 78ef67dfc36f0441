//! The route of a list's map.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Access, ApiResult, Caller, Json, Path, Query, Routes, blocking, operation};
use kernel::{Action, Id, Name, Problem};
use serde::{Deserialize, Serialize};

use super::question_of;
use crate::clusters::{Frame, Mark, PER_DEGREE};
use crate::ops::{Drawing, DrawnShape, NamedRecord, Register};

#[derive(Deserialize, schemars::JsonSchema)]
// For the OpenAPI document alone: the handler reads the pairs, of which the others are filters.
#[allow(dead_code)]
struct MarksQuery {
    /// West, south, east, north in degrees.
    bbox: String,
    /// Zoom of the map, 0 to 20; the world is 512 pixels wide at 0.
    zoom: f64,
    /// Text that the record contains; the declared filters of the ledger are asked as in the list.
    q: Option<String>,
}

/// A record that a mark names.
#[derive(Serialize, schemars::JsonSchema)]
struct MarkRecord {
    id: Id,
    key: String,
    title: Name,
    simulated: bool,
    schematic: bool,
}

/// The worst state of the records of a mark.
#[derive(Serialize, schemars::JsonSchema)]
struct MarkState {
    colour: String,
    name: Name,
    /// Records that have it.
    count: u32,
}

/// One record on the map, or several that lie together.
#[derive(Serialize, schemars::JsonSchema)]
struct MarkView {
    lon: f64,
    lat: f64,
    count: u32,
    /// The smallest box around them; none when all are at one spot.
    around: Option<[f64; 4]>,
    state: Option<MarkState>,
    /// The record; up to 20 of those at one spot. Empty where looking closer parts them, and when the answer names
    /// enough already: asked for alone a spot names its records.
    records: Vec<MarkRecord>,
}

/// A line or an area in the box, as coarse as the zoom allows. Its record has a mark too.
#[derive(Serialize, schemars::JsonSchema)]
struct MarkShape {
    /// GeoJSON.
    geometry: serde_json::Value,
    state: Option<MarkState>,
    record: MarkRecord,
}

#[derive(Serialize, schemars::JsonSchema)]
struct MarksAnswer {
    marks: Vec<MarkView>,
    /// Lines and areas; none where more than 300 reach into the box.
    shapes: Vec<MarkShape>,
    /// Lines and areas in the box that are marks only: too many, too long, or smaller than a pixel.
    undrawn: usize,
    /// Matches of the list, and those of them that have a place, in the box or not.
    matched: usize,
    placed: usize,
    /// There are more than a map shows.
    more: bool,
}

pub fn routes(register: &Arc<Register>) -> Routes {
    let register = Arc::clone(register);
    Routes::new("register").get(
        "/api/ledgers/{id}/marks",
        operation(
            "台账记录的地图（聚合）",
            "records of a ledger on the map, as few marks",
            Access::May(Action::ReadMonitoring),
        )
        .query::<MarksQuery>()
        .returns::<MarksAnswer>(),
        async move |caller: Caller,
                    Path(id): Path<String>,
                    Query(query): Query<BTreeMap<String, String>>|
                    -> ApiResult<Json<MarksAnswer>> {
            let register = Arc::clone(&register);
            Ok(Json(blocking(move || answer(&register, &caller, id, query)).await?))
        },
    )
}

fn answer(
    register: &Register,
    caller: &Caller,
    ledger: String,
    mut query: BTreeMap<String, String>,
) -> Result<MarksAnswer, Problem> {
    let frame = frame_of(&query.remove("bbox").unwrap_or_default())?;
    let zoom = zoom_of(&query.remove("zoom").unwrap_or_default())?;
    let (question, _) = question_of(ledger, query)?;
    let drawing = register.marks(&caller.0, &question, frame, zoom, kernel::time::now().day())?;
    Ok(view(register, &question.ledger, drawing))
}

/// The zoom of a map in whole steps.
pub fn zoom_of(text: &str) -> Result<u32, Problem> {
    let zoom: f64 = text.parse().map_err(|_| Problem::invalid(format!("zoom=“{text}”不是数 (not a number)")))?;
    // Saturates: what is below 0 is 0, and the deepest bounds the rest.
    Ok(zoom.floor() as u32)
}

/// `west,south,east,north` in degrees.
pub fn frame_of(text: &str) -> Result<Frame, Problem> {
    let numbers: Vec<f64> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    let frame = match numbers[..] {
        [west, south, east, north] if text.split(',').count() == 4 => Frame::of(west, south, east, north),
        _ => None,
    };
    frame.ok_or_else(|| Problem::invalid(format!("bbox=“{text}”应是 西,南,东,北 (west,south,east,north in degrees)")))
}

fn record_of(record: NamedRecord) -> MarkRecord {
    MarkRecord {
        id: record.id,
        key: record.key,
        title: record.title,
        simulated: record.simulated,
        schematic: record.schematic,
    }
}

fn view(register: &Register, ledger: &str, drawing: Drawing) -> MarksAnswer {
    let catalog = register.catalog();
    let rules = catalog.ledger(ledger).map(|definition| definition.colours.as_slice()).unwrap_or_default();
    let degrees = |part: i32| f64::from(part) / PER_DEGREE;
    let state_of = |place: u8, count: u32| {
        let rule = rules.get(usize::from(place))?;
        Some(MarkState { colour: rule.colour.clone(), name: rule.name.clone(), count })
    };
    let of = |(mark, records): (Mark, Vec<NamedRecord>)| MarkView {
        lon: degrees(mark.lon),
        lat: degrees(mark.lat),
        count: mark.count,
        around: (!mark.is_one_spot())
            .then(|| [mark.around.west, mark.around.south, mark.around.east, mark.around.north].map(degrees)),
        state: state_of(mark.state, mark.state_count),
        records: records.into_iter().map(record_of).collect(),
    };
    let shape_of = |shape: DrawnShape| MarkShape {
        geometry: shape.geometry,
        state: state_of(shape.state, 1),
        record: record_of(shape.record),
    };
    MarksAnswer {
        matched: drawing.matched,
        placed: drawing.placed,
        more: drawing.more,
        marks: drawing.marks.into_iter().map(of).collect(),
        shapes: drawing.shapes.into_iter().map(shape_of).collect(),
        undrawn: drawing.undrawn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_four_numbers_on_earth() {
        assert!(frame_of("108.2, 28.2,109.5,29.5").is_ok());
        for text in ["", "108.2,28.2,109.5", "1,2,x,3,4", "1,2,3,4,5", "109,28,108,29", "0,0,500,1", "NaN,0,1,1"] {
            assert!(frame_of(text).unwrap_err().to_string().contains("west,south,east,north"), "{text}");
        }
    }
}
