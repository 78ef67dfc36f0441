//! The pages' templates.

use askama::Template;
use kernel::{Name, Timestamp};

use crate::model::{AirRow, Situation, WaterRow};

/// Which language a page is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Chinese,
    English,
}

impl Language {
    pub fn from_query(text: Option<&str>) -> Self {
        if text == Some("en") { Self::English } else { Self::Chinese }
    }

    pub fn pick<'n>(&self, name: &'n Name) -> &'n str {
        match self {
            Self::English if !name.en.is_empty() => &name.en,
            _ => &name.zh,
        }
    }

    /// One of two texts.
    pub fn say<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        if *self == Self::English { en } else { zh }
    }

    pub fn code(&self) -> &'static str {
        if *self == Self::English { "en" } else { "zh-CN" }
    }

    /// Query that keeps the language on the next page.
    pub fn query(&self) -> &'static str {
        if *self == Self::English { "?lang=en" } else { "" }
    }

    pub fn situation(&self, situation: &Situation) -> String {
        self.pick(&situation.name()).to_owned()
    }
}

/// `11-25 14:00` in the county's time; the year where it is not this one.
pub fn clock(time: &Timestamp, now: &Timestamp) -> String {
    let iso = time.to_iso();
    let (date, hour) = (&iso[..10], &iso[11..16]);
    let date = if now.to_iso()[..4] == date[..4] { &date[5..] } else { date };
    format!("{date} {hour}")
}

#[derive(Template)]
#[template(path = "home.html")]
pub struct Home<'p> {
    pub language: Language,
    pub other: &'static str,
    pub path: &'static str,
    pub county: Name,
    pub now: Timestamp,
    pub show_air: bool,
    pub show_water: bool,
    pub air: &'p [AirRow],
    pub water: &'p [WaterRow],
    pub simulated: bool,
}

#[derive(Template)]
#[template(path = "method.html")]
pub struct Method {
    pub language: Language,
    pub other: &'static str,
    pub path: &'static str,
    pub county: Name,
}
