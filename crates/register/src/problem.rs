//! Findings about the files of a county pack, in the style of a compiler: file, line, column, what, what to do.

use kernel::Name;

/// Where something stands in a file; both counted from 1. The column counts characters in TOML and JSON,
/// fields in CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Position {
    pub const START: Self = Self { line: 1, column: 1 };

    /// The position of a byte offset. Offsets inside a character count as that character.
    pub fn of_offset(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: 1 + before.bytes().filter(|&byte| byte == b'\n').count() as u32,
            column: 1 + before[line_start..].chars().count() as u32,
        }
    }
}

/// The numbers of findings. A number never changes its meaning; `docs/guides/county-pack.md` explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemCode {
    TomlSyntax,
    CsvSyntax,
    JsonSyntax,
    TooLarge,
    StrayFile,
    NotUtf8,
    FileMissing,
    UnknownKey,
    WrongShape,
    UnknownCodeList,
    UnknownLedger,
    DuplicateDefinition,
    UnknownFieldName,
    RequiredMissing,
    UnknownField,
    WrongType,
    OutOfRange,
    UnknownCode,
    Duplicate,
    BrokenLink,
    BadLocation,
    SourceMissing,
    BadFormat,
    BadLayer,
    BadSimulation,
    BadStandard,
}

impl ProblemCode {
    pub const ALL: [Self; 26] = [
        Self::TomlSyntax,
        Self::CsvSyntax,
        Self::JsonSyntax,
        Self::TooLarge,
        Self::StrayFile,
        Self::NotUtf8,
        Self::FileMissing,
        Self::UnknownKey,
        Self::WrongShape,
        Self::UnknownCodeList,
        Self::UnknownLedger,
        Self::DuplicateDefinition,
        Self::UnknownFieldName,
        Self::RequiredMissing,
        Self::UnknownField,
        Self::WrongType,
        Self::OutOfRange,
        Self::UnknownCode,
        Self::Duplicate,
        Self::BrokenLink,
        Self::BadLocation,
        Self::SourceMissing,
        Self::BadFormat,
        Self::BadLayer,
        Self::BadSimulation,
        Self::BadStandard,
    ];

    pub const fn number(self) -> &'static str {
        match self {
            Self::TomlSyntax => "QP-101",
            Self::CsvSyntax => "QP-102",
            Self::JsonSyntax => "QP-103",
            Self::TooLarge => "QP-104",
            Self::StrayFile => "QP-105",
            Self::NotUtf8 => "QP-106",
            Self::FileMissing => "QP-107",
            Self::UnknownKey => "QP-201",
            Self::WrongShape => "QP-202",
            Self::UnknownCodeList => "QP-203",
            Self::UnknownLedger => "QP-204",
            Self::DuplicateDefinition => "QP-205",
            Self::UnknownFieldName => "QP-206",
            Self::RequiredMissing => "QP-301",
            Self::UnknownField => "QP-302",
            Self::WrongType => "QP-303",
            Self::OutOfRange => "QP-304",
            Self::UnknownCode => "QP-305",
            Self::Duplicate => "QP-306",
            Self::BrokenLink => "QP-307",
            Self::BadLocation => "QP-308",
            Self::SourceMissing => "QP-309",
            Self::BadFormat => "QP-310",
            Self::BadLayer => "QP-401",
            Self::BadSimulation => "QP-501",
            Self::BadStandard => "QP-601",
        }
    }
}

/// One finding. All findings are errors: a pack with one is not loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct PackProblem {
    /// Path inside the pack, with `/`.
    pub file: String,
    pub at: Position,
    pub code: ProblemCode,
    pub what: Name,
    /// What to do about it.
    pub hint: Name,
    /// The line of the file it points at, cut to a readable length.
    pub excerpt: String,
}

const EXCERPT_CHARACTERS: usize = 160;

impl std::fmt::Display for PackProblem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "error[{}]: {} / {}", self.code.number(), self.what.zh, self.what.en)?;
        write!(formatter, "  --> {}:{}:{}", self.file, self.at.line, self.at.column)?;
        if !self.excerpt.is_empty() {
            write!(formatter, "\n   | {}", self.excerpt)?;
        }
        if !self.hint.zh.is_empty() {
            write!(formatter, "\n   = 改法: {}\n   = hint: {}", self.hint.zh, self.hint.en)?;
        }
        Ok(())
    }
}

/// Collects findings of one file. Bounded: after [`Findings::MOST`] only the count goes on.
#[derive(Debug)]
pub struct Findings {
    pub list: Vec<PackProblem>,
    pub dropped: usize,
}

impl Default for Findings {
    fn default() -> Self {
        Self::new()
    }
}

impl Findings {
    /// More findings than this help nobody.
    pub const MOST: usize = 500;

    pub const fn new() -> Self {
        Self { list: Vec::new(), dropped: 0 }
    }

    pub fn add(&mut self, file: &str, at: Position, code: ProblemCode, what: (String, String), hint: (String, String)) {
        if self.list.len() >= Self::MOST {
            self.dropped += 1;
            return;
        }
        self.list.push(PackProblem {
            file: file.to_owned(),
            at,
            code,
            what: Name { zh: what.0, en: what.1 },
            hint: Name { zh: hint.0, en: hint.1 },
            excerpt: String::new(),
        });
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Sorts by place and quotes the line each finding points at.
    pub fn finish(mut self, text_of: impl Fn(&str) -> Option<String>) -> Vec<PackProblem> {
        for problem in &mut self.list {
            if let Some(text) = text_of(&problem.file) {
                let line = text.lines().nth(problem.at.line.saturating_sub(1) as usize).unwrap_or_default();
                problem.excerpt = line.trim_end().chars().take(EXCERPT_CHARACTERS).collect();
            }
        }
        self.list.sort_by(|left, right| {
            (&left.file, left.at, left.code, &left.what.en).cmp(&(&right.file, right.at, right.code, &right.what.en))
        });
        self.list
    }
}
