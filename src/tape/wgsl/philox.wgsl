// Philox4x32-10, the same integers as src/scalar/philox.rs.

// The upper word of a product, from the halves of both factors: none of the sums exceeds a word.
fn upper_product(a: u32, b: u32) -> u32 {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let first = a1 * b0 + ((a0 * b0) >> 16u);
    let second = a0 * b1 + (first & 0xffffu);
    return a1 * b1 + (first >> 16u) + (second >> 16u);
}

// Four random words for a counter and a key.
fn philox4x32(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var turn = 0u; turn < 10u; turn++) {
        c = vec4<u32>(
            upper_product(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
            0xcd9e8d57u * c.z,
            upper_product(0xd2511f53u, c.x) ^ c.w ^ k.y,
            0xd2511f53u * c.x,
        );
        k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    }
    return c;
}
