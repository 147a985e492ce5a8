// moments: the mean and the spread of a set of numbers, in a form that merges without cancellation.
//
// A set is kept as its size, its mean and m2 = Σ (x - mean)². The union of two sets a and b has, with
// d = mean_b - mean_a (Chan, Golub and LeVeque, 1983),
//   mean = mean_a + d * count_b / count,   m2 = m2_a + m2_b + d² * count_a * count_b / count
struct Moments {
    count: f32,
    mean: f32,
    m2: f32,
}

// The moments of the union; b is not empty.
fn merge_moments(a: Moments, b: Moments) -> Moments {
    let count = a.count + b.count;
    let share = b.count / count;
    let d = b.mean - a.mean;
    return Moments(count, a.mean + d * share, a.m2 + b.m2 + d * d * a.count * share);
}
