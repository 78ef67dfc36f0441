//! Which coordinate system a file is in: said by the file, said by the person, or told by the numbers.

use geo::Coord;

use crate::frame;
use crate::shape::Extent;

/// A coordinate system that can be brought to WGS-84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReferenceSystem {
    Wgs84,
    /// CGCS2000 in degrees; differs from WGS-84 by centimetres and is taken as it.
    Cgcs2000,
    /// CGCS2000 3° Gauss–Krüger; without a meridian the easting carries the zone number.
    GaussKruger {
        meridian: Option<f64>,
    },
    /// The shifted system of Chinese web maps (火星坐标).
    Gcj02,
}

impl ReferenceSystem {
    /// The words that a person may give: `wgs84`, `cgcs2000`, `gcj02`, `gk` (zone number in the easting), `gk108`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "wgs84" => Some(Self::Wgs84),
            "cgcs2000" => Some(Self::Cgcs2000),
            "gcj02" => Some(Self::Gcj02),
            "gk" => Some(Self::GaussKruger { meridian: None }),
            other => {
                let meridian: f64 = other.strip_prefix("gk")?.parse().ok()?;
                let known = (75.0..=135.0).contains(&meridian) && meridian % 3.0 == 0.0;
                known.then_some(Self::GaussKruger { meridian: Some(meridian) })
            }
        }
    }

    pub fn word(self) -> String {
        match self {
            Self::Wgs84 => "wgs84".to_owned(),
            Self::Cgcs2000 => "cgcs2000".to_owned(),
            Self::Gcj02 => "gcj02".to_owned(),
            Self::GaussKruger { meridian: None } => "gk".to_owned(),
            Self::GaussKruger { meridian: Some(meridian) } => format!("gk{meridian}"),
        }
    }

    /// Chinese and English name.
    pub fn name(self) -> (String, String) {
        match self {
            Self::Wgs84 => ("WGS-84 经纬度".to_owned(), "WGS-84, degrees".to_owned()),
            Self::Cgcs2000 => ("CGCS2000 经纬度".to_owned(), "CGCS2000, degrees".to_owned()),
            Self::Gcj02 => ("GCJ-02（已还原偏移）".to_owned(), "GCJ-02, shift undone".to_owned()),
            Self::GaussKruger { meridian: None } => {
                ("CGCS2000 三度带高斯投影（带号）".to_owned(), "CGCS2000 3° Gauss–Krüger with zone number".to_owned())
            }
            Self::GaussKruger { meridian: Some(meridian) } => (
                format!("CGCS2000 三度带高斯投影，中央经线 {meridian}°"),
                format!("CGCS2000 3° Gauss–Krüger, central meridian {meridian}°"),
            ),
        }
    }

    /// Degrees in WGS-84; `None` for what cannot lie in the system.
    pub fn to_wgs84(self, x: f64, y: f64) -> Option<Coord> {
        let (x, y) = match self {
            Self::Wgs84 | Self::Cgcs2000 => (x, y),
            Self::Gcj02 => frame::from_gcj02(x, y),
            Self::GaussKruger { meridian } => frame::from_gauss_kruger(x, y, meridian)?,
        };
        Some(Coord { x, y })
    }

    /// The `crs` member of an old GeoJSON file, such as `urn:ogc:def:crs:EPSG::4490`.
    pub fn from_urn(urn: &str) -> Result<Self, String> {
        let last = urn.rsplit([':', '/']).next().unwrap_or_default().to_uppercase();
        if ["CRS84", "4326", "WGS84"].contains(&last.as_str()) {
            return Ok(Self::Wgs84);
        }
        if ["GCJ02", "GCJ-02"].contains(&last.as_str()) {
            return Ok(Self::Gcj02);
        }
        match last.parse::<u32>() {
            Ok(4490) => Ok(Self::Cgcs2000),
            // CGCS2000 / 3-degree Gauss–Krüger zones 25–45, and the same by central meridian 75°E–135°E.
            Ok(4513..=4533) => Ok(Self::GaussKruger { meridian: None }),
            Ok(code @ 4534..=4554) => Ok(Self::GaussKruger { meridian: Some(75.0 + 3.0 * f64::from(code - 4534)) }),
            _ => Err(format!("不支持的坐标系 {urn} (coordinate system not supported)")),
        }
    }

    /// The `.prj` of a shapefile. Other ellipsoids need a local transformation and are refused by name.
    pub fn from_wkt(wkt: &str) -> Result<Self, String> {
        let flat: String = wkt.to_uppercase().chars().filter(|letter| !letter.is_whitespace()).collect();
        for (word, name) in [
            ("XIAN_1980", "西安80 (Xian 1980)"),
            ("XIAN1980", "西安80 (Xian 1980)"),
            ("BEIJING_1954", "北京54 (Beijing 1954)"),
            ("BEIJING1954", "北京54 (Beijing 1954)"),
        ] {
            if flat.contains(word) {
                return Err(format!("{name}：请先转换到 CGCS2000 (convert to CGCS2000 first)"));
            }
        }
        let chinese = ["CGCS2000", "CGCS_2000", "CHINA_2000", "CHINA_GEODETIC_COORDINATE_SYSTEM_2000"]
            .iter()
            .any(|word| flat.contains(word));
        let world = ["WGS_1984", "WGS84", "WGS_84"].iter().any(|word| flat.contains(word));
        if !(flat.contains("PROJCS[") || flat.contains("PROJCRS[")) {
            return match (chinese, world) {
                (true, _) => Ok(Self::Cgcs2000),
                (_, true) => Ok(Self::Wgs84),
                _ => Err("prj 里的坐标系不认识 (the .prj names an unknown system)".to_owned()),
            };
        }
        let number = |name: &str| -> Option<f64> {
            let rest = &flat[flat.find(&format!("\"{name}\","))? + name.len() + 3..];
            rest.split([']', ',']).next()?.parse().ok()
        };
        let transverse = flat.contains("GAUSS_KRUGER") || flat.contains("TRANSVERSE_MERCATOR");
        let scale = number("SCALE_FACTOR").unwrap_or(1.0);
        let (Some(meridian), Some(easting)) = (number("CENTRAL_MERIDIAN"), number("FALSE_EASTING")) else {
            return Err("prj 缺少中央经线或东偏 (the .prj lacks meridian or false easting)".to_owned());
        };
        let zone = (easting / 1_000_000.0).floor();
        if !(chinese && transverse) || (scale - 1.0).abs() > 1e-9 {
            return Err("只支持 CGCS2000 高斯–克吕格投影 (only CGCS2000 Gauss–Krüger is supported)".to_owned());
        }
        match zone {
            0.0 if easting == 500_000.0 => Ok(Self::GaussKruger { meridian: Some(meridian) }),
            zone if zone * 3.0 == meridian => Ok(Self::GaussKruger { meridian: None }),
            _ => Err(format!(
                "东偏 {easting} 与中央经线 {meridian} 不是三度带 (false easting and meridian are no 3° zone)"
            )),
        }
    }

    /// What the numbers can only be, when nothing says it. GCJ-02 cannot be told from its numbers.
    pub fn guess(samples: &[Coord], extent: Extent) -> Option<Self> {
        let fits = |system: Self| {
            samples.iter().all(|place| system.to_wgs84(place.x, place.y).is_some_and(|found| extent.contains(found)))
        };
        if samples.iter().all(|place| place.x.abs() <= 180.0 && place.y.abs() <= 180.0) {
            return Some(Self::Wgs84);
        }
        let with_zone = Self::GaussKruger { meridian: None };
        if fits(with_zone) {
            return Some(with_zone);
        }
        let mut found = (25..=45)
            .map(|zone| Self::GaussKruger { meridian: Some(f64::from(zone * 3)) })
            .filter(|system| fits(*system));
        match (found.next(), found.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YOUYANG: Extent = Extent([108.2, 28.2, 109.5, 29.5]);

    fn wkt(text: &str, expect: Result<&str, &str>) {
        match (ReferenceSystem::from_wkt(text), expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found.word(), expect, "{text}"),
            (Err(found), Err(expect)) => assert!(found.contains(expect), "{found}"),
            (found, expect) => panic!("{text}: {found:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn what_a_prj_says() {
        let datum = "GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\",DATUM[\"D_China_2000\",SPHEROID[\"CGCS2000\",6378137.0,298.257222101]],PRIMEM[\"Greenwich\",0.0]]";
        let projected = |easting: f64, meridian: f64, scale: f64| {
            format!(
                "PROJCS[\"CGCS2000_3_Degree_GK\",{datum},PROJECTION[\"Gauss_Kruger\"],PARAMETER[\"False_Easting\",{easting:.1}],PARAMETER[\"Central_Meridian\",{meridian:.1}],PARAMETER[\"Scale_Factor\",{scale:.4}],UNIT[\"Meter\",1.0]]"
            )
        };
        wkt(datum, Ok("cgcs2000"));
        wkt("GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\"]]", Ok("wgs84"));
        wkt(&projected(36_500_000.0, 108.0, 1.0), Ok("gk"));
        wkt(&projected(500_000.0, 108.0, 1.0), Ok("gk108"));
        wkt(&projected(500_000.0, 108.0, 0.9996), Err("only CGCS2000"));
        wkt(&projected(18_500_000.0, 105.0, 1.0), Err("no 3° zone"));
        wkt("PROJCS[\"Xian_1980_3_Degree_GK_Zone_36\"]", Err("convert to CGCS2000"));
        wkt("GEOGCS[\"NAD27\"]", Err("unknown system"));
    }

    #[test]
    fn what_a_crs_member_says() {
        let check = |urn: &str, expect: Option<&str>| {
            assert_eq!(ReferenceSystem::from_urn(urn).ok().map(ReferenceSystem::word).as_deref(), expect, "{urn}");
        };
        check("urn:ogc:def:crs:OGC:1.3:CRS84", Some("wgs84"));
        check("urn:ogc:def:crs:EPSG::4490", Some("cgcs2000"));
        check("EPSG:4545", Some("gk108"));
        check("EPSG:4524", Some("gk"));
        check("EPSG:3857", None);
        for word in ["wgs84", "cgcs2000", "gcj02", "gk", "gk108"] {
            assert_eq!(ReferenceSystem::from_word(word).map(ReferenceSystem::word).as_deref(), Some(word));
        }
        assert_eq!(ReferenceSystem::from_word("gk107"), None);
    }

    #[test]
    fn what_numbers_can_only_be() {
        let check = |x: f64, y: f64, expect: Option<&str>| {
            let found = ReferenceSystem::guess(&[Coord { x, y }], YOUYANG);
            assert_eq!(found.map(ReferenceSystem::word).as_deref(), expect, "{x} {y}");
        };
        check(108.77, 28.84, Some("wgs84"));
        check(36_575_000.0, 3_191_500.0, Some("gk"));
        check(575_000.0, 3_191_500.0, Some("gk108"));
        // Web Mercator is none of ours.
        check(12_108_000.0, 3_353_000.0, None);
    }
}
