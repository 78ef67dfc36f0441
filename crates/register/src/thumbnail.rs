//! Small pictures of photos (缩略图), made once when a photo is attached. Pure but for the turn that is waited for.
//!
//! Bounds: pixels by kind, so that a picture being decoded takes about 100 MB at most, one at a time; scans of a
//! progressive JPEG, each of which costs a pass over all of it. What is beyond, or is no picture after all, has no
//! small one and is shown as it is.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};

use crate::photo;

/// Longest side of a small picture.
pub const SIDE: u32 = 320;
const QUALITY: u8 = 80;
/// Three bytes a pixel when decoded line by line.
const MOST_PIXELS: u64 = 25_000_000;
/// A progressive JPEG also keeps its coefficients: six bytes a pixel more.
const MOST_PROGRESSIVE: u64 = 10_000_000;
/// libjpeg's usual script has ten.
const MOST_SCANS: usize = 24;
/// PNGs of 16 bits a channel are eight bytes a pixel.
const MOST_MEMORY: u64 = 100 << 20;

/// One picture is decoded at a time, whoever asks.
static TURN: Mutex<()> = Mutex::new(());

/// A small JPEG of a JPEG or PNG, upright and without what the original says of place and device.
pub fn of(bytes: &[u8], content_type: &str) -> Option<Vec<u8>> {
    let format = match content_type {
        "image/jpeg" => ImageFormat::Jpeg,
        "image/png" => ImageFormat::Png,
        _ => return None,
    };
    let most = match format {
        ImageFormat::Jpeg if photo::scans(bytes) > MOST_SCANS => return None,
        ImageFormat::Jpeg if photo::is_progressive(bytes) => MOST_PROGRESSIVE,
        _ => MOST_PIXELS,
    };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // A decoder that panics on a broken picture must not lose the upload.
    catch_unwind(AssertUnwindSafe(|| small(bytes, format, most))).ok().flatten()
}

fn small(bytes: &[u8], format: ImageFormat, most: u64) -> Option<Vec<u8>> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > most || decoder.total_bytes() > MOST_MEMORY {
        return None;
    }
    let upright = decoder.orientation().ok();
    let picture = DynamicImage::from_decoder(decoder).ok()?;
    let mut picture = if width.max(height) > SIDE { picture.thumbnail(SIDE, SIDE) } else { picture };
    if let Some(upright) = upright {
        picture.apply_orientation(upright);
    }
    let mut small = Vec::new();
    JpegEncoder::new_with_quality(&mut small, QUALITY).encode_image(&on_white(&picture)).ok()?;
    Some(small)
}

/// JPEGs are never transparent; paper is white.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let clear = picture.to_rgba8();
    RgbImage::from_fn(clear.width(), clear.height(), |x, y| {
        let [red, green, blue, alpha] = clear.get_pixel(x, y).0;
        let over = |colour: u8| {
            let mixed = u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Left half red, right half clear.
    fn picture(width: u32, height: u32) -> DynamicImage {
        let pixel = |x: u32, _| if x < width / 2 { image::Rgba([255, 0, 0, 255]) } else { image::Rgba([0, 0, 0, 0]) };
        image::RgbaImage::from_fn(width, height, pixel).into()
    }

    fn bytes_of(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = if format == ImageFormat::Jpeg { on_white(picture).into() } else { picture.clone() };
        picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    /// A JPEG that says how it is to be turned.
    fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let mut bytes = b"\xFF\xD8\xFF\xE1".to_vec();
        bytes.extend((exif.len() as u16 + 2).to_be_bytes());
        bytes.extend(exif);
        bytes.extend(&jpeg[2..]);
        bytes
    }

    fn check(bytes: &[u8], content_type: &str, expect: Option<(u32, u32)>) {
        let small = of(bytes, content_type);
        let found =
            small.as_deref().map(|small| image::load_from_memory_with_format(small, ImageFormat::Jpeg).unwrap());
        let size = found.as_ref().map(|picture| (picture.width(), picture.height()));
        assert_eq!(size, expect, "{} bytes of {content_type}", bytes.len());
        assert!(!small.unwrap_or_default().windows(4).any(|window| window == b"Exif"));
    }

    #[test]
    fn a_photo_becomes_small_and_upright() {
        let jpeg = bytes_of(&picture(1000, 500), ImageFormat::Jpeg);
        check(&jpeg, "image/jpeg", Some((320, 160)));
        check(&turned(&jpeg, 6), "image/jpeg", Some((160, 320)));
        check(&turned(&jpeg, 1), "image/jpeg", Some((320, 160)));
        check(&bytes_of(&picture(40, 30), ImageFormat::Jpeg), "image/jpeg", Some((40, 30)));
    }

    #[test]
    fn a_clear_picture_is_put_on_white() {
        let png = bytes_of(&picture(640, 640), ImageFormat::Png);
        check(&png, "image/png", Some((320, 320)));
        let small = image::load_from_memory(&of(&png, "image/png").unwrap()).unwrap().to_rgb8();
        let (left, right) = (small.get_pixel(20, 160).0, small.get_pixel(300, 160).0);
        assert!(left[0] > 200 && left[1] < 60 && right.iter().all(|colour| *colour > 240), "{left:?} {right:?}");
    }

    #[test]
    fn what_is_broken_or_too_much_has_none() {
        let png = bytes_of(&picture(64, 64), ImageFormat::Png);
        let jpeg = bytes_of(&picture(64, 64), ImageFormat::Jpeg);
        check(b"\xFF\xD8\xFFnothing", "image/jpeg", None);
        check(&png[..60], "image/png", None);
        check(&jpeg, "image/png", None);
        check(b"GIF89a", "image/gif", None);
        // A few bytes that claim 60,000 × 60,000 pixels.
        let mut bomb = png.clone();
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        check(&bomb, "image/png", None);
        let mut wide = jpeg.clone();
        let frame = wide.windows(2).position(|pair| pair == b"\xFF\xC0").unwrap();
        wide[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
        check(&wide, "image/jpeg", None);
        // Scan upon scan.
        let mut slow = jpeg.clone();
        slow.extend(b"\xFF\xDA\0\x08\x01\x01\0\0\x3f\0".repeat(30));
        check(&slow, "image/jpeg", None);
    }

    proptest::proptest! {
        #[test]
        fn a_broken_picture_never_stops_an_upload(at in 0usize..700, byte in proptest::num::u8::ANY, cut in 2usize..700) {
            for (format, kind) in [(ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png")] {
                let mut bytes = bytes_of(&picture(48, 32), format);
                let at = at % bytes.len();
                bytes[at] = byte;
                bytes.truncate(cut);
                let _ = of(&bytes, kind);
            }
        }
    }
}
