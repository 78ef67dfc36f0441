//! A saved admission check as a Word document (docx): the few parts of OOXML that a report needs, written by hand
//! with the zip crate that the spreadsheets bring anyway.

use std::io::{Cursor, Write};

use kernel::{Name, Timestamp};
use zip::write::SimpleFileOptions;

use crate::compare::Recomputed;

/// One part of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Title(String),
    Heading(String),
    Text(String),
    /// Rows of cells; the first row is the head. Widths are shares of the page.
    Table {
        widths: Vec<u32>,
        rows: Vec<Vec<String>>,
    },
}

const PAGE_TWIPS: u32 = 9_600;

fn escaped(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => found.push_str("&amp;"),
            '<' => found.push_str("&lt;"),
            '>' => found.push_str("&gt;"),
            '"' => found.push_str("&quot;"),
            // Characters that XML 1.0 does not know.
            character if character.is_control() && !matches!(character, '\n' | '\t') => {}
            '\u{fffe}' | '\u{ffff}' => {}
            other => found.push(other),
        }
    }
    found
}

/// A paragraph; line breaks become breaks.
fn paragraph(text: &str, style: &str, bold: bool) -> String {
    let style = if style.is_empty() { String::new() } else { format!("<w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>") };
    let run = if bold { "<w:rPr><w:b/></w:rPr>" } else { "" };
    let lines: Vec<String> =
        text.split('\n').map(|line| format!("<w:t xml:space=\"preserve\">{}</w:t>", escaped(line))).collect();
    format!("<w:p>{style}<w:r>{run}{}</w:r></w:p>", lines.join("<w:br/>"))
}

fn table(widths: &[u32], rows: &[Vec<String>]) -> String {
    let whole: u32 = widths.iter().sum::<u32>().max(1);
    let widths: Vec<u32> = widths.iter().map(|width| width * PAGE_TWIPS / whole).collect();
    let border = |side: &str| format!("<w:{side} w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"8B9992\"/>");
    let borders: String = ["top", "left", "bottom", "right", "insideH", "insideV"].map(border).concat();
    let grid: String = widths.iter().map(|width| format!("<w:gridCol w:w=\"{width}\"/>")).collect();
    let mut text = format!(
        "<w:tbl><w:tblPr><w:tblW w:w=\"{PAGE_TWIPS}\" w:type=\"dxa\"/><w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type=\"fixed\"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
    );
    for (place, row) in rows.iter().enumerate() {
        let head = if place == 0 { "<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>" } else { "" };
        text.push_str(&format!("<w:tr>{head}"));
        for (column, width) in widths.iter().enumerate() {
            let cell = row.get(column).map_or("", String::as_str);
            text.push_str(&format!(
                "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/></w:tcPr>{}</w:tc>",
                paragraph(cell, "Cell", place == 0)
            ));
        }
        text.push_str("</w:tr>");
    }
    text + "</w:tbl>" + &paragraph("", "", false)
}

const TYPES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/><Override PartName=\"/word/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml\"/></Types>";
const RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/></Relationships>";
const DOCUMENT_RELATIONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>";
const NAMESPACE: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";

fn styles() -> String {
    let style = |id: &str, name: &str, half_points: u32, bold: bool, after: u32| {
        let bold = if bold { "<w:b/>" } else { "" };
        format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/><w:basedOn w:val=\"Normal\"/><w:pPr><w:spacing w:after=\"{after}\"/></w:pPr><w:rPr>{bold}<w:sz w:val=\"{half_points}\"/></w:rPr></w:style>"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><w:styles {NAMESPACE}><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Times New Roman\" w:hAnsi=\"Times New Roman\" w:eastAsia=\"宋体\"/><w:sz w:val=\"21\"/><w:lang w:val=\"en-US\" w:eastAsia=\"zh-CN\"/></w:rPr></w:rPrDefault></w:docDefaults><w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/><w:pPr><w:spacing w:after=\"80\"/></w:pPr></w:style>{}{}{}</w:styles>",
        style("Title", "Title", 36, true, 200),
        style("Heading1", "heading 1", 26, true, 120),
        style("Cell", "Cell", 18, false, 0),
    )
}

/// The bytes of a docx.
pub fn write(blocks: &[Block]) -> Result<Vec<u8>, String> {
    let body: String = blocks
        .iter()
        .map(|block| match block {
            Block::Title(text) => paragraph(text, "Title", false),
            Block::Heading(text) => paragraph(text, "Heading1", false),
            Block::Text(text) => paragraph(text, "", false),
            Block::Table { widths, rows } => table(widths, rows),
        })
        .collect();
    let page = "<w:sectPr><w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1134\" w:right=\"1134\" w:bottom=\"1134\" w:left=\"1134\" w:header=\"567\" w:footer=\"567\" w:gutter=\"0\"/></w:sectPr>";
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><w:document {NAMESPACE}><w:body>{body}{page}</w:body></w:document>"
    );
    let styles = styles();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATIONS),
        ("word/_rels/document.xml.rels", DOCUMENT_RELATIONS),
        ("word/styles.xml", &styles),
        ("word/document.xml", &document),
    ] {
        writer.start_file(name, SimpleFileOptions::default()).map_err(|error| error.to_string())?;
        writer.write_all(content.as_bytes()).map_err(|error| error.to_string())?;
    }
    Ok(writer.finish().map_err(|error| error.to_string())?.into_inner())
}

fn both(name: &Name) -> String {
    if name.en.is_empty() || name.en == name.zh { name.zh.clone() } else { format!("{}\n{}", name.zh, name.en) }
}

/// What the report says of a saved check: the answer as it was saved, and what comes of the question at `now`.
pub fn blocks(
    saved: &crate::rows::Saved,
    book: &crate::RuleBook,
    again: &crate::ops::Again,
    now: Timestamp,
) -> Result<Vec<Block>, String> {
    let question: crate::ops::Question = serde_json::from_str(&saved.site).map_err(|error| error.to_string())?;
    let answer: crate::Answer = serde_json::from_str(&saved.answer).map_err(|error| error.to_string())?;
    let site = match (question.lon, question.lat) {
        (Some(lon), Some(lat)) => format!("点位 {lon:.6}, {lat:.6}（WGS-84）"),
        _ => format!("图形，面积 {:.1} m²（椭球面）", answer.area_m2),
    };
    let told = |(key, value): (&String, &String)| {
        format!("{}：{}", book.attribute_name(key).zh, book.answer_words(key, value).zh)
    };
    let attributes: Vec<String> = question.attributes.iter().map(told).collect();
    let mut blocks = vec![
        Block::Title("准入审查结果".into()),
        Block::Table {
            widths: vec![1, 4],
            rows: vec![
                vec!["编号".into(), saved.number.clone()],
                vec!["时间".into(), saved.made_at.to_iso()],
                vec!["经办".into(), saved.made_by.clone()],
                vec!["位置".into(), site],
                vec!["行业代码（GB/T 4754）".into(), question.industry.clone()],
                vec!["项目情况".into(), if attributes.is_empty() { "未填".into() } else { attributes.join("；") }],
                vec!["规则与图层的日期".into(), question.day_of(saved.made_at).to_iso()],
                vec!["备注".into(), question.note.clone()],
                vec!["结论".into(), both(&answer.name)],
            ],
        },
    ];
    if answer.schematic {
        blocks.push(Block::Text(
            "【示意】有的结果依据示意图层，不能作为正式依据。 Some results rest on schematic layers.".into(),
        ));
    }
    if !answer.missing.is_empty() {
        blocks.push(Block::Heading("缺少的资料".into()));
        blocks.extend(answer.missing.iter().map(|name| Block::Text(format!("· {}", name.zh))));
    }
    blocks.push(Block::Heading("逐条规则".into()));
    let mut rows = vec![vec!["结果".into(), "规则".into(), "依据".into(), "量测与说明".into()]];
    rows.extend(answer.rules.iter().map(|rule| {
        let verdict = match (rule.hit, rule.verdict) {
            (true, verdict) => verdict.name().zh,
            (false, crate::Verdict::Undetermined) => "不能下结论".to_owned(),
            _ => "未触发".to_owned(),
        };
        let mut said: Vec<String> = rule.measurements.iter().map(measured).collect();
        said.extend(rule.missing.iter().map(|name| format!("缺：{}", name.zh)));
        if rule.hit && !rule.condition.zh.is_empty() {
            said.push(format!("条件：{}", rule.condition.zh));
        }
        vec![verdict, rule.name.zh.clone(), rule.basis.zh.clone(), said.join("\n")]
    }));
    blocks.push(Block::Table { widths: vec![2, 5, 4, 6], rows });
    blocks.push(Block::Heading(format!("按现行规则和图层重算（{}）", now.to_iso())));
    if let Some(same_day) = &again.same_day {
        recomputed(&mut blocks, &format!("原审查日期 {}（不同之处来自规则或图层的变化）", same_day.on), same_day);
    }
    recomputed(&mut blocks, &format!("今天 {}", again.today.on), &again.today);
    blocks
        .push(Block::Text("说明：本结果由系统按所列规则和图层计算，缺少资料时不会得出“允许”；不代替法定审批。".into()));
    Ok(blocks)
}

/// What comes of the question now, and where it differs from what was saved.
fn recomputed(blocks: &mut Vec<Block>, when: &str, found: &Recomputed) {
    let answer = match (&found.answer, &found.problem) {
        (Some(answer), _) => answer,
        (None, why) => {
            let why = why.as_deref().unwrap_or_default();
            return blocks.push(Block::Text(format!("{when}：不能重算：{why}")));
        }
    };
    let same =
        if found.differences.is_empty() { "，逐条与原结果相同" } else { "，与原结果不同的规则：" };
    blocks.push(Block::Text(format!("{when}：{}{same}", answer.name.zh)));
    if found.differences.is_empty() {
        return;
    }
    let words = |name: &Option<Name>| name.as_ref().map_or_else(|| "—".to_owned(), |name| name.zh.clone());
    let mut rows = vec![vec!["规则".into(), "当时".into(), "现在".into()]];
    rows.extend(found.differences.iter().map(|one| vec![one.name.zh.clone(), words(&one.then), words(&one.now)]));
    blocks.push(Block::Table { widths: vec![5, 6, 6], rows });
}

/// A measurement in words.
fn measured(measurement: &crate::admission::Measurement) -> String {
    let layer = &measurement.layer_name.zh;
    let zones: Vec<&str> =
        measurement.zones.iter().map(|name| name.zh.as_str()).filter(|name| !name.is_empty()).collect();
    let zones = if zones.is_empty() { String::new() } else { format!("（{}）", zones.join("、")) };
    let mark = if measurement.schematic { "【示意】" } else { "" };
    let what = match (measurement.what.as_str(), measurement.value.as_str()) {
        ("distance", value) => format!("距离 {value} m"),
        ("share", value) => format!("占地块比例 {value}"),
        (_, "true") => "在范围内".to_owned(),
        _ => "不在范围内".to_owned(),
    };
    let covered = match (measurement.overlap_m2, measurement.share) {
        (Some(square_metres), Some(share)) => format!("，重叠 {square_metres:.1} m²，占 {:.2}%", share * 100.0),
        _ => String::new(),
    };
    format!("{mark}{layer}：{what}{covered}{zones}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_people_write_stays_text() {
        let rows = vec![vec!["甲 & 乙".into()], vec!["</w:t><script>\u{1}".into()]];
        let bytes = write(&[Block::Title("青山".into()), Block::Table { widths: vec![1], rows }]).unwrap();
        let text = part(&bytes, "word/document.xml");
        assert!(text.contains("青山") && text.contains("甲 &amp; 乙"), "{text}");
        assert!(text.contains("&lt;/w:t&gt;&lt;script&gt;</w:t>") && !text.contains('\u{1}'), "{text}");
        assert_eq!(text.matches("<w:tr>").count(), text.matches("</w:tr>").count());
        assert!(part(&bytes, "[Content_Types].xml").contains("wordprocessingml.document.main+xml"));
    }
}
