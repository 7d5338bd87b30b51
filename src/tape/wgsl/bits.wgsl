// The number with these bits. A parameter is not known when the shader is compiled, so that infinities and NaNs are
// allowed.
fn number(bits: u32) -> f32 {
    return bitcast<f32>(bits);
}

// Two to the power of a whole number, as its bits come out.
fn exp2i(x: f32) -> f32 {
    return number(bitcast<u32>(i32(x) + 127) << 23u);
}

// The binary exponent of |x|.
fn exponent(x: f32) -> f32 {
    return f32((bitcast<u32>(x) >> 23u) & 255u) - 127.0;
}

// |x| scaled into [1, 2).
fn mantissa(x: f32) -> f32 {
    return number((bitcast<u32>(x) & 0x7fffffu) | 0x3f800000u);
}
