//! Answers as gzip where the browser takes it and the answer is text that is whole already: a county's lines are slow.
//!
//! A stream is never touched: what has no known length (the live stream, most of all) goes out as it comes.

use std::io::Write;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Below this the head is larger than what is saved.
const LEAST: u64 = 1 << 10;
/// Above this the work is more than an answer is worth.
const MOST: u64 = 32 << 20;

/// Does a client take gzip? `gzip;q=0` says no.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let said = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut wishes =
        said.flat_map(|text| text.split(',')).map(|wish| wish.trim().split_once(';').unwrap_or((wish.trim(), "")));
    wishes.any(|(name, weight)| {
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

pub fn is_text(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let named = [
        "application/json",
        "application/problem+json",
        "application/geo+json",
        "application/manifest+json",
        "image/svg+xml",
    ];
    (kind.starts_with("text/") && kind != "text/event-stream") || named.contains(&kind)
}

/// The shorter form; `None` where it is none.
pub fn gzip(bytes: &[u8], level: u32) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(level));
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().filter(|short| short.len() < bytes.len())
}

pub async fn compressed(request: Request, next: Next) -> Response {
    let wanted = takes_gzip(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let done = headers.contains_key(header::CONTENT_ENCODING) || headers.contains_key(header::ETAG);
    let length = response.body().size_hint().exact();
    if done || !is_text(kind) || !length.is_some_and(|length| (LEAST..=MOST).contains(&length)) {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !wanted {
        return response;
    }
    let (mut head, body) = response.into_parts();
    // Whole already: this waits for nothing.
    let whole = match axum::body::to_bytes(body, MOST as usize).await {
        Ok(whole) => whole,
        Err(error) => {
            tracing::error!("compressing an answer: {error}");
            return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let own = whole.clone();
    match tokio::task::spawn_blocking(move || gzip(&own, 4)).await {
        Ok(Some(short)) => {
            head.headers.remove(header::CONTENT_LENGTH);
            head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(head, Body::from(short))
        }
        _ => Response::from_parts(head, Body::from(whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let check = |said: &'static str, expect: bool| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(said))]);
            assert_eq!(takes_gzip(&headers), expect, "{said}");
        };
        check("gzip, deflate, br", true);
        check("br;q=1.0, GZIP;q=0.5", true);
        check("gzip;q=0", false);
        check("gzip; q=0.0, br", false);
        check("identity", false);
    }

    #[test]
    fn streams_and_pictures_are_left_alone() {
        for (kind, expect) in [
            ("text/event-stream", false),
            ("text/csv; charset=utf-8", true),
            ("application/json", true),
            ("image/png", false),
        ] {
            assert_eq!(is_text(kind), expect, "{kind}");
        }
    }
}
