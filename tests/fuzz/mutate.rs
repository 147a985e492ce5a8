//! Files made of valid ones.

use sumi::philox::Philox;

/// Numbers that lengths, counts and offsets are seldom meant to be.
const EDGES: [u64; 16] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x0010_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    1 << 40,
    u64::MAX >> 1,
    u64::MAX,
];

/// The same as text, and what parsers of numbers stumble over.
const TEXTS: [&str; 12] =
    ["0", "-1", "1e999", "NaN", "18446744073709551616", "4294967296", "0.0000001", "\"\"", "[]", "{}", "null", "1e9"];

/// Longest run of noise.
const NOISE: u32 = 64;

/// A file of noise, or one of `seeds` with a few changes, some of another one of them; of texts mostly in numbers and
/// whole lines, so that what comes out is mostly grammar.
pub fn mutate(random: &mut Philox, seeds: &[Vec<u8>], texts: bool) -> Vec<u8> {
    if random.below(50) == 0 {
        return noise(random, 512);
    }
    let mut bytes = pick(random, seeds).clone();
    for _ in 0..=random.below(5) {
        if texts && random.below(4) > 0 {
            change_text(random, &mut bytes, seeds);
        } else {
            change(random, &mut bytes, seeds);
        }
    }
    bytes
}

fn change(random: &mut Philox, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = place(random, bytes.len());
    match random.below(9) {
        // A bit or a byte.
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = random.next_u32() as u8,
        // A number of one, two, four or eight bytes, either end first.
        2 | 3 => {
            let (number, width) = (*pick(random, &EDGES), 1 << random.below(4));
            let little = number.to_le_bytes();
            let mut field = little[..width].to_vec();
            if random.below(2) == 0 {
                field.reverse();
            }
            let end = bytes.len().min(at + width);
            bytes[at..end].copy_from_slice(&field[..end - at]);
        }
        4 => change_number(random, bytes, at),
        5 => bytes.truncate(at),
        // A part less, or a part twice.
        6 => {
            let end = bytes.len().min(at + random.below(256) as usize);
            if random.below(2) == 0 {
                bytes.drain(at..end);
            } else {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
        // The end of another file.
        7 => {
            let other = pick(random, seeds);
            bytes.truncate(at);
            bytes.extend(&other[place(random, other.len())..]);
        }
        _ => {
            let part = noise(random, NOISE);
            bytes.splice(at..at, part);
        }
    }
}

/// Another number in the place of the next one in digits.
fn change_number(random: &mut Philox, bytes: &mut Vec<u8>, at: usize) {
    let Some(start) = (at..bytes.len()).find(|i| bytes[*i].is_ascii_digit()) else { return };
    let end = (start..bytes.len()).find(|i| !bytes[*i].is_ascii_digit()).unwrap_or(bytes.len());
    let text = pick(random, &TEXTS).bytes();
    bytes.splice(start..end, text);
}

fn change_text(random: &mut Philox, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = place(random, bytes.len());
    if random.below(2) == 0 {
        return change_number(random, bytes, at);
    }
    // A line less, a line twice, or one of another file in its place.
    let line = |bytes: &[u8], at: usize| {
        let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1);
        let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length + 1);
        start..end
    };
    let here = line(bytes, at);
    let other = match random.below(3) {
        0 => Vec::new(),
        1 => bytes[here.clone()].repeat(2),
        _ => {
            let other = pick(random, seeds);
            other[line(other, place(random, other.len()))].to_vec()
        }
    };
    bytes.splice(here, other);
}

/// A place in so many bytes, or behind the last; the first ones, where heads are, more often.
fn place(random: &mut Philox, length: usize) -> usize {
    let most = if random.below(3) == 0 { length.min(128) } else { length };
    random.below(most as u32 + 1) as usize
}

fn noise(random: &mut Philox, most: u32) -> Vec<u8> {
    (0..random.below(most)).map(|_| random.next_u32() as u8).collect()
}

pub fn pick<'a, T>(random: &mut Philox, from: &'a [T]) -> &'a T {
    &from[random.below(from.len() as u32) as usize]
}

/// Gives the chunks of a PNG their checksums back, so that decoders look at what is in them.
pub fn repair_png(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) =
        bytes.get(at..at + 4).map(|field| u32::from_be_bytes([field[0], field[1], field[2], field[3]]))
    {
        let end = at.saturating_add(8).saturating_add(length as usize);
        let Some(sum) = bytes.get(at + 4..end).map(crc32) else { return };
        let Some(field) = bytes.get_mut(end..end + 4) else { return };
        field.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

/// Gives the entries of a zip archive their checksums back, as its directory finds them.
pub fn repair_zip(bytes: &mut [u8]) {
    let number = |bytes: &[u8], at: usize, width: usize| {
        bytes.get(at..at + width).map(|field| field.iter().rev().fold(0_usize, |n, byte| n << 8 | usize::from(*byte)))
    };
    let records: Vec<_> = bytes.windows(4).enumerate().filter(|(_, w)| *w == b"PK\x01\x02").map(|(at, _)| at).collect();
    for record in records {
        let sum = || {
            let (length, header) = (number(bytes, record + 24, 4)?, number(bytes, record + 42, 4)?);
            let start = header + 30 + number(bytes, header + 26, 2)? + number(bytes, header + 28, 2)?;
            bytes.get(start..start + length).map(crc32)
        };
        if let Some(sum) = sum()
            && let Some(field) = bytes.get_mut(record + 16..record + 20)
        {
            field.copy_from_slice(&sum.to_le_bytes());
        }
    }
}

/// The checksum of both: polynomial 0x04c11db7, bits reversed.
fn crc32(bytes: &[u8]) -> u32 {
    let shifted = |crc: u32| (0..8).fold(crc, |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)));
    !bytes.iter().fold(!0, |crc: u32, byte| shifted((crc ^ u32::from(*byte)) & 0xff) ^ (crc >> 8))
}
