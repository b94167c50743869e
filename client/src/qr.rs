//! A receipt as one QR code: the compact form as bytes, drawn as a PNG.
//!
//! Does not live here: the compact form (`deedbook_schemas::compact_receipt`), and reading a picture:
//! every telephone does that; what it reads, `deedbook verify` takes.

use deedbook_schemas::compact_receipt::compact;
use deedbook_schemas::limits::QR_BYTES_MAX;
use deedbook_schemas::receipt::Receipt;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// Pixels of one module's side: a symbol of 177 modules is 9 cm wide at 200 dots an inch.
const MODULE_PIXELS: usize = 4;
/// Modules of white around the symbol (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

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
