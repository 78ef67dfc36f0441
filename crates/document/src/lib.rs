//! Office documents (公文) as docx: headings, paragraphs, tables with links and bars, charts. No I/O, no clock: the same
//! blocks give the same bytes.
//!
//! - [`Document`]: what is in it, in order.
//! - [`Document::to_docx`]: the OOXML package.
//!
//! A chart stands above the table of its numbers, so that whoever does not see it can read it; bars in cells are
//! characters.

mod chart;
mod docx;

pub use chart::{Chart, ChartKind, Series};

/// A piece of text in a cell or paragraph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub text: String,
    pub bold: bool,
    /// Six hexadecimal digits.
    pub colour: Option<String>,
    /// Absolute address.
    pub link: Option<String>,
}

impl Run {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn linked(text: impl Into<String>, link: impl Into<String>) -> Self {
        Self { text: text.into(), link: Some(link.into()), ..Self::default() }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    pub runs: Vec<Run>,
    /// Fills so much of the cell, 0 to 1, with `shade`: a bar.
    pub bar: Option<f64>,
    /// Six hexadecimal digits.
    pub shade: Option<String>,
    pub right: bool,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { runs: vec![Run::new(text)], ..Self::default() }
    }

    pub fn number(text: impl Into<String>) -> Self {
        Self { right: true, ..Self::text(text) }
    }

    pub fn bar(share: f64, colour: &str) -> Self {
        Self { bar: Some(share.clamp(0.0, 1.0)), shade: Some(colour.to_owned()), ..Self::default() }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Title(String),
    /// Level 1 to 3.
    Heading(u8, String),
    Paragraph(Vec<Run>),
    /// Header cells, rows, relative widths (empty: equal).
    Table {
        header: Vec<String>,
        rows: Vec<Vec<Cell>>,
        widths: Vec<u32>,
    },
    Chart(Chart),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub title: String,
    pub author: String,
    pub blocks: Vec<Block>,
}

#[derive(Debug)]
pub struct WriteError(pub String);

impl std::fmt::Display for WriteError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "writing a docx: {}", self.0)
    }
}

impl std::error::Error for WriteError {}

impl Document {
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }

    pub fn heading(&mut self, level: u8, text: impl Into<String>) {
        self.blocks.push(Block::Heading(level.clamp(1, 3), text.into()));
    }

    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(vec![Run::new(text)]));
    }

    pub fn table(&mut self, header: &[&str], widths: &[u32], rows: Vec<Vec<Cell>>) {
        let header = header.iter().map(|&text| text.to_owned()).collect();
        self.blocks.push(Block::Table { header, rows, widths: widths.to_vec() });
    }

    /// The OOXML package (ECMA-376, transitional): A4, East Asian fonts by name.
    pub fn to_docx(&self) -> Result<Vec<u8>, WriteError> {
        docx::write(self)
    }
}
