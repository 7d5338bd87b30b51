// Sums over all pairs of points: one invocation takes one target through the sources. The printer (src/tape/wgsl/pairs.rs)
// puts the tape where comments begin with a colon.

// Which targets and sources. Rust twin: `Span` in src/gpu/pairs.rs.
struct Span {
    // The first target, and the one after the last.
    target_begin: u32,
    target_end: u32,
    // The first source, and the one after the last. The first is a multiple of TILE; unless it is zero, the sums of the
    // sources before it are in the memory.
    source_begin: u32,
    source_end: u32,
}

// The memory of a WebAssembly kernel of pairs (src/scalar/pair_memory.rs describes it).
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> span: Span;

// Sources that a workgroup has at hand, one loaded by each invocation, and terms that are added up before their sum is added
// to the total. Rust twin: `BLOCK` in src/scalar/pair_memory.rs.
const TILE: u32 = 64u;
var<workgroup> tile: array<vec4<f32>, TILE>;

//: bits

// Word `i` of the array whose address the header has in word `array`.
fn place(array: u32, i: u32) -> u32 {
    return memory[array] / 4u + i;
}

@compute @workgroup_size(64)
fn run(@builtin(global_invocation_id) invocation: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    // The invocations that no target has take the last one along, since all have to meet at the barriers.
    let mine = min(span.target_begin + invocation.x, span.target_end - 1u);
    let x0 = number(memory[place(1u, mine)]);
    let x1 = number(memory[place(2u, mine)]);
    let parameter = number(memory[0]);
    var totals = array<f32, 3>(0.0, 0.0, 0.0);
    if span.source_begin > 0u {
        totals[0] = number(memory[place(4u, mine)]);
        totals[1] = number(memory[place(5u, mine)]);
        totals[2] = number(memory[place(6u, mine)]);
    }
    //: target
    for (var first = span.source_begin; first < span.source_end; first += TILE) {
        let count = min(TILE, span.source_end - first);
        if local < count {
            let at = place(3u, 4u * (first + local));
            tile[local] =
                vec4<f32>(number(memory[at]), number(memory[at + 1u]), number(memory[at + 2u]), number(memory[at + 3u]));
        }
        workgroupBarrier();
        var t0 = 0.0;
        var t1 = 0.0;
        var t2 = 0.0;
        for (var i = 0u; i < count; i++) {
            let source = tile[i];
            //: source
        }
        totals[0] += t0;
        totals[1] += t1;
        totals[2] += t2;
        // Nobody loads the next tile while another still reads this one.
        workgroupBarrier();
    }
    if span.target_begin + invocation.x < span.target_end {
        memory[place(4u, mine)] = bitcast<u32>(totals[0]);
        memory[place(5u, mine)] = bitcast<u32>(totals[1]);
        memory[place(6u, mine)] = bitcast<u32>(totals[2]);
    }
}
