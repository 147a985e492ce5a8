//! Zip archives whose entries are stored as they are, as those of `torch.save`: the directory at the end of the file
//! (APPNOTE.TXT 4.3, with the 64-bit records of 4.3.14 and 4.5.3), and the bytes it points at. A reader for all of zip
//! would bring decompression and ciphers.

use std::collections::HashMap;

use crate::weights::error::Problem;

/// What the four kinds of records begin with.
const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";

/// Bytes of a record of the directory before its name, and of the record at the end.
const CENTRAL_LEN: usize = 46;
const END_LEN: usize = 22;
const LOCATOR_64_LEN: usize = 20;
/// A comment behind it is at most so long.
const COMMENT_LEN: usize = 0xffff;
/// In place of a number that needs 64 bits.
const TOO_LARGE: usize = 0xffff_ffff;
/// The extra field that has it.
const EXTRA_64: usize = 1;

/// An archive and its directory.
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    entries: HashMap<&'a str, Entry>,
}

/// What the directory says of an entry.
struct Entry {
    encrypted: bool,
    stored: bool,
    crc: usize,
    len: usize,
    /// Where its own header is.
    header: usize,
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Problem> {
        let cut = || Problem::broken("its zip archive is cut off or altered: its directory is not where it should be");
        Ok(Self { bytes, entries: directory(bytes).ok_or_else(cut)? })
    }

    /// The names of all entries.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.keys().copied()
    }

    /// The bytes of an entry, checked against its checksum; none if there is no such entry.
    pub fn entry(&self, name: &str) -> Result<Option<&'a [u8]>, Problem> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        if entry.encrypted || !entry.stored {
            return Err(Problem::broken(format!("'{name}' in it is packed, as torch.save never does")));
        }
        let data = self.data(entry).ok_or_else(|| Problem::broken(format!("'{name}' in it is cut off")))?;
        if crc32(data) as usize != entry.crc {
            return Err(Problem::broken(format!("'{name}' in it does not have its checksum")));
        }
        Ok(Some(data))
    }

    fn data(&self, entry: &Entry) -> Option<&'a [u8]> {
        let header = self.bytes.get(entry.header..).filter(|header| header.starts_with(LOCAL))?;
        let start = 30 + number(header, 26, 2)? + number(header, 28, 2)?;
        header.get(start..)?.get(..entry.len)
    }
}

/// The number of `width` bytes at a place.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let mut wide = [0; 8];
    wide[..width].copy_from_slice(bytes.get(at..)?.get(..width)?);
    usize::try_from(u64::from_le_bytes(wide)).ok()
}

/// The record at the end: the only place that a zip archive is read from.
fn end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_LEN)?;
    let is_end = |at: &usize| bytes[*at..].starts_with(END) && number(bytes, at + 20, 2) == Some(last - at);
    (last.saturating_sub(COMMENT_LEN)..=last).rev().find(is_end)
}

fn directory(bytes: &[u8]) -> Option<HashMap<&str, Entry>> {
    let end = end(bytes)?;
    let large = end.checked_sub(LOCATOR_64_LEN).filter(|at| bytes[*at..].starts_with(LOCATOR_64));
    let (count, start) = match large {
        None => (number(bytes, end + 10, 2)?, number(bytes, end + 16, 4)?),
        Some(locator) => {
            let record = bytes.get(number(bytes, locator + 8, 8)?..).filter(|record| record.starts_with(END_64))?;
            (number(record, 32, 8)?, number(record, 48, 8)?)
        }
    };
    let mut rest = bytes.get(start..end)?;
    let mut entries = HashMap::new();
    for _ in 0..count {
        let record = rest.get(..CENTRAL_LEN).filter(|record| record.starts_with(CENTRAL))?;
        let [name_len, extra_len, comment_len] = [28, 30, 32].map(|at| number(record, at, 2));
        let (name, after) = rest[CENTRAL_LEN..].split_at_checked(name_len?)?;
        let (extra, after) = after.split_at_checked(extra_len?)?;
        rest = after.get(comment_len?..)?;
        // Twice the same name would leave open which one is meant.
        if entries.insert(std::str::from_utf8(name).ok()?, entry(record, extra)?).is_some() {
            return None;
        }
    }
    Some(entries)
}

fn entry(record: &[u8], extra: &[u8]) -> Option<Entry> {
    let mut large = large_numbers(extra);
    // Those that need 64 bits stand in the extra field, in this order.
    let [len, _packed, header] = [24, 20, 42].map(|at| match number(record, at, 4)? {
        TOO_LARGE => {
            let (first, rest) = large.split_at_checked(8)?;
            large = rest;
            number(first, 0, 8)
        }
        small => Some(small),
    });
    Some(Entry {
        encrypted: number(record, 8, 2)? & 1 == 1,
        stored: number(record, 10, 2)? == 0,
        crc: number(record, 16, 4)?,
        len: len?,
        header: header?,
    })
}

/// The 64-bit numbers among the extra fields, each of which is a kind and a length of 16 bits, and what it says.
fn large_numbers(mut extra: &[u8]) -> &[u8] {
    while let (Some(kind), Some(len)) = (number(extra, 0, 2), number(extra, 2, 2)) {
        let field = &extra[4..];
        if kind == EXTRA_64 {
            return &field[..len.min(field.len())];
        }
        extra = field.get(len..).unwrap_or_default();
    }
    &[]
}

/// The checksum of zip archives: polynomial 0x04c11db7, bits reversed.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = crc_table();
    !bytes.iter().fold(!0, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8))
}

/// What eight shifts make of each byte.
const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}
