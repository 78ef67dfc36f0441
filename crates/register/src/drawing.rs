//! What of an SVG could run or call out. Read as XML, whatever prefix its names have; what is kept is a list of what
//! draws, so that nothing has to be known of what does not. Pure.

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

const SVG: &str = "http://www.w3.org/2000/svg";
/// Namespaces of editors' notes, which no browser does anything with.
const NOTES: [&str; 6] = [
    "http://www.inkscape.org/namespaces/inkscape",
    "http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
    "http://purl.org/dc/elements/1.1/",
];
/// Elements that draw, by their local names in small letters: no script, no animation, nothing foreign.
const ELEMENTS: [&str; 58] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "title",
    "desc",
    "metadata",
    "style",
    "switch",
    "a",
    "view",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "textpath",
    "image",
    "marker",
    "pattern",
    "mask",
    "clippath",
    "lineargradient",
    "radialgradient",
    "stop",
    "filter",
    "feblend",
    "fecolormatrix",
    "fecomponenttransfer",
    "fecomposite",
    "feconvolvematrix",
    "fediffuselighting",
    "fedisplacementmap",
    "fedistantlight",
    "fedropshadow",
    "feflood",
    "fefunca",
    "fefuncb",
    "fefuncg",
    "fefuncr",
    "fegaussianblur",
    "femerge",
    "femergenode",
    "femorphology",
    "feoffset",
    "fepointlight",
    "fespecularlighting",
    "fetile",
    "feturbulence",
    "flowpara",
    "flowregion",
    "flowroot",
    "flowspan",
];

/// What it is that could; nothing when it is only a drawing.
pub fn complaint(text: &str) -> Option<String> {
    // Character references could hide any word; a drawing needs none.
    if text.contains("&#") {
        return Some("character references".to_owned());
    }
    let mut reader = NsReader::from_str(text);
    let mut depth = 0usize;
    // Text of the style sheet that is open, joined as a browser joins it; a drawing's other text is only shown.
    let mut sheet: Option<String> = None;
    loop {
        let found = match reader.read_resolved_event() {
            Err(error) => Some(format!("malformed XML: {error}")),
            Ok((_, Event::Eof)) => return (depth > 0).then(|| "malformed XML: it is cut off".to_owned()),
            Ok((_, Event::DocType(_))) => Some("DOCTYPE".to_owned()),
            // A style sheet from elsewhere.
            Ok((_, Event::PI(_))) => Some("processing instruction".to_owned()),
            Ok((_, Event::GeneralRef(name))) => {
                let known = matches!(&*name, "amp" | "lt" | "gt" | "quot" | "apos");
                (!known).then(|| "ENTITY".to_owned())
            }
            Ok((_, Event::Text(text))) => {
                sheet.iter_mut().for_each(|sheet| sheet.push_str(&text));
                None
            }
            Ok((_, Event::CData(text))) => {
                sheet.iter_mut().for_each(|sheet| sheet.push_str(&text));
                None
            }
            Ok((namespace, Event::Start(element))) => {
                depth += 1;
                if sheet.is_some() {
                    Some("an element in a style sheet".to_owned())
                } else {
                    if element.local_name().into_inner().eq_ignore_ascii_case("style") {
                        sheet = Some(String::new());
                    }
                    element_complaint(&namespace, &element)
                }
            }
            Ok((namespace, Event::Empty(element))) => element_complaint(&namespace, &element),
            Ok((_, Event::End(_))) => {
                depth = depth.saturating_sub(1);
                sheet.take().and_then(|sheet| style_complaint(&sheet))
            }
            Ok((_, Event::Comment(_) | Event::Decl(_))) => None,
        };
        if found.is_some() {
            return found;
        }
    }
}

fn element_complaint(namespace: &ResolveResult<'_>, element: &BytesStart<'_>) -> Option<String> {
    let name = element.local_name().into_inner().to_owned();
    let draws = match namespace {
        // Without a namespace no browser draws it; it is held to the same list.
        ResolveResult::Unbound | ResolveResult::Bound(Namespace(SVG)) => {
            ELEMENTS.contains(&name.to_ascii_lowercase().as_str())
        }
        ResolveResult::Bound(Namespace(other)) => NOTES.contains(other),
        ResolveResult::Unknown(_) => false,
    };
    if !draws {
        return Some(name);
    }
    element.attributes().find_map(|attribute| {
        let Ok(attribute) = attribute else { return Some("malformed attribute".to_owned()) };
        if attribute.key.as_namespace_binding().is_some() {
            return None;
        }
        // What an editor notes with a prefix of its own (`inkscape:export-filename="C:\\…"`) is no style.
        let styles = attribute.key.prefix().is_none();
        attribute_complaint(attribute.key.local_name().into_inner(), &attribute.value, styles)
    })
}

/// Attributes are many; those that run begin with `on`, those that lead somewhere are these.
fn attribute_complaint(name: &str, value: &str, styles: bool) -> Option<String> {
    let name = name.to_ascii_lowercase();
    if name.starts_with("on") {
        return Some("event handler".to_owned());
    }
    let value = value.trim();
    if value.to_ascii_lowercase().split_whitespace().collect::<String>().contains("javascript:") {
        return Some("javascript:".to_owned());
    }
    let leads = matches!(name.as_str(), "href" | "src" | "srcset" | "base" | "action" | "formaction" | "ping" | "data");
    if leads && !(value.starts_with('#') || is_picture(value)) {
        return Some("link to outside".to_owned());
    }
    if leads || !styles { None } else { style_complaint(value) }
}

/// A picture within.
fn is_picture(value: &str) -> bool {
    ["data:image/png;base64,", "data:image/jpeg;base64,"].iter().any(|kind| value.starts_with(kind))
}

/// What of a style sheet, or of a value that may be one, calls out: every `url()` leads to a part of the drawing.
fn style_complaint(text: &str) -> Option<String> {
    let flat = text.to_ascii_lowercase();
    const BANNED: [&str; 4] = ["@import", "image-set(", "src(", "javascript:"];
    if let Some(word) = BANNED.iter().find(|word| flat.contains(**word)) {
        return Some((*word).to_owned());
    }
    // `\75rl(` is `url(`.
    if flat.contains('\\') {
        return Some("escapes in a style".to_owned());
    }
    let outside = flat.match_indices("url(").any(|(at, _)| {
        let value = flat[at + 4..].trim_start().trim_start_matches(['"', '\'']).trim_start();
        !(value.starts_with('#') || value.starts_with("&quot;#") || is_picture(value))
    });
    outside.then(|| "url()".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inner: &str, expect: Option<&str>) {
        let text = format!("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'>{inner}</svg>");
        let found = complaint(&text);
        assert_eq!(found.is_some(), expect.is_some(), "{inner}: {found:?}");
        assert!(found.clone().unwrap_or_default().contains(expect.unwrap_or_default()), "{inner}: {found:?}");
    }

    #[test]
    fn a_drawing_may_draw() {
        for inner in [
            "<path d='M0 0h1'/><use href='#a'/>",
            "<style>.a { fill: url(#g) } /* A & B */</style><rect style=\"fill:url('#g')\" clip-path='url( #c )'/>"
                .replace("A & B", "A &amp; B")
                .as_str(),
            "<style><![CDATA[ .a > .b { stroke: #fff } ]]></style>",
            "<image href='data:image/png;base64,AAAA'/><linearGradient id='g'><stop offset='1'/></linearGradient>",
            "<i:namedview xmlns:i='http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd' pagecolor='#fff'/>",
            "<text i:x='C:\\a' xmlns:i='http://www.inkscape.org/namespaces/inkscape'>D:\\图 url(x)</text>",
            "<flowRoot><flowRegion><rect/></flowRegion><flowPara>字</flowPara></flowRoot>",
            "<text font-size='9'>第 1 号排口</text><a href='#b'><circle r='1'/></a>",
        ] {
            check(inner, None);
        }
    }

    #[test]
    fn nothing_runs_and_nothing_calls_out() {
        for (inner, what) in [
            ("<script>alert(1)</script>", "script"),
            ("<ScRiPt\n>x</ScRiPt>", "ScRiPt"),
            ("<s:script xmlns:s='http://www.w3.org/2000/svg'>x()</s:script>", "script"),
            ("<h:iframe xmlns:h='http://www.w3.org/1999/xhtml'/>", "iframe"),
            ("<x:path/>", "path"),
            ("<foreignObject/>", "foreignObject"),
            ("<set attributeName='onclick' to='x()'/>", "set"),
            ("<animate attributeName='href' values='javascript:x()'/>", "animate"),
            ("<rect onclick='x()'/>", "event handler"),
            ("<rect\u{b}onload = 'x()'/>", "onload"),
            ("<rect onload = 'x()'/>", "event handler"),
            ("<a href='javascript:x()'/>", "javascript:"),
            ("<a xmlns:l='http://www.w3.org/1999/xlink' l:href='java\nscript:x()'/>", "javascript:"),
            ("<image href='https://example.org/a.png'/>", "link to outside"),
            ("<use href='other.svg#a'/>", "link to outside"),
            ("<image href='data:image/svg+xml;base64,AAAA'/>", "link to outside"),
            ("<g xml:base='https://example.org/'/>", "link to outside"),
            ("<a href='&#106;avascript:x()'/>", "character references"),
            ("<rect style='fill:url(http://example.org/a)'/>", "url()"),
            ("<rect fill='URL( //example.org/a )'/>", "url()"),
            ("<style>@import 'a.css';</style>", "@import"),
            ("<style><![CDATA[ a { background: \\75rl(http://a) } ]]></style>", "escapes"),
            ("<style>a { background: image-set('http://a' 1x) }</style>", "image-set"),
            ("<?xml-stylesheet href='http://a'?>", "processing instruction"),
            ("<text>&who;</text>", "ENTITY"),
            ("<g>", "malformed"),
        ] {
            check(inner, Some(what));
        }
        assert!(complaint("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>").is_some_and(|what| what == "DOCTYPE"));
    }
}
