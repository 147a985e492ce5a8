// Structures, in arrays, in one another, given and returned.

struct Params {
    n: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

struct Point {
    across: u32,
    down: vec2<u32>,
}

struct Pair {
    name: u32,
    points: array<Point, 2>,
}

fn moved(point: Point, by: u32) -> Point {
    var copy = point;
    if by % 2u == 0u {
        copy.down.y += by;
        return copy;
    }
    copy.across *= 2u;
    copy.down = copy.down.yx;
    return copy;
}

@compute @workgroup_size(20)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    var pair = Pair(i, array<Point, 2>(Point(1u, vec2(x[i], 2u)), Point(i, vec2(3u, 4u))));
    pair.points[1] = moved(pair.points[0], x[i]);
    if x[i] % 3u == 0u {
        pair.points[0] = Point(9u, vec2(8u, x[i]));
        pair.points[params.n % 2u].down.x += 1u;
    }
    let a = pair.points[0];
    let b = pair.points[1];
    let of_a = (a.across * 60u + a.down.x) * 60u + a.down.y;
    let of_b = (b.across * 60u + b.down.x) * 60u + b.down.y;
    y[i] = of_a + of_b * 3u + pair.name;
}
