//! Other views of the same values, and parts of them put together. A kernel runs only where values have to move.

use std::ops::Range;

use super::elementwise::{copy_columns, copy_part, full};
use crate::{
    autograd::Var,
    tensor::{Shape, Tensor},
};

/// The same values under another shape (`torch.reshape`). They share their memory.
///
/// # Panics
/// When the number of elements differs.
pub fn reshape(x: &Var, shape: impl Into<Shape>) -> Var {
    let before = x.shape();
    Var::from_op("reshape", x.value().reshape(shape), &[x], move |dy, _| vec![Some(reshape(dy, before))])
}

/// Some of the rows, which are the first extent: pictures of a batch, rows of a matrix (`x[rows]` in PyTorch).
/// `x [n, ..]` → `[rows, ..]`. Shares the memory of `x` where a device can bind it from there on, else it is a copy.
///
/// # Panics
/// When `rows` is empty or reaches beyond those of `x`, or `x` is a scalar.
pub fn slice_rows(x: &Var, rows: Range<usize>) -> Var {
    let (count, row) = rows_of("slice_rows", x.shape());
    assert!(rows.start < rows.end && rows.end <= count, "slice_rows: {:?} has no rows {rows:?}", x.shape());
    let shape = with_rows(x.shape(), rows.len());
    let value = x.value().part(rows.start * row, shape).unwrap_or_else(|| {
        let copy = Tensor::empty(x.value().gpu(), shape);
        copy_part(x.value(), &copy, shape.len(), rows.start * row, 0);
        copy
    });
    Var::from_op("slice_rows", value, &[x], move |dy, _| vec![Some(pad_rows(dy, rows.start, count - rows.end))])
}

/// Rows of zeros before and after those of `x`, the adjoint of [`slice_rows`]: `x [n, ..]` →
/// `[before + n + after, ..]`.
///
/// # Panics
/// When `x` is a scalar.
pub fn pad_rows(x: &Var, before: usize, after: usize) -> Var {
    let (count, row) = rows_of("pad_rows", x.shape());
    if before + after == 0 {
        return x.clone();
    }
    let value = full(x.value().gpu(), with_rows(x.shape(), before + count + after), 0.0);
    copy_part(x.value(), &value, x.value().len(), 0, before * row);
    Var::from_op("pad_rows", value, &[x], move |dy, _| vec![Some(slice_rows(dy, before..before + count))])
}

/// The rows of all parts behind each other (`torch.cat`, `dim=0`): `[n_i, ..]` each → `[Σ n_i, ..]`.
///
/// # Panics
/// When there are no parts, one is a scalar, or their other extents differ.
pub fn concat_rows(parts: &[Var]) -> Var {
    let first = parts.first().unwrap_or_else(|| panic!("concat_rows: no parts are given"));
    let counts: Vec<usize> = parts.iter().map(|part| rows_of("concat_rows", part.shape()).0).collect();
    for part in parts {
        let (one, other) = (with_rows(first.shape(), 1), with_rows(part.shape(), 1));
        assert_eq!(one, other, "concat_rows: {:?} and {:?} do not fit together", first.shape(), part.shape());
    }
    let value = Tensor::empty(first.value().gpu(), with_rows(first.shape(), counts.iter().sum()));
    let mut start = 0;
    for part in parts {
        copy_part(part.value(), &value, part.value().len(), 0, start);
        start += part.value().len();
    }
    Var::from_op("concat_rows", value, &parts.iter().collect::<Vec<_>>(), move |dy, needs| {
        let mut start = 0;
        let rows = counts.iter().map(|count| {
            start += count;
            start - count..start
        });
        rows.zip(needs).map(|(rows, needed)| needed.then(|| slice_rows(dy, rows))).collect()
    })
}

/// Some of the channels, which are the last extent (`x[..., channels]` in PyTorch): `x [.., c]` → `[.., channels]`.
///
/// # Panics
/// When `channels` is empty or reaches beyond those of `x`, or `x` is a scalar.
pub fn slice_channels(x: &Var, channels: Range<usize>) -> Var {
    let count = channels_of("slice_channels", x.shape());
    let fits = channels.start < channels.end && channels.end <= count;
    assert!(fits, "slice_channels: {:?} has no channels {channels:?}", x.shape());
    let value = Tensor::empty(x.value().gpu(), with_channels(x.shape(), channels.len()));
    copy_columns(x.value(), &value, channels.len(), channels.start, 0);
    Var::from_op("slice_channels", value, &[x], move |dy, _| {
        vec![Some(pad_channels(dy, channels.start, count - channels.end))]
    })
}

/// Channels of zeros before and after those of `x`, the adjoint of [`slice_channels`]: `x [.., c]` →
/// `[.., before + c + after]`.
///
/// # Panics
/// When `x` is a scalar.
pub fn pad_channels(x: &Var, before: usize, after: usize) -> Var {
    let count = channels_of("pad_channels", x.shape());
    if before + after == 0 {
        return x.clone();
    }
    let value = full(x.value().gpu(), with_channels(x.shape(), before + count + after), 0.0);
    copy_columns(x.value(), &value, count, 0, before);
    Var::from_op("pad_channels", value, &[x], move |dy, _| vec![Some(slice_channels(dy, before..before + count))])
}

/// The channels of all parts behind each other (`torch.cat`, of NCHW `dim=1`): `[.., c_i]` each → `[.., Σ c_i]`.
///
/// # Panics
/// When there are no parts, one is a scalar, or their other extents differ.
pub fn concat_channels(parts: &[Var]) -> Var {
    let first = parts.first().unwrap_or_else(|| panic!("concat_channels: no parts are given"));
    let counts: Vec<usize> = parts.iter().map(|part| channels_of("concat_channels", part.shape())).collect();
    for part in parts {
        let (one, other) = (with_channels(first.shape(), 1), with_channels(part.shape(), 1));
        assert_eq!(one, other, "concat_channels: {:?} and {:?} do not fit together", first.shape(), part.shape());
    }
    let value = Tensor::empty(first.value().gpu(), with_channels(first.shape(), counts.iter().sum()));
    let mut start = 0;
    for (part, count) in parts.iter().zip(&counts) {
        copy_columns(part.value(), &value, *count, 0, start);
        start += count;
    }
    Var::from_op("concat_channels", value, &parts.iter().collect::<Vec<_>>(), move |dy, needs| {
        let mut start = 0;
        let channels = counts.iter().map(|count| {
            start += count;
            start - count..start
        });
        channels.zip(needs).map(|(channels, needed)| needed.then(|| slice_channels(dy, channels))).collect()
    })
}

/// Channels; a scalar has none.
fn channels_of(op: &str, shape: Shape) -> usize {
    *shape.dims().last().unwrap_or_else(|| panic!("{op}: a scalar has no channels"))
}

/// The same shape with another number of channels.
fn with_channels(shape: Shape, channels: usize) -> Shape {
    let mut dims = shape.dims().to_vec();
    *dims.last_mut().expect("a shape with channels has a last extent") = channels;
    Shape::from(dims.as_slice())
}

/// Rows, and elements of one.
fn rows_of(op: &str, shape: Shape) -> (usize, usize) {
    let rows = *shape.dims().first().unwrap_or_else(|| panic!("{op}: a scalar has no rows"));
    (rows, shape.len() / rows)
}

/// The same shape with another number of rows.
fn with_rows(shape: Shape, rows: usize) -> Shape {
    let mut dims = shape.dims().to_vec();
    dims[0] = rows;
    Shape::from(dims.as_slice())
}
