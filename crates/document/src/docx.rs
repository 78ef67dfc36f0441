//! The parts of a docx, written by hand: six small XML files in a zip, and one for each chart.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{Block, Cell, Chart, Document, Run, WriteError, chart};

/// Width of the text on A4 with the margins below, in twentieths of a point.
const TEXT_WIDTH: u32 = 9070;
const NAMESPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

const TYPES: &str = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
<Default Extension=\"xml\" ContentType=\"application/xml\"/>\
<Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/>\
<Override PartName=\"/word/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml\"/>\
<Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>";

const ROOT_LINKS: &str = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
<Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/>\
<Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>\
</Relationships>";

/// Text and attribute values; what XML 1.0 does not allow is left out.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.push(other),
        }
    }
    out
}

struct Body<'d> {
    xml: String,
    links: Vec<String>,
    charts: Vec<&'d Chart>,
}

impl<'d> Body<'d> {
    fn chart(&mut self, chart: &'d Chart) {
        self.charts.push(chart);
        let number = self.charts.len();
        self.xml.push_str(&chart::inline(chart, number, &format!("rIdChart{number}")));
    }

    fn run(&mut self, run: &Run) {
        let mut properties = String::new();
        if run.bold {
            properties.push_str("<w:b/>");
        }
        if run.link.is_some() {
            properties.push_str("<w:color w:val=\"1D5C4A\"/><w:u w:val=\"single\"/>");
        } else if let Some(colour) = &run.colour {
            let _ = write!(properties, "<w:color w:val=\"{}\"/>", escape(colour));
        }
        let text =
            format!("<w:r><w:rPr>{properties}</w:rPr><w:t xml:space=\"preserve\">{}</w:t></w:r>", escape(&run.text));
        match &run.link {
            Some(link) => {
                self.links.push(link.clone());
                let _ = write!(self.xml, "<w:hyperlink r:id=\"rId{}\">{text}</w:hyperlink>", self.links.len() + 1);
            }
            None => self.xml.push_str(&text),
        }
    }

    fn paragraph(&mut self, style: &str, right: bool, runs: &[Run]) {
        let side = if right { "<w:jc w:val=\"right\"/>" } else { "" };
        let _ = write!(self.xml, "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/>{side}</w:pPr>");
        runs.iter().for_each(|run| self.run(run));
        self.xml.push_str("</w:p>");
    }

    fn table(&mut self, header: &[String], rows: &[Vec<Cell>], widths: &[u32]) {
        let columns = rows.iter().map(Vec::len).chain([header.len()]).max().unwrap_or(0).max(1);
        let share = |column: usize| widths.get(column).copied().unwrap_or(1).max(1);
        let total: u32 = (0..columns).map(share).sum();
        let width = |column: usize| TEXT_WIDTH * share(column) / total;
        self.xml.push_str("<w:tbl><w:tblPr><w:tblStyle w:val=\"Grid\"/>");
        let _ = write!(
            self.xml,
            "<w:tblW w:w=\"{TEXT_WIDTH}\" w:type=\"dxa\"/><w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>"
        );
        for column in 0..columns {
            let _ = write!(self.xml, "<w:gridCol w:w=\"{}\"/>", width(column));
        }
        self.xml.push_str("</w:tblGrid>");
        if !header.is_empty() {
            self.xml.push_str("<w:tr><w:trPr><w:tblHeader/></w:trPr>");
            for column in 0..columns {
                let text = header.get(column).map(String::as_str).unwrap_or_default();
                let _ = write!(
                    self.xml,
                    "<w:tc><w:tcPr><w:tcW w:w=\"{}\" w:type=\"dxa\"/><w:shd w:val=\"clear\" w:fill=\"DFEAE4\"/></w:tcPr>",
                    width(column)
                );
                self.paragraph("Cell", false, &[Run { bold: true, ..Run::new(text) }]);
                self.xml.push_str("</w:tc>");
            }
            self.xml.push_str("</w:tr>");
        }
        for row in rows {
            self.xml.push_str("<w:tr>");
            for column in 0..columns {
                let empty = Cell::default();
                let cell = row.get(column).unwrap_or(&empty);
                let _ = write!(self.xml, "<w:tc><w:tcPr><w:tcW w:w=\"{}\" w:type=\"dxa\"/>", width(column));
                if let (None, Some(shade)) = (cell.bar, &cell.shade) {
                    let _ = write!(self.xml, "<w:shd w:val=\"clear\" w:fill=\"{}\"/>", escape(shade));
                }
                self.xml.push_str("</w:tcPr>");
                match cell.bar {
                    // A bar of block characters: it scales with the text and survives every office program.
                    Some(bar) => {
                        let blocks = (bar * 20.0).round() as usize;
                        let run = Run { colour: cell.shade.clone(), ..Run::new("█".repeat(blocks)) };
                        self.paragraph("Cell", false, &[run]);
                    }
                    None => self.paragraph("Cell", cell.right, &cell.runs),
                }
                self.xml.push_str("</w:tc>");
            }
            self.xml.push_str("</w:tr>");
        }
        // A paragraph after it keeps two tables from growing together.
        self.xml.push_str("</w:tbl><w:p/>");
    }
}

fn styles() -> String {
    let font = "<w:rFonts w:ascii=\"Times New Roman\" w:hAnsi=\"Times New Roman\" w:eastAsia=\"仿宋\"/>";
    let mut out = format!(
        "{HEAD}<w:styles {NAMESPACES}><w:docDefaults><w:rPrDefault><w:rPr>{font}<w:sz w:val=\"24\"/></w:rPr></w:rPrDefault></w:docDefaults>"
    );
    out.push_str("<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/><w:pPr><w:spacing w:after=\"80\" w:line=\"360\" w:lineRule=\"auto\"/></w:pPr></w:style>");
    out.push_str("<w:style w:type=\"paragraph\" w:styleId=\"Title\"><w:name w:val=\"Title\"/><w:basedOn w:val=\"Normal\"/><w:pPr><w:spacing w:before=\"240\" w:after=\"240\"/><w:jc w:val=\"center\"/></w:pPr><w:rPr><w:b/><w:sz w:val=\"40\"/></w:rPr></w:style>");
    for (level, size) in [(1, 32), (2, 28), (3, 26)] {
        let _ = write!(
            out,
            "<w:style w:type=\"paragraph\" w:styleId=\"Heading{level}\"><w:name w:val=\"heading {level}\"/><w:basedOn w:val=\"Normal\"/><w:next w:val=\"Normal\"/><w:pPr><w:keepNext/><w:spacing w:before=\"200\" w:after=\"100\"/><w:outlineLvl w:val=\"{}\"/></w:pPr><w:rPr><w:b/><w:sz w:val=\"{size}\"/></w:rPr></w:style>",
            level - 1
        );
    }
    out.push_str("<w:style w:type=\"paragraph\" w:styleId=\"Cell\"><w:name w:val=\"Cell\"/><w:basedOn w:val=\"Normal\"/><w:pPr><w:spacing w:after=\"0\" w:line=\"240\" w:lineRule=\"auto\"/></w:pPr><w:rPr><w:sz w:val=\"18\"/></w:rPr></w:style>");
    out.push_str("<w:style w:type=\"table\" w:styleId=\"Grid\"><w:name w:val=\"Table Grid\"/><w:tblPr><w:tblBorders>");
    for side in ["top", "left", "bottom", "right", "insideH", "insideV"] {
        let _ = write!(out, "<w:{side} w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"8B9992\"/>");
    }
    out.push_str("</w:tblBorders></w:tblPr></w:style></w:styles>");
    out
}

pub fn write(document: &Document) -> Result<Vec<u8>, WriteError> {
    let mut body = Body { xml: String::new(), links: Vec::new(), charts: Vec::new() };
    for block in &document.blocks {
        match block {
            Block::Title(text) => body.paragraph("Title", false, &[Run::new(text)]),
            Block::Heading(level, text) => body.paragraph(&format!("Heading{level}"), false, &[Run::new(text)]),
            Block::Paragraph(runs) => body.paragraph("Normal", false, runs),
            Block::Table { header, rows, widths } => body.table(header, rows, widths),
            Block::Chart(chart) => body.chart(chart),
        }
    }
    let main = format!(
        "{HEAD}<w:document {NAMESPACES}><w:body>{}<w:sectPr><w:pgSz w:w=\"11906\" w:h=\"16838\"/>\
         <w:pgMar w:top=\"1440\" w:right=\"1418\" w:bottom=\"1440\" w:left=\"1418\" w:header=\"850\" w:footer=\"850\" w:gutter=\"0\"/>\
         </w:sectPr></w:body></w:document>",
        body.xml
    );
    let mut links = String::from(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/>",
    );
    for (at, link) in body.links.iter().enumerate() {
        let _ = write!(
            links,
            "<Relationship Id=\"rId{}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink\" Target=\"{}\" TargetMode=\"External\"/>",
            at + 2,
            escape(link)
        );
    }
    let mut types = format!("{HEAD}{TYPES}");
    let mut charts = Vec::new();
    for (number, chart) in (1..).zip(&body.charts) {
        let name = format!("charts/chart{number}.xml");
        let _ = write!(types, "<Override PartName=\"/word/{name}\" ContentType=\"{}\"/>", chart::TYPE);
        let _ = write!(links, "<Relationship Id=\"rIdChart{number}\" Type=\"{}\" Target=\"{name}\"/>", chart::RELATION);
        charts.push((format!("word/{name}"), format!("{HEAD}{}", chart::part(chart))));
    }
    types.push_str("</Types>");
    links.push_str("</Relationships>");
    let core = format!(
        "{HEAD}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{}</dc:title><dc:creator>{}</dc:creator></cp:coreProperties>",
        escape(&document.title),
        escape(&document.author)
    );
    let parts = [
        ("[Content_Types].xml", types),
        ("_rels/.rels", format!("{HEAD}{ROOT_LINKS}")),
        ("word/document.xml", main),
        ("word/styles.xml", styles()),
        ("word/_rels/document.xml.rels", format!("{HEAD}{links}")),
        ("docProps/core.xml", core),
    ];
    let failed = |error: &dyn std::fmt::Display| WriteError(error.to_string());
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        // The first moment that zip knows: the same document is the same bytes whenever it is written.
        .last_modified_time(zip::DateTime::default());
    let parts = parts.map(|(name, text)| (name.to_owned(), text)).into_iter().chain(charts);
    for (name, text) in parts {
        package.start_file(name, options).map_err(|error| failed(&error))?;
        package.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    }
    Ok(package.finish().map_err(|error| failed(&error))?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::{ChartKind, Series};

    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn check(document: &Document, expect: &[&str]) {
        let bytes = document.to_docx().unwrap();
        let main = part(&bytes, "word/document.xml");
        for wanted in expect {
            assert!(main.contains(wanted), "{wanted} is not in {main}");
        }
        assert_eq!(main.matches("<w:tc>").count(), main.matches("</w:tc>").count());
        assert_eq!(bytes, document.to_docx().unwrap(), "the same document, other bytes");
    }

    #[test]
    fn a_chart_is_a_part_of_its_own_with_its_numbers() {
        let series = |name: &str, values: Vec<Option<f64>>| Series {
            name: name.into(),
            colour: "1D5C4A".into(),
            dashed: name == "路径",
            values,
        };
        let chart = |kind| Chart {
            kind,
            title: "PM2.5 <年均>".into(),
            description: "2024 年 21，2025 年没有".into(),
            categories: vec!["2024".into(), "2025".into()],
            series: vec![series("实际", vec![Some(21.0), None]), series("路径", vec![Some(25.0), Some(25.0)])],
        };
        let mut document = Document::new("图");
        document.blocks.push(Block::Chart(chart(ChartKind::Line)));
        document.blocks.push(Block::Chart(chart(ChartKind::Bar)));
        check(&document, &["r:id=\"rIdChart1\"", "r:id=\"rIdChart2\"", "descr=\"2024 年 21，2025 年没有\""]);
        let bytes = document.to_docx().unwrap();
        let drawn = part(&bytes, "word/charts/chart1.xml");
        for wanted in ["<c:lineChart>", "<c:v>21</c:v>", "PM2.5 &lt;年均&gt;", "prstDash"] {
            assert!(drawn.contains(wanted), "{wanted} is not in {drawn}");
        }
        // A missing value is a gap, not a zero.
        assert!(!drawn.contains("<c:v>0</c:v>"), "{drawn}");
        assert!(part(&bytes, "word/charts/chart2.xml").contains("<c:barDir val=\"bar\"/>"));
        assert!(part(&bytes, "[Content_Types].xml").contains("/word/charts/chart2.xml"));
        let links = part(&bytes, "word/_rels/document.xml.rels");
        assert!(links.contains("Id=\"rIdChart2\"") && links.contains("Target=\"charts/chart2.xml\""), "{links}");
    }

    #[test]
    fn text_is_escaped_and_links_are_relations() {
        let mut document = Document::new("评估 <1>");
        document.blocks.push(Block::Title("评估 & 结果".into()));
        document.heading(1, "一、指标");
        document.blocks.push(Block::Paragraph(vec![Run::linked("25", "http://127.0.0.1/app/plan?a=1&b=2")]));
        document.table(&["指标", "值"], &[3, 1], vec![vec![Cell::text("PM2.5"), Cell::number("21\u{1}")]]);
        document.table(&[], &[], vec![vec![Cell::bar(0.5, "23725B")]]);
        check(&document, &["评估 &amp; 结果", "Heading1", "r:id=\"rId2\"", ">21<", "██████████<"]);
        let links = part(&document.to_docx().unwrap(), "word/_rels/document.xml.rels");
        assert!(links.contains("Target=\"http://127.0.0.1/app/plan?a=1&amp;b=2\" TargetMode=\"External\""), "{links}");
    }
}
