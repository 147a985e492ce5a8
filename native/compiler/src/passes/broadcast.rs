//! A shuffle from a lane that has become constant is a broadcast.
//!
//! ```text
//! for (var k = 0u; k < 2u; k += 1u) {          s += subgroupBroadcast(a, 0u) * b[0];
//!     s += subgroupShuffle(a, k) * b[k];       s += subgroupBroadcast(a, 1u) * b[1];
//! }
//! ```
//!
//! `subgroupShuffle(a, k)` lets every lane choose whose `a` it wants, `subgroupBroadcast(a, 0u)` gives all lanes that
//! of one. A broadcast is much cheaper, but its lane must be a constant, which a loop's counter is not. So shaders
//! shuffle, and after the loop is written out this pass sees that all lanes choose the same one.

use super::operands::blocks_mut;
use naga::{Arena, Block, Expression, Function, GatherMode, Literal, Statement};

/// Turns the shuffles of `function` whose lane is a literal into broadcasts.
pub fn broadcast(function: &mut Function) {
    in_block(&mut function.body, &function.expressions);
}

fn in_block(block: &mut Block, expressions: &Arena<Expression>) {
    for statement in block.iter_mut() {
        if let Statement::SubgroupGather { mode, .. } = statement
            && let GatherMode::Shuffle(lane) = *mode
            && let Expression::Literal(Literal::U32(_)) = expressions[lane]
        {
            *mode = GatherMode::Broadcast(lane);
        }
        for inner in blocks_mut(statement) {
            in_block(inner, expressions);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::programs::{assert_unchanged, kernel, written_out};

    #[test]
    fn constant_lanes_are_broadcast_and_others_shuffled() {
        let text = kernel(
            "",
            "for (var k = 0u; k < 3u; k++) { y[k] = subgroupShuffle(f32(n), k); }
            y[3] = subgroupShuffle(f32(n), n);
            if n > 1u { y[4] = subgroupShuffle(f32(n), 2u); }",
        );
        assert_unchanged(&text);
        let written = written_out(&text);
        for lane in 0..3 {
            assert!(written.contains(&format!("subgroupBroadcast(f32(n), {lane}u)")), "{written}");
        }
        assert_eq!(written.matches("subgroupShuffle(").count(), 1, "{written}");
    }
}
