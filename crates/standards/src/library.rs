//! The library of standards (标准库): dated data, readable tables, and what is not confirmed.
//!
//! One file of `data/` is one edition (or one phase of an edition) of one standard. Figures stay text until a typed
//! view parses them, so a reader page, the command line and the judging code all read the same cell.

mod figure;
mod file;
mod model;

pub use figure::{Confirmation, FigureError, Unconfirmed};
pub use file::LoadError;
pub use model::{Area, Cell, Column, Confidence, Effect, Figure, Standard, Table};

use crate::{Date, Text};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// All standards, in the order of their files.
#[derive(Clone, Debug, Default)]
pub struct Library {
    standards: Vec<Standard>,
}

/// The data shipped in the binary; a failure to parse it is kept and reported by [`Library::embedded`].
static EMBEDDED: LazyLock<Result<Arc<Library>, LoadError>> =
    LazyLock::new(|| file::parse_all(file::EMBEDDED_FILES.iter().copied()).map(Arc::new));

impl Library {
    /// The standards shipped with the program.
    ///
    /// # Errors
    /// Only when the shipped data itself is broken (a test parses all of it).
    pub fn embedded() -> Result<Arc<Self>, LoadError> {
        EMBEDDED.clone()
    }

    /// Standards from a folder of `*.toml` (searched recursively), for administrators who maintain their own.
    ///
    /// # Errors
    /// Names the file, and inside it what is wrong.
    pub fn from_folder(folder: &Path) -> Result<Self, LoadError> {
        file::read_folder(folder)
    }

    /// A library of exactly these texts `(name, toml)`.
    ///
    /// # Errors
    /// Names the file, and inside it what is wrong.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, LoadError> {
        file::parse_all(texts)
    }

    pub fn all(&self) -> &[Standard] {
        &self.standards
    }

    /// Every edition whose code is `code`, or whose family is (`GB 3095` finds all editions), or whose id is.
    pub fn find<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Standard> {
        self.standards.iter().filter(move |standard| {
            let wanted = code.trim();
            standard.code.eq_ignore_ascii_case(wanted)
                || standard.family.eq_ignore_ascii_case(wanted)
                || standard.id().eq_ignore_ascii_case(wanted)
        })
    }

    /// One edition of a family, whatever its dates: for recomputing history under one edition on purpose.
    ///
    /// # Errors
    /// When the library has no such edition.
    pub fn edition(&self, family: &str, edition: &str) -> Result<&Standard, NotCovered> {
        self.standards
            .iter()
            .find(|standard| standard.family == family && standard.edition == edition)
            .ok_or_else(|| self.not_covered(family, None, None))
    }

    /// The edition of `family` in force (施行) in `area` (six-digit division code, or empty for the nation) at `at`.
    /// Where editions overlap, the one whose effect began later wins; of two that began together, the more local one.
    ///
    /// # Errors
    /// When no edition covers the date there; the error lists what is covered.
    pub fn in_force(&self, family: &str, area: &str, at: Date) -> Result<&Standard, NotCovered> {
        self.standards
            .iter()
            .filter(|standard| standard.family == family)
            .flat_map(|standard| standard.effects.iter().map(move |effect| (standard, effect)))
            .filter_map(|(standard, effect)| effect.covers(area, at).map(|locality| (effect.from, locality, standard)))
            .max_by_key(|(from, locality, _)| (*from, *locality))
            .map(|(_, _, standard)| standard)
            .ok_or_else(|| self.not_covered(family, Some(area), Some(at)))
    }

    fn not_covered(&self, family: &str, area: Option<&str>, at: Option<Date>) -> NotCovered {
        NotCovered {
            family: family.to_owned(),
            area: area.unwrap_or_default().to_owned(),
            at,
            known: self.standards.iter().filter(|standard| standard.family == family).map(Standard::coverage).collect(),
        }
    }
}

/// No edition of a standard covers a date in an area (未覆盖); nothing may be judged by guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCovered {
    pub family: String,
    pub area: String,
    pub at: Option<Date>,
    /// What the library has of that family, one line an edition.
    pub known: Vec<String>,
}

impl NotCovered {
    pub fn text(&self) -> Text {
        let at = self.at.map(|date| date.to_string()).unwrap_or_default();
        let known = if self.known.is_empty() { "—".to_owned() } else { self.known.join("; ") };
        Text::new(
            format!("标准库中没有覆盖 {at} {} 的 {}；已有：{known}", self.area, self.family),
            format!("no edition of {} in the library covers {at} {}; available: {known}", self.family, self.area),
        )
    }
}

impl fmt::Display for NotCovered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text().en)
    }
}

impl std::error::Error for NotCovered {}
