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

/// Characters that reorder or hide text: bidi controls (UAX #9), zero-width and other characters
/// without a shape (Default_Ignorable_Code_Point of UAX #44), BOM, private use.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{E000}'..='\u{F8FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{10FFFF}')
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
    let groups = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '-' | '.' | '/' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}'
            )
    };
    text.split(|c: char| !(c.is_numeric() || groups(c)))
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
        c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_')
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
            "850101/300123",
            "850101\u{00A0}300123",
            "850101\u{2013}300123",
            "data:image/jpeg;base64,abcd",
            "rxNJufX5oaag_QE3qNs2cyUmbyyV-mtwRK3zJqQz86w",
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
        for hidden in [
            '\u{202E}',
            '\u{200B}',
            '\u{00AD}',
            '\u{3164}',
            '\u{FE0F}',
            '\u{E0041}',
            '\u{7F}',
        ] {
            let text = format!("abc{hidden}fed");
            assert_eq!(
                check_text(&text, 512),
                Err(TextError::Control),
                "{hidden:?}"
            );
        }
        assert_eq!(check_text("aaa", 2), Err(TextError::TooLong(2)));
    }
}
