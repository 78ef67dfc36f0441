//! Editions of the standard and the Flag byte that names them (版本标志).

/// An edition of HJ 212, told by the upper six bits of Flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edition {
    /// HJ/T 212-2005; also every packet without a Flag.
    V2005,
    /// HJ 212-2017.
    V2017,
    /// HJ 212-2025.
    V2025,
}

impl Edition {
    /// The edition a Flag value names. Versions that no standard knows yet are read as the newest.
    pub const fn of_flag(flag: Option<u8>) -> Self {
        match flag {
            None => Self::V2005,
            Some(flag) => match flag >> 2 {
                0 => Self::V2005,
                1 => Self::V2017,
                _ => Self::V2025,
            },
        }
    }

    /// Flag with the edition's version bits and neither answer nor split asked for: 0, 4 or 8.
    pub const fn flag(self) -> u8 {
        match self {
            Self::V2005 => 0,
            Self::V2017 => 4,
            Self::V2025 => 8,
        }
    }

    /// `2005`, `2017` or `2025`.
    pub const fn year(self) -> &'static str {
        match self {
            Self::V2005 => "2005",
            Self::V2017 => "2017",
            Self::V2025 => "2025",
        }
    }

    pub fn from_year(year: &str) -> Option<Self> {
        [Self::V2005, Self::V2017, Self::V2025].into_iter().find(|edition| edition.year() == year)
    }
}

/// Flag bit 0: the sender wants an answer (应答标志).
pub const ANSWER_WANTED: u8 = 1;
/// Flag bit 1: PNUM and PNO are present (拆分包标志).
pub const SPLIT: u8 = 2;
