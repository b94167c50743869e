//! CBOR as a tree that can be written wrongly on purpose. Reads deterministic CBOR only.

/// One data item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Uint(u64),
    /// -1 - n.
    Nint(u64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Item>),
    Map(Vec<(Item, Item)>),
    Tag(u64, Box<Item>),
    /// False, true, null.
    Simple(u8),
    /// Bytes as they are, well-formed or not.
    Raw(Vec<u8>),
}

fn head(major: u8, value: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    if let Ok(small) = u8::try_from(value) {
        if small < 24 {
            out.push(major | small);
        } else {
            out.extend([major | 24, small]);
        }
    } else if let Ok(short) = u16::try_from(value) {
        out.push(major | 25);
        out.extend(short.to_be_bytes());
    } else if let Ok(word) = u32::try_from(value) {
        out.push(major | 26);
        out.extend(word.to_be_bytes());
    } else {
        out.push(major | 27);
        out.extend(value.to_be_bytes());
    }
}

impl Item {
    /// The bytes, deterministic but for [`Item::Raw`].
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_to(&mut out);
        out
    }

    fn write_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Uint(value) => head(0, *value, out),
            Self::Nint(value) => head(1, *value, out),
            Self::Bytes(bytes) => {
                head(2, bytes.len() as u64, out);
                out.extend(bytes);
            }
            Self::Text(text) => {
                head(3, text.len() as u64, out);
                out.extend(text.bytes());
            }
            Self::Array(items) => {
                head(4, items.len() as u64, out);
                items.iter().for_each(|item| item.write_to(out));
            }
            Self::Map(entries) => {
                head(5, entries.len() as u64, out);
                for (key, value) in entries {
                    key.write_to(out);
                    value.write_to(out);
                }
            }
            Self::Tag(tag, item) => {
                head(6, *tag, out);
                item.write_to(out);
            }
            Self::Simple(value) => head(7, u64::from(*value), out),
            Self::Raw(bytes) => out.extend(bytes),
        }
    }

    /// Reads one item; panics on what is not well-formed, and on trailing bytes.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut rest = bytes;
        let item = Self::take(&mut rest);
        assert!(rest.is_empty(), "trailing bytes");
        item
    }

    fn take(rest: &mut &[u8]) -> Self {
        let first = rest[0];
        *rest = &rest[1..];
        let value = match first & 31 {
            small @ 0..24 => u64::from(small),
            long @ 24..=27 => {
                let (value, tail) = rest.split_at(1 << (long - 24));
                *rest = tail;
                value
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
            }
            _ => panic!("indefinite length"),
        };
        let count = usize::try_from(value).unwrap_or(usize::MAX);
        let string = |rest: &mut &[u8]| {
            let (string, tail) = rest.split_at(count);
            *rest = tail;
            string.to_vec()
        };
        match first >> 5 {
            0 => Self::Uint(value),
            1 => Self::Nint(value),
            2 => Self::Bytes(string(rest)),
            3 => Self::Text(String::from_utf8(string(rest)).unwrap()),
            4 => Self::Array((0..count).map(|_| Self::take(rest)).collect()),
            5 => Self::Map(
                (0..count)
                    .map(|_| (Self::take(rest), Self::take(rest)))
                    .collect(),
            ),
            6 => Self::Tag(value, Box::new(Self::take(rest))),
            _ => Self::Simple(u8::try_from(value).unwrap()),
        }
    }

    /// The first integer below 2^32 that is a value, not a key, in the order of the bytes.
    pub(crate) fn first_uint(&mut self) -> Option<&mut Self> {
        match self {
            Self::Uint(value) if *value <= u64::from(u32::MAX) => Some(self),
            Self::Array(items) => items.iter_mut().find_map(Self::first_uint),
            Self::Map(entries) => entries.iter_mut().find_map(|(_, value)| value.first_uint()),
            Self::Tag(_, item) => item.first_uint(),
            _ => None,
        }
    }

    /// The value under an integer key of a map.
    pub(crate) fn entry(&mut self, key: u64) -> &mut Self {
        let Self::Map(entries) = self else {
            panic!("not a map: {self:?}")
        };
        let found = entries.iter_mut().find(|(k, _)| *k == Self::Uint(key));
        &mut found.unwrap().1
    }

    /// The entries of a map.
    pub(crate) fn entries(&mut self) -> &mut Vec<(Self, Self)> {
        match self {
            Self::Map(entries) => entries,
            other => panic!("not a map: {other:?}"),
        }
    }

    /// The items of an array.
    pub(crate) fn items(&mut self) -> &mut Vec<Self> {
        match self {
            Self::Array(items) => items,
            other => panic!("not an array: {other:?}"),
        }
    }

    /// A map or an array in indefinite length.
    pub(crate) fn indefinite(&self) -> Self {
        let mut out = Vec::new();
        match self {
            Self::Array(items) => {
                out.push(0x9f);
                items.iter().for_each(|item| item.write_to(&mut out));
            }
            Self::Map(entries) => {
                out.push(0xbf);
                for (key, value) in entries {
                    key.write_to(&mut out);
                    value.write_to(&mut out);
                }
            }
            other => panic!("not a container: {other:?}"),
        }
        out.push(0xff);
        Self::Raw(out)
    }

    /// An integer in nine bytes.
    pub(crate) fn long(&self) -> Self {
        let Self::Uint(value) = self else {
            panic!("not an integer: {self:?}")
        };
        let mut out = vec![0x1b];
        out.extend(value.to_be_bytes());
        Self::Raw(out)
    }
}
