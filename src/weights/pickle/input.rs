//! The bytes of a pickle, one thing after the other.

use super::Problem;

/// What is left to read.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Problem> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let taken = &self.bytes[self.at..end.ok_or_else(|| Problem::broken("it is cut off in its pickle"))?];
        self.at += len;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, Problem> {
        self.array().map(|[byte]| byte)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A length of `N` bytes.
    pub fn length<const N: usize>(&mut self) -> Result<usize, Problem> {
        let mut wide = [0; 8];
        wide[..N].copy_from_slice(self.take(N)?);
        // What no usize holds is longer than the file all the same.
        Ok(usize::try_from(u64::from_le_bytes(wide)).unwrap_or(usize::MAX))
    }

    /// Bytes behind their length, which has `N` bytes.
    pub fn counted<const N: usize>(&mut self) -> Result<&'a [u8], Problem> {
        let len = self.length::<N>()?;
        self.take(len)
    }

    /// The text up to the end of the line.
    pub fn line(&mut self) -> Result<&'a str, Problem> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|byte| *byte == b'\n');
        let line = &self.take(len.map_or(usize::MAX, |len| len + 1))?;
        let line = std::str::from_utf8(line).map_err(|_| Problem::broken("a line of its pickle is no text"))?;
        Ok(line.trim_end_matches('\n').trim_end_matches('\r'))
    }
}
