//! How a node says no: problem+json (RFC 9457), and at SCITT's paths CBOR problem details (RFC 9290).

use deedbook_schemas::api::Problem;
use minicbor::Decoder;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

/// The form in which an answer says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Cbor,
    /// 302: the registration that was asked about is running.
    Running,
}

impl Form {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        if status == StatusCode::FOUND {
            return Some(Self::Running);
        }
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let forms = [
            ("application/problem+json", Self::Json),
            ("application/concise-problem-details+cbor", Self::Cbor),
        ];
        let found = forms
            .into_iter()
            .find(|(name, _)| content_type.starts_with(name));
        found.map(|(_, form)| form)
    }

    /// The problem; `None` if the body does not read as one.
    pub(super) fn read(self, status: u16, body: &[u8]) -> Option<Problem> {
        let (title, detail) = match self {
            Self::Json => return serde_json::from_slice(body).ok(),
            Self::Cbor => read_concise(body).ok()?,
            Self::Running => (
                "Registration is running".to_owned(),
                "it is not on the ledger, or its tree not signed, yet; ask again".to_owned(),
            ),
        };
        Some(Problem {
            kind: "about:blank".to_owned(),
            title,
            status,
            detail,
            codes: Vec::new(),
        })
    }
}

/// `{-1: title, -2: detail}`, as our nodes write it.
fn read_concise(body: &[u8]) -> Result<(String, String), minicbor::decode::Error> {
    let mut decoder = Decoder::new(body);
    if decoder.map()? != Some(2) {
        return Err(minicbor::decode::Error::message("not a map of two"));
    }
    let mut next = |key: i8| -> Result<String, minicbor::decode::Error> {
        if decoder.i8()? == key {
            decoder.str().map(str::to_owned)
        } else {
            Err(minicbor::decode::Error::message("not a title and a detail"))
        }
    };
    let title = next(-1)?;
    Ok((title, next(-2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cbor_problem_details_are_read() {
        let problem = Form::Cbor.read(404, b"\xa2\x20\x62No\x21\x63a b").unwrap();
        assert_eq!(
            (problem.title.as_str(), problem.detail.as_str()),
            ("No", "a b")
        );
        for junk in [&b""[..], b"\xa2", b"\xa2\x21\x62No\x20\x63a b", b"{}"] {
            assert_eq!(Form::Cbor.read(404, junk), None, "{junk:?}");
        }
    }
}
