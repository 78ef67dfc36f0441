//! Assessment documents (评估报告): yearly, mid-term, final; one content, three forms: docx, xlsx, and a web page whose
//! numbers are links. Pure; the content is saved as it is and never rendered from newer data.

use document::{Cell as DocumentCell, Document, Run};
use kernel::{Name, Problem, Timestamp};
use rust_xlsxwriter::{Format, Workbook};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 年度
    Yearly,
    /// 中期
    MidTerm,
    /// 终期
    Final,
}

impl Kind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Yearly => "yearly",
            Self::MidTerm => "mid_term",
            Self::Final => "final",
        }
    }

    pub fn name(self) -> Name {
        match self {
            Self::Yearly => Name::new("年度评估", "yearly assessment"),
            Self::MidTerm => Name::new("中期评估", "mid-term assessment"),
            Self::Final => Name::new("终期评估", "final assessment"),
        }
    }
}

/// A cell: what it says, and where a reader sees why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Entry {
    pub text: String,
    /// Path of a page of this platform.
    pub href: Option<String>,
    /// The text is a number.
    pub number: bool,
    /// Draws a bar of this share, 0 to 1.
    pub bar: Option<f64>,
}

impl Entry {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn number(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: Some(href.into()), number: true, bar: None }
    }

    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: Some(href.into()), ..Self::default() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TableBlock {
    pub title: Name,
    pub header: Vec<Name>,
    /// Relative widths.
    pub widths: Vec<u32>,
    pub rows: Vec<Vec<Entry>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartForm {
    Line,
    Bar,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChartSeries {
    pub name: Name,
    /// Six hexadecimal digits.
    pub colour: String,
    pub dashed: bool,
    /// In the order of the categories; a gap where nothing is known.
    pub values: Vec<Option<f64>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChartBlock {
    pub kind: ChartForm,
    pub title: Name,
    pub categories: Vec<Name>,
    pub series: Vec<ChartSeries>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Section {
    pub title: Name,
    pub paragraphs: Vec<Name>,
    /// Above the tables of their numbers. Those written before there were charts have none.
    #[serde(default)]
    pub charts: Vec<ChartBlock>,
    pub tables: Vec<TableBlock>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Assessment {
    pub kind: Kind,
    pub year: i32,
    pub title: Name,
    pub plan: Name,
    /// Revision of the plan that it was written under.
    pub plan_revision: i64,
    pub as_of: Timestamp,
    /// Rests on simulated (模拟) data.
    pub simulated: bool,
    pub sections: Vec<Section>,
}

const SIMULATED: &str = "注意：部分数值由模拟数据算出，不是监测结果。";

impl Assessment {
    /// Chinese, as county papers are. `base` is the address of this platform, for the links.
    pub fn to_docx(&self, base: &str, approved: Option<&str>) -> Result<Vec<u8>, Problem> {
        let mut document = Document::new(&self.title.zh);
        document.author = "青山 Qingshan".into();
        document.blocks.push(document::Block::Title(self.title.zh.clone()));
        document.paragraph(self.standing_of(approved));
        if self.simulated {
            document.paragraph(SIMULATED);
        }
        for section in &self.sections {
            document.heading(1, section.title.zh.clone());
            for paragraph in &section.paragraphs {
                document.paragraph(paragraph.zh.clone());
            }
            document.blocks.extend(section.charts.iter().map(chart_of));
            for table in &section.tables {
                document.heading(2, table.title.zh.clone());
                let header: Vec<&str> = table.header.iter().map(|name| name.zh.as_str()).collect();
                let rows =
                    table.rows.iter().map(|row| row.iter().map(|entry| cell_of(entry, base)).collect()).collect();
                document.table(&header, &table.widths, rows);
            }
        }
        document.to_docx().map_err(|error| Problem::new(kernel::ErrorCode::Internal, error.to_string()))
    }

    /// Of when it is, and whether somebody approved it.
    fn standing_of(&self, approved: Option<&str>) -> String {
        format!(
            "数据截至 {}；规划第 {} 次修订；{}",
            &self.as_of.to_iso()[..16].replace('T', " "),
            self.plan_revision,
            approved.unwrap_or("草稿，未审批")
        )
    }

    /// What it is, then one sheet a table; numbers as numbers.
    pub fn to_xlsx(&self, base: &str, approved: Option<&str>) -> Result<Vec<u8>, Problem> {
        let failed = |error: rust_xlsxwriter::XlsxError| {
            Problem::new(kernel::ErrorCode::Internal, format!("writing an xlsx: {error}"))
        };
        let mut book = Workbook::new();
        let made = rust_xlsxwriter::ExcelDateTime::from_timestamp(self.as_of.millis() / 1000).map_err(failed)?;
        // The same assessment is the same bytes whenever it is written.
        book.set_properties(
            &rust_xlsxwriter::DocProperties::new().set_title(&self.title.zh).set_creation_datetime(&made),
        );
        let about = book.add_worksheet();
        about.set_name("说明").map_err(failed)?;
        about.set_column_width(0, 90.0).map_err(failed)?;
        let mut lines = vec![self.title.zh.clone(), self.standing_of(approved)];
        if self.simulated {
            lines.push(SIMULATED.to_owned());
        }
        lines.extend(self.sections.iter().flat_map(|section| &section.paragraphs).map(|one| one.zh.clone()));
        for (line, text) in lines.iter().enumerate() {
            about.write_string(line as u32, 0, text).map_err(failed)?;
        }
        let bold = Format::new().set_bold().set_text_wrap();
        let tables = self.sections.iter().flat_map(|section| &section.tables);
        for (number, table) in tables.enumerate().take(50) {
            let sheet = book.add_worksheet();
            let name: String =
                table.title.zh.chars().filter(|letter| !"[]:*?/\\'".contains(*letter)).take(24).collect();
            sheet.set_name(format!("{}-{name}", number + 1)).map_err(failed)?;
            for (column, name) in table.header.iter().enumerate() {
                sheet.write_string_with_format(0, column as u16, &name.zh, &bold).map_err(failed)?;
                let width = table.widths.get(column).copied().unwrap_or(1);
                sheet.set_column_width(column as u16, f64::from(8 * width.clamp(1, 6))).map_err(failed)?;
            }
            for (line, row) in table.rows.iter().enumerate() {
                for (column, entry) in row.iter().enumerate() {
                    let (line, column) = (line as u32 + 1, column as u16);
                    match (entry.number, entry.text.parse::<f64>(), &entry.href) {
                        (true, Ok(value), _) => sheet.write_number(line, column, value).map_err(failed)?,
                        (_, _, Some(href)) => {
                            let url = rust_xlsxwriter::Url::new(format!("{base}{href}")).set_text(&entry.text);
                            sheet.write_url(line, column, url).map_err(failed)?
                        }
                        _ => sheet.write_string(line, column, &entry.text).map_err(failed)?,
                    };
                }
            }
        }
        book.save_to_buffer().map_err(failed)
    }
}

/// Numbers in words for whoever does not see the chart.
fn chart_of(chart: &ChartBlock) -> document::Block {
    let words = chart.series.iter().map(|series| {
        let values: Vec<String> = chart
            .categories
            .iter()
            .zip(&series.values)
            .filter_map(|(name, value)| Some(format!("{} {}", name.zh, (*value)?)))
            .collect();
        format!("{}：{}", series.name.zh, values.join("，"))
    });
    document::Block::Chart(document::Chart {
        kind: match chart.kind {
            ChartForm::Line => document::ChartKind::Line,
            ChartForm::Bar => document::ChartKind::Bar,
        },
        title: chart.title.zh.clone(),
        description: words.collect::<Vec<_>>().join("；"),
        categories: chart.categories.iter().map(|name| name.zh.clone()).collect(),
        series: chart
            .series
            .iter()
            .map(|series| document::Series {
                name: series.name.zh.clone(),
                colour: series.colour.clone(),
                dashed: series.dashed,
                values: series.values.clone(),
            })
            .collect(),
    })
}

fn cell_of(entry: &Entry, base: &str) -> DocumentCell {
    if let Some(bar) = entry.bar {
        return DocumentCell::bar(bar, "23725B");
    }
    let run = match &entry.href {
        Some(href) => Run::linked(entry.text.clone(), format!("{base}{href}")),
        None => Run::new(entry.text.clone()),
    };
    DocumentCell { runs: vec![run], right: entry.number, ..DocumentCell::default() }
}
