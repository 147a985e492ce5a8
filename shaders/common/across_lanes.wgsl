// across_lanes: a number from each invocation of a workgroup of WIDTH, brought together.
//
// Lane l leaves its number of round r in from_lanes[r * WIDTH + l]; behind a barrier each lane adds up all of them, in
// the same order. Two rounds have places of their own, so that the second need not wait for the first to be read.
var<workgroup> from_lanes: array<f32, 2u * WIDTH>;

fn sum_of_lanes(round: u32) -> f32 {
    var sum = from_lanes[round * WIDTH];
    for (var k = 1u; k < WIDTH; k += 1u) {
        sum += from_lanes[round * WIDTH + k];
    }
    return sum;
}

fn largest_of_lanes(round: u32) -> f32 {
    var largest = from_lanes[round * WIDTH];
    for (var k = 1u; k < WIDTH; k += 1u) {
        largest = max(largest, from_lanes[round * WIDTH + k]);
    }
    return largest;
}
