//! A receipt as one QR code: the compact form as bytes, drawn as a PNG and read back from one.
//!
//! Does not live here: the compact form (`deedbook_schemas::compact_receipt`), and other pictures: what a
//! scanner reads from paper, `deedbook verify` takes as bytes.

use std::io::Cursor;

use deedbook_schemas::compact_receipt::compact;
use deedbook_schemas::limits::QR_BYTES_MAX;
use deedbook_schemas::receipt::Receipt;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// Pixels of one module's side: a symbol of 177 modules is 9 cm wide at 200 dots an inch.
const MODULE_PIXELS: usize = 4;
/// Modules of white around the symbol (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// How every PNG begins.
pub const PNG_HEAD: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Pixels of the largest picture that is read: a page at 400 dots an inch.
const PIXELS_MAX: usize = 16 * 1024 * 1024;
/// Bytes that unpacking a picture may take: four samples a pixel, and as much again to work with.
const UNPACKED_BYTES_MAX: usize = 8 * PIXELS_MAX;

/// Why a receipt is not drawn.
#[derive(Debug, thiserror::Error)]
pub enum QrCodeError {
    /// More bytes than one symbol holds.
    #[error("the receipt takes {0} bytes, and a QR code holds {QR_BYTES_MAX}")]
    TooLong(usize),
    /// The symbol cannot be made.
    #[error("drawing the QR code: {0}")]
    Symbol(#[from] QrError),
    /// The picture cannot be written.
    #[error("drawing the QR code: {0}")]
    Picture(#[from] png::EncodingError),
}

/// A drawn receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The picture: PNG, 8 bits of grey.
    pub png: Vec<u8>,
    /// Bytes that the symbol carries.
    pub bytes: usize,
    /// Modules of the symbol's side.
    pub modules: usize,
}

/// Draws a receipt at level L, so that the modules are as large as they can be.
///
/// # Errors
/// [`QrCodeError`] if it does not fit one symbol.
pub fn draw(receipt: &Receipt) -> Result<Drawn, QrCodeError> {
    let bytes = compact(receipt);
    if bytes.len() > QR_BYTES_MAX {
        return Err(QrCodeError::TooLong(bytes.len()));
    }
    let symbol = QrCode::with_error_correction_level(&bytes, EcLevel::L)?;
    let modules = symbol.width();
    let side = (modules + 2 * QUIET_ZONE) * MODULE_PIXELS;
    let colors = symbol.to_colors();
    let module = |pixel: usize| {
        let module = (pixel / MODULE_PIXELS).checked_sub(QUIET_ZONE);
        module.filter(|module| *module < modules)
    };
    let mut pixels = Vec::with_capacity(side * side);
    for y in 0..side {
        for x in 0..side {
            let place = module(x).zip(module(y)).map(|(x, y)| y * modules + x);
            let color = place.and_then(|place| colors.get(place));
            let dark = color.is_some_and(|color| *color == Color::Dark);
            pixels.push(if dark { 0 } else { u8::MAX });
        }
    }
    Ok(Drawn {
        png: picture(side, &pixels)?,
        bytes: bytes.len(),
        modules,
    })
}

/// Why a picture is not read.
#[derive(Debug, thiserror::Error)]
pub enum QrReadError {
    /// Not a picture, or too large to unpack.
    #[error("reading the picture: {0}")]
    Picture(#[from] png::DecodingError),
    /// More pixels than allowed.
    #[error("the picture has more than {PIXELS_MAX} pixels")]
    TooLarge,
    /// None, or more than one symbol.
    #[error("{0} QR codes are found in the picture, where one is needed")]
    Symbols(usize),
    /// The symbol is spoiled beyond repair.
    #[error("reading the QR code: {0}")]
    Symbol(#[from] rqrr::DeQRError),
}

/// The bytes of the one QR code in a PNG.
///
/// # Errors
/// [`QrReadError`] if there is not exactly one that can be read.
pub fn read(png: &[u8]) -> Result<Vec<u8>, QrReadError> {
    let limits = png::Limits {
        bytes: UNPACKED_BYTES_MAX,
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(png), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut picture = decoder.read_info()?;
    let (width, height) = picture.info().size();
    let (width, height) = usize::try_from(width)
        .ok()
        .zip(usize::try_from(height).ok())
        .filter(|(width, height)| width.saturating_mul(*height) <= PIXELS_MAX)
        .ok_or(QrReadError::TooLarge)?;
    let samples = picture.output_color_type().0.samples();
    let mut pixels = vec![0; width * height * samples];
    picture.next_frame(&mut pixels)?;
    // Black on white: the first sample of a pixel tells them apart, grey or in colours.
    let grey = |x: usize, y: usize| pixels.get((y * width + x) * samples).copied().unwrap_or(0);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let symbols = image.detect_grids();
    let [symbol] = symbols.as_slice() else {
        return Err(QrReadError::Symbols(symbols.len()));
    };
    let mut bytes = Vec::new();
    symbol.decode_to(&mut bytes)?;
    Ok(bytes)
}

fn picture(side: usize, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    // A symbol has at most 177 modules: 740 pixels.
    let side = u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}
