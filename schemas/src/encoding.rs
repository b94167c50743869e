//! Deterministic CBOR (RFC 8949 §4.2): one meaning, one encoding.
//!
//! Lives here: the two functions through which everything is written and read, and the macro for
//! byte strings of a fixed length. Does not live here: the shapes themselves.
//!
//! Strictness costs one rule: decode, encode again, compare. What is refused by it: unknown or
//! repeated keys, trailing bytes, lengths and integers that are not the shortest, indefinite
//! lengths, tags and floats, and maps out of order.

use minicbor::encode::Write;
use minicbor::{CborLen, Decode, Encode};

/// Why bytes are not the one encoding of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than the limit of its kind.
    #[error("{got} bytes, at most {max} are allowed")]
    TooLong {
        /// Bytes received.
        got: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not CBOR, or not of this shape.
    #[error("malformed: {0}")]
    Malformed(String),
    /// Well-formed, and yet not the one deterministic encoding of its value.
    #[error("not the deterministic encoding of its value (RFC 8949 section 4.2)")]
    NotCanonical,
}

/// The one encoding of `value`.
pub fn encode<T: Encode<()> + CborLen<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(minicbor::len(value));
    let written = minicbor::encode(value, &mut bytes);
    debug_assert!(written.is_ok(), "writing to a Vec cannot fail");
    bytes
}

/// Reads a value of at most `max` bytes and accepts only its one encoding.
///
/// # Errors
/// [`DecodeError`] if the bytes are too long, malformed, or not canonical.
pub fn decode<T>(bytes: &[u8], max: usize) -> Result<T, DecodeError>
where
    T: for<'b> Decode<'b, ()> + Encode<()> + CborLen<()>,
{
    if bytes.len() > max {
        return Err(DecodeError::TooLong {
            got: bytes.len(),
            max,
        });
    }
    let value: T =
        minicbor::decode(bytes).map_err(|error| DecodeError::Malformed(error.to_string()))?;
    if !is_encoding(&value, bytes) {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

/// Bytes that an encoding is compared with while it is made, instead of being written.
pub(crate) struct Compared<'b>(pub(crate) &'b [u8]);

/// The encoding is another one.
#[derive(Debug)]
pub(crate) struct Differs;

impl Write for Compared<'_> {
    type Error = Differs;

    fn write_all(&mut self, part: &[u8]) -> Result<(), Differs> {
        self.0 = self.0.strip_prefix(part).ok_or(Differs)?;
        Ok(())
    }
}

fn is_encoding<T: Encode<()>>(value: &T, bytes: &[u8]) -> bool {
    let mut rest = Compared(bytes);
    minicbor::encode(value, &mut rest).is_ok() && rest.0.is_empty()
}

/// A newtype over `[u8; N]`: a byte string in CBOR, lower-case hexadecimal in text and JSON.
macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut text = [0; 2 * $len];
                hex::encode_to_slice(self.0, &mut text).map_err(|_| std::fmt::Error)?;
                f.write_str(std::str::from_utf8(&text).map_err(|_| std::fmt::Error)?)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return Err(format!("{} is written in lower case", stringify!($name)));
                }
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| {
                    format!("{} is {} hexadecimal digits", stringify!($name), 2 * $len)
                })?;
                Ok(Self(bytes))
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(
                decoder: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                let bytes = decoder.bytes()?;
                <[u8; $len]>::try_from(bytes).map(Self).map_err(|_| {
                    minicbor::decode::Error::message(concat!(
                        stringify!($name), " has the wrong length"
                    ))
                })
            }
        }

        impl<C> minicbor::CborLen<C> for $name {
            fn cbor_len(&self, _: &mut C) -> usize {
                $len + if $len < 24 { 1 } else { 2 }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use fixed_bytes;

/// Byte strings of any length as lower-case hexadecimal in JSON.
pub(crate) mod hex_bytes {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map_err(serde::de::Error::custom)
    }
}
