// coop_tile: the tile of a product that a workgroup of cooperating subgroups computes, and the memory it takes.
//
// DOWN by ACROSS subgroups of LANES invocations share out the tile: each has ROWS by COLS cooperative matrices of 16 by
// 16, which lie in its lanes' registers. Rows in workgroup memory are padded by 16 bytes, to which matrices have to be
// aligned there, so that the rows of a matrix do not lie in the same banks.
enable f16;
enable wgpu_cooperative_matrix;

override LANES: u32 = 32;
override TILE_M: u32 = 64;
override TILE_N: u32 = 64;
override TILE_K: u32 = 32;
override DOWN: u32 = 2;
override ACROSS: u32 = 2;
override VEC_A: bool = false;
override VEC_B: bool = false;

override CREW: u32 = LANES * DOWN * ACROSS;
override ROWS: u32 = TILE_M / DOWN / 16; // at most 4
override COLS: u32 = TILE_N / ACROSS / 16; // at most 4
override QUADS: u32 = TILE_K / 4; // vec4s of terms
override WIDE: u32 = TILE_N / 4; // vec4s of columns
override STRIDE_B: u32 = WIDE + 2; // vec4s from one row of tile_b to the next
override STRIDE_Y: u32 = WIDE + 1;
// With names: behind an array whose length is an expression naga takes no further overrides.
override LENGTH_B: u32 = TILE_K * STRIDE_B;
override LENGTH_Y: u32 = DOWN * 16 * STRIDE_Y;

var<workgroup> tile_b: array<vec4<f16>, LENGTH_B>; // [TILE_K, TILE_N / 4 + 2]
var<workgroup> strips: array<vec4<f32>, LENGTH_Y>; // of the result: [DOWN, 16, TILE_N / 4 + 1]
