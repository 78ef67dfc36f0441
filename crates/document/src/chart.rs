//! Charts (图) as DrawingML parts (ECMA-376 part 1, 21.2): lines or bars with their numbers inside, so that an office
//! program draws them with its own fonts. No workbook is embedded: the numbers stand in the part.

use std::fmt::Write as _;

use crate::docx::escape;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartKind {
    Line,
    /// Horizontal bars, the first category at the top.
    Bar,
}

/// Values in the order of the categories; `None` leaves a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub name: String,
    /// Six hexadecimal digits.
    pub colour: String,
    pub dashed: bool,
    pub values: Vec<Option<f64>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub kind: ChartKind,
    pub title: String,
    /// What a reader who does not see it hears.
    pub description: String,
    pub categories: Vec<String>,
    pub series: Vec<Series>,
}

pub(crate) const TYPE: &str = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml";
pub(crate) const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart";
const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006";
/// Width of the text on A4, and the height, in English metric units.
const WIDTH: u32 = 5_759_000;
const HEIGHT: u32 = 2_700_000;
const MOST_POINTS: usize = 400;

/// The place in the document where a chart stands; `number` from 1, `relation` its id.
pub(crate) fn inline(chart: &Chart, number: usize, relation: &str) -> String {
    format!(
        "<w:p><w:r><w:drawing><wp:inline xmlns:wp=\"{DRAWING}/wordprocessingDrawing\" distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\">\
         <wp:extent cx=\"{WIDTH}\" cy=\"{HEIGHT}\"/><wp:docPr id=\"{number}\" name=\"{}\" descr=\"{}\"/><wp:cNvGraphicFramePr/>\
         <a:graphic xmlns:a=\"{DRAWING}/main\"><a:graphicData uri=\"{DRAWING}/chart\">\
         <c:chart xmlns:c=\"{DRAWING}/chart\" r:id=\"{relation}\"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>",
        escape(&chart.title),
        escape(&chart.description)
    )
}

fn line(colour: &str, dashed: bool) -> String {
    let dash = if dashed { "<a:prstDash val=\"dash\"/>" } else { "" };
    format!("<a:ln w=\"25400\"><a:solidFill><a:srgbClr val=\"{}\"/></a:solidFill>{dash}</a:ln>", escape(colour))
}

fn one(chart: &Chart, at: usize, series: &Series) -> String {
    let mut out =
        format!("<c:ser><c:idx val=\"{at}\"/><c:order val=\"{at}\"/><c:tx><c:v>{}</c:v></c:tx>", escape(&series.name));
    match chart.kind {
        ChartKind::Line => {
            let _ = write!(
                out,
                "<c:spPr>{}</c:spPr><c:marker><c:symbol val=\"circle\"/><c:size val=\"5\"/></c:marker>",
                line(&series.colour, series.dashed)
            );
        }
        ChartKind::Bar => {
            let _ = write!(
                out,
                "<c:spPr><a:solidFill><a:srgbClr val=\"{}\"/></a:solidFill></c:spPr><c:invertIfNegative val=\"0\"/>\
                 <c:dLbls><c:showLegendKey val=\"0\"/><c:showVal val=\"1\"/><c:showCatName val=\"0\"/><c:showSerName val=\"0\"/><c:showPercent val=\"0\"/><c:showBubbleSize val=\"0\"/></c:dLbls>",
                escape(&series.colour)
            );
        }
    }
    let count = chart.categories.len().min(MOST_POINTS);
    let _ = write!(out, "<c:cat><c:strLit><c:ptCount val=\"{count}\"/>");
    for (at, name) in chart.categories.iter().take(count).enumerate() {
        let _ = write!(out, "<c:pt idx=\"{at}\"><c:v>{}</c:v></c:pt>", escape(name));
    }
    let _ = write!(
        out,
        "</c:strLit></c:cat><c:val><c:numLit><c:formatCode>General</c:formatCode><c:ptCount val=\"{count}\"/>"
    );
    for (at, value) in series.values.iter().take(count).enumerate() {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            let _ = write!(out, "<c:pt idx=\"{at}\"><c:v>{value}</c:v></c:pt>");
        }
    }
    out.push_str("</c:numLit></c:val>");
    if chart.kind == ChartKind::Line {
        out.push_str("<c:smooth val=\"0\"/>");
    }
    out.push_str("</c:ser>");
    out
}

/// The part itself.
pub(crate) fn part(chart: &Chart) -> String {
    let series: String = chart.series.iter().enumerate().map(|(at, series)| one(chart, at, series)).collect();
    let axes = "<c:axId val=\"111\"/><c:axId val=\"222\"/>";
    let (plot, upside, across, up) = match chart.kind {
        ChartKind::Line => (
            format!(
                "<c:lineChart><c:grouping val=\"standard\"/><c:varyColors val=\"0\"/>{series}<c:marker val=\"1\"/>{axes}</c:lineChart>"
            ),
            "minMax",
            "b",
            "l",
        ),
        ChartKind::Bar => (
            format!(
                "<c:barChart><c:barDir val=\"bar\"/><c:grouping val=\"clustered\"/><c:varyColors val=\"0\"/>{series}<c:gapWidth val=\"60\"/>{axes}</c:barChart>"
            ),
            "maxMin",
            "l",
            "b",
        ),
    };
    let legend = match chart.series.len() {
        0 | 1 => "",
        _ => "<c:legend><c:legendPos val=\"b\"/><c:overlay val=\"0\"/></c:legend>",
    };
    format!(
        "<c:chartSpace xmlns:c=\"{DRAWING}/chart\" xmlns:a=\"{DRAWING}/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
         <c:roundedCorners val=\"0\"/><c:chart><c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz=\"1200\" b=\"1\"/></a:pPr><a:r><a:rPr lang=\"zh-CN\" sz=\"1200\" b=\"1\"/><a:t>{}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val=\"0\"/></c:title>\
         <c:autoTitleDeleted val=\"0\"/><c:plotArea><c:layout/>{plot}\
         <c:catAx><c:axId val=\"111\"/><c:scaling><c:orientation val=\"{upside}\"/></c:scaling><c:delete val=\"0\"/><c:axPos val=\"{across}\"/><c:numFmt formatCode=\"General\" sourceLinked=\"0\"/><c:majorTickMark val=\"out\"/><c:minorTickMark val=\"none\"/><c:tickLblPos val=\"low\"/><c:crossAx val=\"222\"/><c:crosses val=\"autoZero\"/></c:catAx>\
         <c:valAx><c:axId val=\"222\"/><c:scaling><c:orientation val=\"minMax\"/></c:scaling><c:delete val=\"0\"/><c:axPos val=\"{up}\"/><c:majorGridlines><c:spPr>{}</c:spPr></c:majorGridlines><c:numFmt formatCode=\"General\" sourceLinked=\"0\"/><c:majorTickMark val=\"out\"/><c:minorTickMark val=\"none\"/><c:tickLblPos val=\"nextTo\"/><c:crossAx val=\"111\"/><c:crosses val=\"autoZero\"/></c:valAx>\
         </c:plotArea>{legend}<c:plotVisOnly val=\"1\"/><c:dispBlanksAs val=\"gap\"/></c:chart></c:chartSpace>",
        escape(&chart.title),
        line("DDE3DF", false).replace("25400", "6350")
    )
}
