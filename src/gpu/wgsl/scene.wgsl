// What both stages of the relief know of a picture. Its Rust twin is `scene` in src/gpu/relief.rs.

struct Scene {
    // From the block to clip space.
    matrix: mat4x4<f32>,
    // Where the eye is, on the block's own axes; whether heights are logarithms.
    eye: vec4<f32>,
    // Width and height in device pixels, device pixels in a pixel of the page, the time in steps.
    picture: vec4<f32>,
    // Contours: 0 none, 1 quarter decades, 2 even steps; then the lowest loss, one over the step, the first line.
    contour: vec4<f32>,
    // Opacity of contours and of index contours, strength of the relief, length of a dot with its gap.
    strength: vec4<f32>,
    contour_color: vec4<f32>,
    wall: vec4<f32>,
    paper: vec4<f32>,
    tints: array<vec4<f32>, 8>,
    trails: array<vec4<f32>, 8>,
}

@group(0) @binding(0) var<uniform> scene: Scene;
