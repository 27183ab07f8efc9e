//! Small pictures of pictures. Whoever uploads a picture chooses every byte of it: it is decoded within bounds of pixels and
//! memory, one at a time on a node, in a thread that serves no requests, and what comes out holds pixels and nothing else
//! (no place where it was taken, no name of a camera).

use std::io::Cursor;

use bytes::Bytes;
use entity::id::MediaId;
use entity::{CompanyScope, MediaKind, MediaState, MediaStore, media};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use chrono::TimeDelta;

use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::files;
use crate::jobs::Done;
use crate::store::Unit;
use crate::store::media as rows;

/// The longer side, in pixels.
const SIDE: u32 = 320;
const QUALITY: u8 = 80;
/// Of a picture that is taken at all: what the largest cameras of telephones make, and twice that.
const MOST_PIXELS: u64 = 100_000_000;
/// Of one that is made small; larger ones have no thumbnail.
const DECODED_PIXELS: u64 = 50_000_000;
const DECODED_BYTES: u64 = 256 << 20;
/// While another picture is being made small here.
const WAIT: TimeDelta = TimeDelta::seconds(1);

/// Width and height as the header of a picture says; `None` when it does not say so in its beginning.
///
/// # Errors
/// `Invalid` for more pixels than anybody can show.
pub fn pixels(head: &[u8]) -> Result<Option<(i32, i32)>> {
    let Ok(reader) = ImageReader::new(Cursor::new(head)).with_guessed_format() else { return Ok(None) };
    let Ok((width, height)) = reader.into_dimensions() else { return Ok(None) };
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Error::Invalid {
            code: Code::MediaTooLarge,
            message: format!("The picture has {width} × {height} pixels, and may have {MOST_PIXELS} in all.")
                .into(),
            fields: Vec::new(),
        });
    }
    Ok(i32::try_from(width).ok().zip(i32::try_from(height).ok()))
}

/// The job. A picture that cannot be decoded stays as it is and has no thumbnail.
pub async fn make(app: &App, scope: CompanyScope, id: MediaId) -> Result<Done> {
    let row = rows::get(scope, app.db.reader(), id).await?;
    let wanted = row.state == MediaState::Ready
        && row.kind == Some(MediaKind::Image)
        && row.store == MediaStore::Files
        && row.thumbnail_key.is_none();
    let (true, Some(key)) = (wanted, &row.storage_key) else { return Ok(Done::Yes) };
    let Ok(_place) = app.media.thumbnails.try_acquire() else {
        return Ok(Done::Again(app.clock.now() + WAIT));
    };
    let Some(bytes) = files::get(app, scope, key).await? else { return Ok(Done::Yes) };
    let small = tokio::task::spawn_blocking(move || small(&bytes)).await;
    let small = match small.map_err(|cause| Error::internal("make a thumbnail", cause))? {
        Ok(small) => small,
        Err(error) => {
            tracing::info!(media = %id, %error, "a picture has no thumbnail");
            return Ok(Done::Yes);
        }
    };
    keep(app, scope, id, small).await?;
    Ok(Done::Yes)
}

async fn keep(app: &App, scope: CompanyScope, id: MediaId, small: Small) -> Result<()> {
    let file: uuid::Uuid = app.ids.next();
    let key = format!("{}/media/{id}/{}.{}", scope.company(), file.simple(), small.extension);
    files::put(app, scope, &key, small.bytes).await?;
    let unit = Unit::begin(app, scope).await?;
    let row = rows::lock(scope, unit.tx(), id).await?;
    if row.state != MediaState::Ready || row.thumbnail_key.is_some() {
        drop(unit);
        return files::delete(app, scope, &key).await;
    }
    let (width, height) = (i32::try_from(small.width).ok(), i32::try_from(small.height).ok());
    let with = media::Model { thumbnail_key: Some(key), width, height, ..row };
    rows::save(scope, unit.tx(), with).await?;
    unit.commit().await
}

/// What a key of a thumbnail holds.
pub fn content_type(key: &str) -> &'static str {
    if key.ends_with(".png") { "image/png" } else { "image/jpeg" }
}

struct Small {
    bytes: Bytes,
    extension: &'static str,
    /// Of the picture that it was made of, as it is looked at.
    width: u32,
    height: u32,
}

fn small(bytes: &[u8]) -> image::ImageResult<Small> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED_BYTES);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > DECODED_PIXELS {
        let kind = image::error::LimitErrorKind::DimensionError;
        return Err(image::ImageError::Limits(image::error::LimitError::from_kind(kind)));
    }
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation()?;
    let whole = DynamicImage::from_decoder(decoder)?;
    let mut picture = if width > SIDE || height > SIDE { whole.thumbnail(SIDE, SIDE) } else { whole };
    picture.apply_orientation(orientation);
    let is_turned = is_on_its_side(orientation);
    let (width, height) = if is_turned { (height, width) } else { (width, height) };
    let (mut out, extension) = (Vec::new(), if picture.color().has_alpha() { "png" } else { "jpg" });
    if extension == "png" {
        picture.to_rgba8().write_to(&mut Cursor::new(&mut out), ImageFormat::Png)?;
    } else {
        picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut out, QUALITY))?;
    }
    Ok(Small { bytes: out.into(), extension, width, height })
}

fn is_on_its_side(orientation: image::metadata::Orientation) -> bool {
    use image::metadata::Orientation as O;
    match orientation {
        O::Rotate90 | O::Rotate270 | O::Rotate90FlipH | O::Rotate270FlipH => true,
        O::NoTransforms | O::Rotate180 | O::FlipHorizontal | O::FlipVertical => false,
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, _| {
            if x < width / 2 { [255, 0, 0].into() } else { [0, 0, 255].into() }
        });
        let mut out = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut out, 95)).unwrap();
        out
    }

    /// The picture with an EXIF block (an APP1 segment) that says how it was held and where it was taken.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        exif.extend(b"GPS 52.5200N 13.4050E");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat()
    }

    fn decoded(small: &Small) -> RgbImage {
        image::load_from_memory(&small.bytes).unwrap().to_rgb8()
    }

    #[test]
    fn a_picture_is_made_small_and_keeps_its_shape() {
        let small = small(&jpeg(1000, 500)).unwrap();
        assert_eq!((small.width, small.height, small.extension), (1000, 500, "jpg"));
        assert_eq!(decoded(&small).dimensions(), (SIDE, 160));
        let tiny = super::small(&jpeg(20, 10)).unwrap();
        assert_eq!(decoded(&tiny).dimensions(), (20, 10), "a small one is not made larger");
    }

    #[test]
    fn a_picture_stands_upright_and_tells_no_place() {
        let taken = with_exif(&jpeg(400, 200), 6);
        let small = small(&taken).unwrap();
        assert_eq!((small.width, small.height), (200, 400));
        let upright = decoded(&small);
        assert_eq!(upright.dimensions(), (160, 320));
        let (top, bottom) = (upright.get_pixel(80, 20), upright.get_pixel(80, 300));
        assert!(top[0] > 200 && bottom[2] > 200, "left is up: {top:?} {bottom:?}");
        assert!(!small.bytes.windows(4).any(|window| window == b"Exif" || window == b"GPS "));
    }

    #[test]
    fn what_is_transparent_stays_so() {
        let picture = image::RgbaImage::from_pixel(8, 8, [1, 2, 3, 0].into());
        let mut png = Vec::new();
        picture.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
        let small = small(&png).unwrap();
        assert_eq!(small.extension, "png");
        assert_eq!(image::load_from_memory(&small.bytes).unwrap().to_rgba8().get_pixel(0, 0)[3], 0);
    }

    /// A PNG of so many pixels, of which there is only the header.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut header = b"IHDR".to_vec();
        header.extend(width.to_be_bytes());
        header.extend(height.to_be_bytes());
        header.extend([8, 6, 0, 0, 0]);
        let mut crc = flate2::Crc::new();
        crc.update(&header);
        [b"\x89PNG\r\n\x1a\n\0\0\0\x0D", &header[..], &crc.sum().to_be_bytes(), b"\0\0\0\0IDAT"].concat()
    }

    #[test]
    fn more_pixels_than_fit_are_not_decoded() {
        let error = pixels(&bomb(100_000, 100_000)).unwrap_err();
        assert!(matches!(error, Error::Invalid { code: Code::MediaTooLarge, .. }), "{error:?}");
        assert_eq!(pixels(&bomb(300, 200)).unwrap(), Some((300, 200)));
        assert_eq!(pixels(b"no picture").unwrap(), None);
        for (width, height) in [(100_000, 100_000), (9_000, 9_000), (1, u32::MAX / 2)] {
            assert!(small(&bomb(width, height)).is_err(), "{width} × {height}");
        }
        for cut in [3, 20, 200] {
            assert!(small(&jpeg(50, 50)[..cut]).is_err(), "half a picture is none");
        }
    }
}
