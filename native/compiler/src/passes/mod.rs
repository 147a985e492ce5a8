//! The passes between a kernel as written and a kernel as drivers like it, in their order:
//!
//! 1. [`mod@unroll`]: short loops with a known number of turns are written out, and arithmetic on known integers is
//!    done on the way ([`copier`], [`fold`]).
//! 2. [`mod@broadcast`]: a shuffle whose lane has become constant becomes a broadcast.
//! 3. [`scalars`]: a local array that is only indexed by constants becomes one variable per element, so a register
//!    each.
//! 4. [`unread`]: variables that nobody reads any more are dropped.
//!
//! [`operands`] and [`emit`] are the two things all passes need to know about naga's representation. In the tests,
//! `interpret` runs kernels before and after the passes and `programs` draws thousands of them at random.

pub mod broadcast;
pub mod copier;
pub mod emit;
pub mod fold;
#[cfg(test)]
mod interpret;
pub mod operands;
#[cfg(test)]
mod programs;
pub mod scalars;
pub mod unread;
pub mod unroll;

use self::broadcast::broadcast;
use self::scalars::split_arrays;
use self::unread::{drop_unnamed, drop_unread};
use self::unroll::{TooLong, unroll};
use naga::compact::{KeepUnused, compact};
use naga::{Function, Module};

/// Runs the passes over all functions of `module`; between them naga's `compact` drops the expressions that are left
/// over.
///
/// # Errors
/// [`TooLong`] if a function's loops cannot be written out in `most` statements; `module` is then of no use.
pub fn run(module: &mut Module, most: usize) -> Result<(), TooLong> {
    each_function(module, |module, function| {
        *function = unroll(module, function, most)?;
        broadcast(function);
        Ok(())
    })?;
    compact(module, KeepUnused::No);
    each_function(module, |module, function| {
        split_arrays(module, function);
        Ok(())
    })?;
    compact(module, KeepUnused::No);
    each_function(module, |_, function| {
        drop_unread(function);
        Ok(())
    })?;
    compact(module, KeepUnused::No);
    each_function(module, |_, function| {
        drop_unnamed(function);
        Ok(())
    })
}

/// Calls `pass` for every function and entry point. The module it sees has none.
fn each_function(
    module: &mut Module,
    mut pass: impl FnMut(&Module, &mut Function) -> Result<(), TooLong>,
) -> Result<(), TooLong> {
    let mut functions = std::mem::take(&mut module.functions);
    let mut mains = std::mem::take(&mut module.entry_points);
    let mains_inside = mains.iter_mut().map(|point| &mut point.function);
    functions.iter_mut().map(|(_, function)| function).chain(mains_inside).try_for_each(|f| pass(module, f))?;
    module.functions = functions;
    module.entry_points = mains;
    Ok(())
}
