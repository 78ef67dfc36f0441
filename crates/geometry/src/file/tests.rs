//! Files as people bring them, good and bad; shapefiles are written here byte by byte.

use std::io::Write as _;

use serde_json::json;

use super::*;

const YOUYANG: Extent = Extent([108.2, 28.2, 109.5, 29.5]);

/// One feature in a few words: `polygon 108.500,28.500 name=甲` or the code of its error.
fn told(feature: &Feature) -> String {
    let name = feature.properties.get("name").and_then(Value::as_str).unwrap_or("-");
    match &feature.shape {
        Ok(shape) => {
            let centre = shape.bounds().map(|bounds| bounds.center()).unwrap();
            format!("{} {:.3},{:.3} {name}", shape.kind(), centre.x, centre.y)
        }
        Err(error) => format!("{} {name}", error.code()),
    }
}

fn check(bytes: &[u8], system: Option<&str>, expect: Result<(&str, &str, &[&str]), &str>) {
    let found = read(bytes, system.map(|word| ReferenceSystem::from_word(word).unwrap()), YOUYANG);
    match (found, expect) {
        (Ok(file), Ok((word, told_by, features))) => {
            assert_eq!((file.system.word().as_str(), file.told_by), (word, told_by));
            assert_eq!(file.features.iter().map(told).collect::<Vec<_>>(), features);
        }
        (Err(error), Err(expect)) => assert!(error.to_string().contains(expect), "{error}"),
        (found, expect) => panic!("{found:?}, expected {expect:?}"),
    }
}

fn square(west: f64, south: f64, side: f64) -> Vec<[f64; 2]> {
    let (east, north) = (west + side, south + side);
    vec![[west, south], [east, south], [east, north], [west, north], [west, south]]
}

fn geojson(rings: &[Vec<[f64; 2]>], crs: Option<&str>) -> Vec<u8> {
    let feature = json!({ "type": "Feature", "properties": { "name": "甲" },
        "geometry": { "type": "Polygon", "coordinates": rings } });
    let mut file = json!({ "type": "FeatureCollection", "features": [feature] });
    if let Some(crs) = crs {
        file["crs"] = json!({ "type": "name", "properties": { "name": crs } });
    }
    file.to_string().into_bytes()
}

#[test]
fn geojson_in_every_system() {
    let plain = geojson(&[square(108.5, 28.5, 0.1)], None);
    check(&plain, None, Ok(("wgs84", "numbers", &["polygon 108.550,28.550 甲"])));
    let said = geojson(&[square(108.5, 28.5, 0.1)], Some("urn:ogc:def:crs:EPSG::4490"));
    check(&said, None, Ok(("cgcs2000", "file", &["polygon 108.550,28.550 甲"])));
    let metres = geojson(&[square(36_550_000.0, 3_190_000.0, 1000.0)], None);
    check(&metres, None, Ok(("gk", "numbers", &["polygon 108.517,28.830 甲"])));
    let no_zone = geojson(&[square(550_000.0, 3_190_000.0, 1000.0)], None);
    check(&no_zone, None, Ok(("gk108", "numbers", &["polygon 108.517,28.830 甲"])));
    let mercator = geojson(&[square(12_100_000.0, 3_340_000.0, 1000.0)], None);
    check(&mercator, None, Err("cannot be told"));
    check(&geojson(&[square(1.0, 1.0, 0.1)], Some("EPSG:3857")), None, Err("not supported"));
}

#[test]
fn a_shifted_file_is_put_right_when_one_says_so() {
    let (lon, lat) = crate::frame::to_gcj02(108.55, 28.55);
    let file = json!({ "type": "Point", "coordinates": [lon, lat] }).to_string();
    let read = |word: &str| {
        let found = read(file.as_bytes(), ReferenceSystem::from_word(word), YOUYANG).unwrap();
        match &found.features[0].shape {
            Ok(Shape::Point(point)) => (point.x() - 108.55).hypot(point.y() - 28.55),
            other => panic!("{other:?}"),
        }
    };
    assert!(read("gcj02") < 1e-8 && read("wgs84") > 1e-3);
}

#[test]
fn bad_geojson_is_named_feature_by_feature() {
    let check_one = |rings: &[Vec<[f64; 2]>], expect: &str| {
        check(&geojson(rings, None), None, Ok(("wgs84", "numbers", &[&format!("{expect} 甲")])));
    };
    let swapped: Vec<[f64; 2]> = square(108.5, 28.5, 0.1).into_iter().map(|[x, y]| [y, x]).collect();
    check_one(&[swapped], "swapped");
    check_one(&[square(100.0, 28.5, 0.1)], "outside_county");
    let bow = vec![[108.5, 28.5], [108.6, 28.6], [108.6, 28.5], [108.5, 28.6], [108.5, 28.5]];
    check_one(&[bow], "self_crossing");
    check_one(&[square(108.5, 28.5, 0.1), square(108.55, 28.55, 0.1)], "invalid");
    check_one(&[square(108.5, 28.5, 0.1)[..4].to_vec()], "invalid");
    check(b"{\"type\": \"FeatureCollection\"}", None, Err("no features"));
    check(b"not json", None, Err("neither GeoJSON nor a zip"));
}

/// The bytes of a `.shp` whose records are polygons of rings.
fn shp(polygons: &[Vec<Vec<[f64; 2]>>]) -> Vec<u8> {
    let mut bytes = vec![0u8; 100];
    bytes[2..4].copy_from_slice(&[0x27, 0x0a]);
    for (place, rings) in polygons.iter().enumerate() {
        let mut content = 5i32.to_le_bytes().to_vec();
        content.extend([0u8; 32]);
        let places: Vec<[f64; 2]> = rings.iter().flatten().copied().collect();
        content.extend((rings.len() as i32).to_le_bytes());
        content.extend((places.len() as i32).to_le_bytes());
        let mut start = 0;
        for ring in rings {
            content.extend((start as i32).to_le_bytes());
            start += ring.len();
        }
        content.extend(places.iter().flatten().flat_map(|number| number.to_le_bytes()));
        bytes.extend((place as i32 + 1).to_be_bytes());
        bytes.extend((content.len() as i32 / 2).to_be_bytes());
        bytes.extend(content);
    }
    bytes
}

/// A `.dbf` with one text column `name` of 20 bytes, GBK.
fn dbf(names: &[(&str, bool)]) -> Vec<u8> {
    let mut bytes = vec![0u8; 32];
    bytes[0] = 3;
    bytes[4..8].copy_from_slice(&(names.len() as u32).to_le_bytes());
    bytes[8..10].copy_from_slice(&65u16.to_le_bytes());
    bytes[10..12].copy_from_slice(&21u16.to_le_bytes());
    bytes[29] = 0x4d;
    let mut column = [0u8; 32];
    column[..4].copy_from_slice(b"name");
    column[11] = b'C';
    column[16] = 20;
    bytes.extend(column);
    bytes.push(0x0d);
    for (name, deleted) in names {
        bytes.push(if *deleted { b'*' } else { b' ' });
        let mut cell = encoding_rs::GB18030.encode(name).0.into_owned();
        cell.resize(20, b' ');
        bytes.extend(cell);
    }
    bytes
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const PRJ: &str = "PROJCS[\"CGCS2000_3_Degree_GK_Zone_36\",GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\"],PROJECTION[\"Gauss_Kruger\"],PARAMETER[\"False_Easting\",36500000.0],PARAMETER[\"Central_Meridian\",108.0],PARAMETER[\"Scale_Factor\",1.0]]";

fn clockwise(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    ring.reverse();
    ring
}

#[test]
fn a_zipped_shapefile() {
    let outer = clockwise(square(36_550_000.0, 3_190_000.0, 1000.0));
    let hole = square(36_550_200.0, 3_190_200.0, 100.0);
    let second = clockwise(square(36_560_000.0, 3_190_000.0, 1000.0));
    let (shp, dbf) = (shp(&[vec![outer, hole], vec![second]]), dbf(&[("龙潭片区", false), ("已删", true)]));
    let file = zipped(&[("红线/red.SHP", &shp), ("红线/red.dbf", &dbf), ("红线/red.prj", PRJ.as_bytes())]);
    check(&file, None, Ok(("gk", "file", &["polygon 108.517,28.830 龙潭片区"])));
    let found = read(&file, None, YOUYANG).unwrap();
    let area = found.features[0].shape.as_ref().unwrap().area();
    // A square kilometre less a hectare on the plane; the scale of the projection at 50.5 km is 1.0000313.
    assert!((area / (990_000.0 / 1.000_031_3_f64.powi(2)) - 1.0).abs() < 1e-4, "{area}");
}

#[test]
fn bad_shapefiles_are_refused_whole() {
    let good = shp(&[vec![clockwise(square(108.5, 28.5, 0.1))]]);
    check(&zipped(&[("a.shp", &good)]), None, Ok(("wgs84", "numbers", &["polygon 108.550,28.550 -"])));
    check(&zipped(&[("a.dbf", b"")]), None, Err("缺少 .shp"));
    check(&zipped(&[("a.shp", &good), ("b.shp", &good)]), None, Err("one shapefile at a time"));
    check(&zipped(&[("a.shp", &good[..150])]), None, Err("broken"));
    check(&zipped(&[("a.shp", b"nothing")]), None, Err("broken"));
    check(&zipped(&[("a.shp", &good), ("a.dbf", &dbf(&[("甲", false), ("乙", false)]))]), None, Err("counts differ"));
    check(&zipped(&[("a.shp", &good), ("a.prj", b"PROJCS[\"Xian_1980_GK\"]")]), None, Err("convert to CGCS2000"));
    check(b"PK\x03\x04rubbish", None, Err("broken"));
    // A count of places that the record does not hold asks for no memory.
    let mut lying = good.clone();
    lying[100 + 8 + 4 + 32 + 4..][..4].copy_from_slice(&i32::MAX.to_le_bytes());
    check(&zipped(&[("a.shp", &lying)]), None, Ok(("wgs84", "numbers", &["too_large -"])));
}

#[test]
fn a_zip_bomb_is_cut_off() {
    let zeros = vec![0u8; (MOST_UNPACKED as usize) + 1];
    let bomb = zipped(&[("a.shp", &zeros)]);
    assert!(bomb.len() < 1 << 20, "small outside");
    check(&bomb, None, Err("unpacks to more than"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    #[test]
    fn garbage_never_panics(mut garbage in proptest::collection::vec(proptest::num::u8::ANY, 0..400), at in 100usize..300) {
        let _ = read(&garbage, None, YOUYANG);
        let mut bytes = shp(&[vec![clockwise(square(108.5, 28.5, 0.1))]]);
        garbage.truncate(8);
        for (place, byte) in garbage.iter().enumerate() {
            if let Some(target) = bytes.get_mut(at + place) {
                *target = *byte;
            }
        }
        let _ = read(&zipped(&[("a.shp", &bytes), ("a.dbf", &garbage)]), None, YOUYANG);
    }
}
