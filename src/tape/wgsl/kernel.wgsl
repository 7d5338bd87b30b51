// A mass run: one invocation takes one point through all its steps. The printer (src/tape/wgsl.rs) puts the tapes where
// comments begin with a colon.

// Which points, and how far. Rust twin: `Span` in src/gpu/kernel.rs.
struct Span {
    // The first point.
    first: u32,
    // How many points.
    points: u32,
    // Steps to take.
    steps: u32,
    // Steps taken before: the first that is taken has the number `done + 1`.
    done: u32,
}

// The memory of a WebAssembly kernel in single precision (src/tape/wasm.rs has its header): a group is four points.
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> span: Span;

//: bits

// The word of a point in an array that begins at a byte address; `stride` bytes are from one group to the next.
fn place(address: u32, stride: u32, point: u32) -> u32 {
    return (address + (point / 4u) * stride) / 4u + point % 4u;
}

fn input(i: u32, point: u32) -> f32 {
    return number(memory[place(memory[2u * i], memory[2u * i + 1u], point)]);
}

//: functions

@compute @workgroup_size(64)
fn run(@builtin(global_invocation_id) invocation: vec3<u32>) {
    if invocation.x >= span.points {
        return;
    }
    let point = span.first + invocation.x;
    //: begin
    for (var taken = 0u; taken < span.steps; taken++) {
        let count = span.done + taken + 1u;
        //: step
    }
    //: end
}
