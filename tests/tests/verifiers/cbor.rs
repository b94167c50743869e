//! CBOR as trees that can be changed at a random place, and written well or badly.

use crate::random::Random;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    Uint(u64),
    Negative(u64),
    Bytes(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Tag(u64, Box<Self>),
    Simple(u8),
    /// Written with a head that is one size too long.
    LongHead(Box<Self>),
    /// An array, map or string of indefinite length with what it held.
    Indefinite(Box<Self>),
    Raw(Vec<u8>),
}

impl Item {
    /// Reads one item that is all of the bytes.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let item = Self::take(&mut rest)?;
        rest.is_empty().then_some(item)
    }

    fn take(rest: &mut &[u8]) -> Option<Self> {
        let (first, after) = rest.split_first()?;
        let (major, short) = (first >> 5, first & 31);
        *rest = after;
        let size = match short {
            0..=23 => 0,
            24..=27 => 1usize << (short - 24),
            _ => return None,
        };
        let (head, after) = rest.split_at_checked(size)?;
        *rest = after;
        let number = match size {
            0 => u64::from(short),
            _ => head.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        let count = usize::try_from(number).ok();
        let mut items = |count: Option<usize>| {
            (0..count?)
                .map(|_| Self::take(rest))
                .collect::<Option<Vec<_>>>()
        };
        Some(match major {
            0 => Self::Uint(number),
            1 => Self::Negative(number),
            2 | 3 => {
                let (bytes, after) = rest.split_at_checked(count?)?;
                *rest = after;
                match major {
                    2 => Self::Bytes(bytes.to_vec()),
                    _ => Self::Text(bytes.to_vec()),
                }
            }
            4 => Self::Array(items(count)?),
            5 => {
                let flat = items(count.and_then(|count| count.checked_mul(2)))?;
                Self::Map(
                    flat.chunks(2)
                        .map(|pair| (pair[0].clone(), pair[1].clone()))
                        .collect(),
                )
            }
            6 => Self::Tag(number, Box::new(Self::take(rest)?)),
            _ => Self::Simple(short),
        })
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes, false);
        bytes
    }

    fn write_to(&self, out: &mut Vec<u8>, long: bool) {
        let count = |len: usize| u64::try_from(len).unwrap();
        match self {
            Self::Uint(number) => head(out, 0, *number, long),
            Self::Negative(number) => head(out, 1, *number, long),
            Self::Bytes(bytes) | Self::Text(bytes) => {
                let major = if matches!(self, Self::Bytes(_)) { 2 } else { 3 };
                head(out, major, count(bytes.len()), long);
                out.extend(bytes);
            }
            Self::Array(items) => {
                head(out, 4, count(items.len()), long);
                items.iter().for_each(|item| item.write_to(out, false));
            }
            Self::Map(fields) => {
                head(out, 5, count(fields.len()), long);
                for (key, value) in fields {
                    key.write_to(out, false);
                    value.write_to(out, false);
                }
            }
            Self::Tag(tag, item) => {
                head(out, 6, *tag, long);
                item.write_to(out, false);
            }
            Self::Simple(value) => out.push(0xe0 | value),
            Self::LongHead(item) => item.write_to(out, true),
            Self::Indefinite(item) => {
                let definite = item.write();
                out.push((definite[0] & 0xe0) | 31);
                match item.as_ref() {
                    Self::Bytes(_) | Self::Text(_) => out.extend(&definite),
                    _ => {
                        let mut body = Vec::new();
                        head(&mut body, 0, item.len(), false);
                        out.extend(&definite[body.len()..]);
                    }
                }
                out.push(0xff);
            }
            Self::Raw(bytes) => out.extend(bytes),
        }
    }

    fn len(&self) -> u64 {
        let len = match self {
            Self::Array(items) => items.len(),
            Self::Map(fields) => fields.len(),
            _ => 0,
        };
        u64::try_from(len).unwrap()
    }

    fn children(&self) -> usize {
        match self {
            Self::Array(items) => items.len(),
            Self::Map(fields) => fields.len(),
            Self::Tag(..) => 1,
            _ => 0,
        }
    }

    fn child(&mut self, index: usize) -> &mut Self {
        match self {
            Self::Array(items) => &mut items[index],
            Self::Map(fields) => &mut fields[index].1,
            Self::Tag(_, item) => item,
            _ => self,
        }
    }

    /// Changes something somewhere inside.
    pub(crate) fn mutate(&mut self, random: &mut Random) {
        let children = self.children();
        if children > 0 && !random.once_in(4) {
            return self.child(random.below(children)).mutate(random);
        }
        // Byte strings hold CBOR of their own in many places.
        if let Self::Bytes(bytes) = self
            && bytes.len() > 40
            && !random.once_in(4)
            && let Some(mut inner) = Self::read(bytes)
        {
            inner.mutate(random);
            *bytes = inner.write();
            return;
        }
        if random.once_in(3) {
            self.replace(random);
        } else {
            self.disturb(random);
        }
    }

    /// Puts something else in its place.
    fn replace(&mut self, random: &mut Random) {
        let old = std::mem::replace(self, Self::Simple(22));
        *self = match random.below(12) {
            0 => Self::Simple(*random.pick(&[20, 21, 22, 23, 0])),
            1 => Self::Uint(edge(random)),
            2 => Self::Negative(edge(random)),
            3 => Self::Bytes(
                (0..*random.pick(&[0, 1, 16, 31, 32, 33, 64]))
                    .map(|_| random.byte())
                    .collect(),
            ),
            4 => Self::Text(text(random)),
            5 => Self::Array(vec![old]),
            6 => Self::Map(vec![(Self::Uint(0), old)]),
            7 => Self::Tag(*random.pick(&[18, 0, 2, 61]), Box::new(old)),
            8 => Self::LongHead(Box::new(old)),
            9 => Self::Indefinite(Box::new(old)),
            10 => Self::Raw(
                random
                    .pick(&[
                        vec![0xf9, 0x3c, 0],
                        vec![0xf8, 24],
                        vec![0xff],
                        vec![],
                        vec![0x1c],
                    ])
                    .clone(),
            ),
            _ => Self::Array(vec![]),
        };
    }

    /// Changes what it is a little.
    fn disturb(&mut self, random: &mut Random) {
        match self {
            Self::Uint(number) | Self::Negative(number) => {
                *number = match random.below(4) {
                    0 => number.wrapping_add(1),
                    1 => number.wrapping_sub(1),
                    2 => *number ^ (1 << random.below(64)),
                    _ => edge(random),
                }
            }
            Self::Bytes(bytes) => disturb_bytes(bytes, random),
            Self::Text(bytes) => *bytes = text(random),
            Self::Array(items) => disturb_list(items, random, Self::Simple(22)),
            Self::Map(fields) => {
                let extra = (Self::Uint(edge(random) % 30), Self::Uint(7));
                disturb_list(fields, random, extra);
            }
            Self::Tag(tag, _) => *tag = edge(random),
            Self::Simple(value) => *value ^= 1,
            Self::LongHead(_) | Self::Indefinite(_) | Self::Raw(_) => {}
        }
    }
}

fn head(out: &mut Vec<u8>, major: u8, number: u64, long: bool) {
    let least = match number {
        0..=23 => 0,
        24..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 3,
        _ => 4,
    };
    let size: u8 = if long { (least + 1).min(4) } else { least };
    if size == 0 {
        out.push(major << 5 | u8::try_from(number).unwrap());
        return;
    }
    out.push(major << 5 | (23 + size));
    out.extend(&number.to_be_bytes()[8 - (1 << (size - 1))..]);
}

/// A number at which something changes.
fn edge(random: &mut Random) -> u64 {
    let edges = [
        0,
        1,
        2,
        3,
        7,
        9,
        11,
        12,
        23,
        24,
        255,
        256,
        65_535,
        65_536,
        0xffff_ffff,
        0x1_0000_0000,
        253_402_300_799,
        253_402_300_800,
        (1 << 53) - 1,
        1 << 53,
        (1 << 63) - 1,
        1 << 63,
        u64::MAX,
    ];
    *random.pick(&edges)
}

/// A text at which readers could differ.
fn text(random: &mut Random) -> Vec<u8> {
    let texts: [&[u8]; 14] = [
        b"",
        b" ",
        b"KZT",
        b"kzt",
        b"KZ-1",
        b"a\0b",
        b"\n",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        "\u{feff}BOM".as_bytes(),
        "e\u{301}".as_bytes(),
        "\u{10ffff}".as_bytes(),
        "\u{202e}abc".as_bytes(),
    ];
    let mut text = random.pick(&texts).to_vec();
    if random.once_in(5) {
        text = vec![b'x'; *random.pick(&[63, 64, 65, 512, 513])];
    }
    text
}

fn disturb_bytes(bytes: &mut Vec<u8>, random: &mut Random) {
    let len = bytes.len();
    match random.below(4) {
        0 => bytes.push(random.byte()),
        1 => bytes.truncate(len.saturating_sub(1)),
        _ if len > 0 => bytes[random.below(len)] ^= 1 << random.below(8),
        _ => bytes.push(0),
    }
}

fn disturb_list<T: Clone>(list: &mut Vec<T>, random: &mut Random, extra: T) {
    if list.is_empty() {
        return list.push(extra);
    }
    let at = random.below(list.len());
    match random.below(5) {
        0 => drop(list.remove(at)),
        1 => list.insert(at, list[at].clone()),
        2 => {
            let other = random.below(list.len());
            list.swap(at, other);
        }
        3 => list.insert(at, extra),
        _ => list.push(extra),
    }
}

#[test]
fn every_vector_is_written_as_it_was_read() {
    for vector in crate::log::vectors() {
        assert_eq!(Item::read(&vector).unwrap().write(), vector);
    }
}
