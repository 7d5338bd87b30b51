// Random numbers of a step.

// Two numbers uniform on (0, 1): odd multiples of 2^-24, which single precision holds exactly.
fn uniform_pair(count: u32, slot: u32, number_of_run: u32, seed: vec2<u32>) -> vec2<f32> {
    let words = philox4x32(vec4<u32>(count, slot, number_of_run, 0u), seed);
    return (vec2<f32>(words.xz >> vec2<u32>(9u)) + 0.5) * 1.1920928955078125e-7;
}
