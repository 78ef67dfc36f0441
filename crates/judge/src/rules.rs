//! The standards that verdicts rest on, read once from the library, by area and date.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use kernel::{Day, Point, Problem};
use standards::air::{Air, DustRule};
use standards::electromagnetic::EmLimits;
use standards::groundwater::Groundwater;
use standards::measure::Factors;
use standards::noise::NoiseLimits;
use standards::sources::{SourceKind, Validity};
use standards::water::{Surface, Trophic};
use standards::{Library, Text};

use crate::gather::Codes;
use crate::period;
use crate::rule::air::AirSet;
use crate::rule::limit::Limits;
use crate::unit::UnitProfiles;

/// Every rule that verdicts rest on, read once from the library.
pub struct Rules {
    pub library: Arc<Library>,
    pub air: Air,
    pub factors: Factors,
    pub area: String,
    pub codes: Codes,
    surfaces: Mutex<HashMap<String, Arc<Surface>>>,
    trophic: Mutex<HashMap<String, Arc<Trophic>>>,
    noise: Vec<(String, Arc<NoiseLimits>)>,
    groundwater: Vec<(String, Arc<Groundwater>)>,
    electromagnetic: Vec<(String, Arc<EmLimits>)>,
    units: RwLock<Arc<UnitProfiles>>,
}

impl Rules {
    /// # Errors
    /// When a table of the library cannot be read.
    pub fn new(library: Arc<Library>, area: String) -> Result<Self, Problem> {
        let failed =
            |text: Text| Problem::new(kernel::ErrorCode::Internal, format!("标准数据：{} ({})", text.zh, text.en));
        let mut noise = Vec::new();
        for standard in library.all().iter().filter(|standard| standard.family == "GB 3096") {
            let limits = NoiseLimits::from_standard(standard).map_err(|error| failed(error.text()))?;
            noise.push((standard.id(), Arc::new(limits)));
        }
        let mut groundwater = Vec::new();
        for standard in library.find("GB/T 14848") {
            let rules = Groundwater::from_standard(&library, standard).map_err(|error| failed(error.text()))?;
            groundwater.push((standard.id(), Arc::new(rules)));
        }
        let mut electromagnetic = Vec::new();
        for standard in library.find("GB 8702") {
            let limits = EmLimits::from_standard(standard).map_err(|error| failed(error.text()))?;
            electromagnetic.push((standard.id(), Arc::new(limits)));
        }
        Ok(Self {
            groundwater,
            electromagnetic,
            air: Air::load(Arc::clone(&library)).map_err(|error| failed(error.text()))?,
            factors: Factors::load(&library).map_err(|error| failed(error.text()))?,
            library,
            area,
            codes: Codes::default(),
            surfaces: Mutex::default(),
            trophic: Mutex::default(),
            noise,
            units: RwLock::default(),
        })
    }

    pub fn units(&self) -> Arc<UnitProfiles> {
        Arc::clone(&self.units.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub fn set_units(&self, units: UnitProfiles) {
        *self.units.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(units);
    }

    /// The editions of the air standards in force on a day.
    pub fn air_at(&self, day: Day) -> Result<AirSet, Text> {
        let date = period::date(day);
        let area = &self.area;
        Ok(AirSet {
            rules: self.air.rules(area, date).map_err(|error| error.text())?,
            limits: self.air.limits(area, date).map_err(|error| error.text())?,
            method: self.air.method(area, date).map_err(|error| error.text())?,
        })
    }

    /// What leaves dust days out on a day; `None` before there was a rule.
    pub fn dust_at(&self, day: Day) -> Result<Option<DustRule>, Text> {
        DustRule::in_force(&self.library, period::date(day)).map_err(|error| error.text())
    }

    pub fn surface_at(&self, day: Day) -> Result<Arc<Surface>, Text> {
        let date = period::date(day);
        let edition = self.library.in_force("GB 3838", &self.area, date).map_err(|error| error.text())?.id();
        let mut surfaces = self.surfaces.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // The method of 2011 is older than any data; an edition that replaced it would come with its own dates.
        let name = format!("{edition}/{}", date.year());
        if let Some(surface) = surfaces.get(&name) {
            return Ok(Arc::clone(surface));
        }
        let mut surface = Surface::in_force(&self.library, &self.area, date).map_err(|error| error.text())?;
        // Shown by the reader page; carrying the list through every evaluation would cost more than judging.
        surface.unconfirmed.clear();
        let surface = Arc::new(surface);
        surfaces.insert(name, Arc::clone(&surface));
        Ok(surface)
    }

    /// The trophic index of lakes in force on a day.
    pub fn trophic_at(&self, day: Day) -> Result<Arc<Trophic>, Text> {
        let date = period::date(day);
        let method = self.library.in_force("地表水环境质量评价办法", "", date).map_err(|error| error.text())?.id();
        let mut known = self.trophic.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(trophic) = known.get(&method) {
            return Ok(Arc::clone(trophic));
        }
        let trophic = Arc::new(Trophic::in_force(&self.library, date).map_err(|error| error.text())?);
        known.insert(method, Arc::clone(&trophic));
        Ok(trophic)
    }

    pub fn noise_at(&self, day: Day) -> Result<Arc<NoiseLimits>, Text> {
        let standard =
            self.library.in_force("GB 3096", &self.area, period::date(day)).map_err(|error| error.text())?.id();
        let found = self.noise.iter().find(|(id, _)| *id == standard);
        found.map(|(_, limits)| Arc::clone(limits)).ok_or_else(|| Text::new("没有噪声限值", "no noise limits"))
    }

    /// How many values make a mean of a source valid (HJ 76, HJ 356); `None` where no edition covers the day.
    pub fn validity_at(&self, kind: SourceKind, day: Day) -> Option<Validity> {
        Validity::in_force(&self.library, kind, period::date(day)).ok()
    }

    pub fn groundwater_at(&self, day: Day) -> Result<Arc<Groundwater>, Text> {
        let edition =
            self.library.in_force("GB/T 14848", &self.area, period::date(day)).map_err(|error| error.text())?.id();
        let found = self.groundwater.iter().find(|(id, _)| *id == edition);
        found.map(|(_, rules)| Arc::clone(rules)).ok_or_else(|| Text::new("没有地下水标准", "no groundwater standard"))
    }

    /// The edition in force and its limits.
    pub fn electromagnetic_at(&self, day: Day) -> Result<(String, Arc<EmLimits>), Text> {
        let edition =
            self.library.in_force("GB 8702", &self.area, period::date(day)).map_err(|error| error.text())?.id();
        let found = self.electromagnetic.iter().find(|(id, _)| *id == edition).cloned();
        found.ok_or_else(|| Text::new("没有电磁环境限值", "no limits of the electromagnetic environment"))
    }

    pub(crate) fn limits<'l>(&'l self, point: &'l Point, units: &'l UnitProfiles) -> Limits<'l> {
        Limits {
            point: point.id,
            limits: &point.limits,
            factors: &self.factors,
            units,
            standard: point.standard.as_deref(),
        }
    }
}
