//! The passes, in their order.

use super::broadcast::broadcast;
use super::scalars::split_arrays;
use super::unread::{drop_unnamed, drop_unread};
use super::unroll::{TooLong, unroll};
use naga::compact::{KeepUnused, compact};
use naga::{Function, Module};

/// Runs the passes over all functions of `module`; between them naga's `compact` drops the expressions that are left over.
///
/// # Errors
/// [`TooLong`] if a loop cannot be written out in reasonable length; `module` is then of no use.
pub fn run(module: &mut Module) -> Result<(), TooLong> {
    each_function(module, |module, function| {
        *function = unroll(module, function)?;
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
