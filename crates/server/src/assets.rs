//! The staff web app, embedded: hashed files for a year, pages fresh each time, unknown paths the app's page.

use std::sync::{LazyLock, OnceLock};

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::compress::{gzip, is_text, takes_gzip};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/web.rs"));
}

const NOT_BUILT: &str = "<!doctype html><html lang=\"zh\"><meta charset=\"utf-8\"><title>青山</title>\
<body style=\"font-family:sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem\"><h1>青山 Qingshan</h1>\
<p>程序在运行，但构建时没有打包网页应用。运行 <code>cargo xtask run</code> 会一并构建。公众页面在 <a href=\"/\">/</a>，接口在 \
<a href=\"/api/openapi.json\">/api/openapi.json</a>。</p>\
<p>The server runs, but it was built without the web app. <code>cargo xtask run</code> builds both.</p></body></html>";

/// The shorter form of each file, made when it is first asked for; empty where it is not shorter.
static SHORT: LazyLock<Vec<OnceLock<Vec<u8>>>> =
    LazyLock::new(|| embedded::FILES.iter().map(|_| OnceLock::new()).collect());

fn short(place: usize) -> Option<&'static [u8]> {
    let (name, bytes) = embedded::FILES.get(place)?;
    let made = SHORT.get(place)?.get_or_init(|| {
        let text = is_text(content_type(name)) && bytes.len() > 1024;
        text.then(|| gzip(bytes, 6)).flatten().unwrap_or_default()
    });
    (!made.is_empty()).then_some(made.as_slice())
}

pub fn is_built() -> bool {
    !embedded::FILES.is_empty()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Answers for a path below `/app/`.
pub fn respond(path: &str, headers: &HeaderMap) -> Response {
    let place = |wanted: &str| embedded::FILES.iter().position(|(name, _)| *name == wanted);
    // A path of the app itself (no dot in its last part) shows the app; a missing file is missing.
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    let found = place(path).or_else(|| if is_page { place("index.html") } else { None });
    let Some((place, (name, bytes))) = found.and_then(|place| Some((place, embedded::FILES.get(place)?))) else {
        return if is_built() { StatusCode::NOT_FOUND.into_response() } else { Html(NOT_BUILT).into_response() };
    };
    let short = takes_gzip(headers).then(|| short(place)).flatten();
    // Two forms of a file are two things to a cache.
    let form = if short.is_some() { "-gz" } else { "" };
    let tag = format!("\"{}{form}\"", hex::encode(&Sha256::digest(bytes)[..12]));
    if headers.get(header::IF_NONE_MATCH).is_some_and(|value| value == tag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, content_type(name).to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::ETAG, tag),
        (header::VARY, "accept-encoding".to_owned()),
    ];
    match short {
        Some(short) => (headers, [(header::CONTENT_ENCODING, "gzip")], short).into_response(),
        None => (headers, *bytes).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_app_are_the_app_and_missing_files_are_missing() {
        let page = respond("stations/12", &HeaderMap::new());
        assert_eq!(page.status(), StatusCode::OK);
        let file = respond("assets/none.js", &HeaderMap::new());
        assert_eq!(file.status(), if is_built() { StatusCode::NOT_FOUND } else { StatusCode::OK });
    }
}
