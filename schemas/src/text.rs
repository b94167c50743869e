//! What text may stand in a record: short, plain, and without anybody's body or number in it
//! (rule 41).

use unicode_normalization::is_nfc;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Longer than its limit.
    #[error("text is longer than {0} bytes")]
    TooLong(usize),
    /// Not in Unicode normalization form C.
    #[error("text is not in Unicode normalization form C")]
    NotNormalized,
    /// A control, direction or private-use character.
    #[error("text has a control, direction or invisible character")]
    Control,
    /// Something that looks like a personal number, a hash or an encoded image.
    #[error("text looks like a personal number, a hash or encoded biometric data")]
    PersonalData,
}

/// Characters that reorder or hide text: bidi controls (UAX #9), zero-width characters, BOM.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Digits in a row from which a number is taken for a personal one: the Kazakh IIN has 12, most
/// passports 9, a telephone number 10.
const PERSONAL_DIGITS: usize = 9;
/// Letters and digits in a row from which a word is taken for a hash or encoded bytes: a hash of
/// 128 bits has 32 hexadecimal digits; no word of an address is as long.
const ENCODED_CHARS: usize = 32;
/// Keys under which biometric data travels, wherever they appear.
const BIOMETRIC_WORDS: [&str; 6] = [
    "face_template",
    "facetemplate",
    "biometric",
    "embedding",
    "data:image",
    "base64,",
];

fn longest_run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.split(|c| !belongs(c))
        .map(|run| run.chars().count())
        .max()
        .unwrap_or(0)
}

/// Digits of one number, however it is grouped: `850101 300123` is one number of twelve digits.
fn longest_number(text: &str) -> usize {
    text.split(|c: char| !(c.is_numeric() || matches!(c, ' ' | '-' | '.')))
        .map(|run| run.chars().filter(|c| c.is_numeric()).count())
        .max()
        .unwrap_or(0)
}

/// Checks a text for people: a label, an address, terms.
///
/// # Errors
/// [`TextError`] names the first thing wrong.
pub fn check_text(text: &str, max: usize) -> Result<(), TextError> {
    if text.len() > max {
        return Err(TextError::TooLong(max));
    }
    if !is_nfc(text) {
        return Err(TextError::NotNormalized);
    }
    if text.chars().any(is_forbidden) {
        return Err(TextError::Control);
    }
    let lower = text.to_lowercase();
    let encoded = longest_run(text, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
    });
    let personal = longest_number(text) >= PERSONAL_DIGITS
        || encoded >= ENCODED_CHARS
        || BIOMETRIC_WORDS.iter().any(|word| lower.contains(word));
    if personal {
        Err(TextError::PersonalData)
    } else {
        Ok(())
    }
}

/// Checks an identifier such as a cadastral number: printable ASCII without spaces.
#[must_use]
pub fn is_identifier(text: &str, max: usize) -> bool {
    !text.is_empty() && text.len() <= max && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_body_or_number_passes_as_text() {
        for text in [
            "850101300123",
            "IIN 850101 300123",
            "see face_template in the annex",
            "data:image/jpeg;base64,abcd",
            "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgM",
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            "٨٥٠١٠١٣٠٠١٢٣",
        ] {
            assert_eq!(
                check_text(text, 512),
                Err(TextError::PersonalData),
                "{text}"
            );
        }
    }

    #[test]
    fn an_address_passes_and_disguised_text_does_not() {
        assert_eq!(
            check_text("г. Алматы, ул. Розыбакиева, д. 247, кв. 118, 050060", 512),
            Ok(())
        );
        assert_eq!(check_text("12 Cowper Road, SW19 1AA", 512), Ok(()));
        assert_eq!(check_text("e\u{301}", 512), Err(TextError::NotNormalized));
        assert_eq!(check_text("abc\u{202E}fed", 512), Err(TextError::Control));
        assert_eq!(check_text("aaa", 2), Err(TextError::TooLong(2)));
    }
}
