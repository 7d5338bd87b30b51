// Trails: every two beads become a ribbon that faces the eye, with round ends. Follows scene.wgsl.

// Whether this pass draws the halo, or the line on it.
override HALO: bool;

struct Ribbon {
    @builtin(position) position: vec4<f32>,
    // From the first bead, along the ribbon and across it, in device pixels. Taken at every sample: the ends are round.
    @location(0) @interpolate(linear, sample) at: vec2<f32>,
    @location(1) @interpolate(flat) length: f32,
    // Step and length of the trail at both ends.
    @location(2) @interpolate(flat) steps: vec2<f32>,
    @location(3) @interpolate(flat) along: vec2<f32>,
    @location(4) @interpolate(flat) trail: u32,
}

// Ribbons are drawn so much nearer to the eye than they are: they are wider than the line on the ground that they show,
// and a slope would cut them.
const LIFT = 0.035;

fn half_width() -> f32 {
    return select(1.15, 2.5, HALO) * scene.picture.z;
}

fn lifted(at: vec3<f32>) -> vec4<f32> {
    return scene.matrix * vec4(at + LIFT * normalize(scene.eye.xyz - at), 1.0);
}

@vertex
fn stretch(
    @builtin(vertex_index) corner: u32,
    @location(0) a: vec3<f32>,
    // Step, length up to here, whether it continues the bead before it, and whose trail it is.
    @location(1) a_more: vec4<f32>,
    @location(2) b: vec3<f32>,
    @location(3) b_more: vec4<f32>,
) -> Ribbon {
    let size = 0.5 * scene.picture.xy;
    let near = lifted(a);
    let far = lifted(b);
    let start = near.xy / near.w * size;
    let end = far.xy / far.w * size;
    let length = distance(start, end);
    let direction = select(vec2(1.0, 0.0), (end - start) / length, length > 1e-4);
    let across = vec2(-direction.y, direction.x);
    let at_end = (corner & 1u) == 1u;
    let side = select(-1.0, 1.0, corner >= 2u) * half_width();
    let beyond = select(-1.0, 1.0, at_end) * half_width();
    let clip = select(near, far, at_end);
    let pixel = select(start, end, at_end) + beyond * direction + side * across;
    var ribbon: Ribbon;
    // A bead that begins a piece ends no ribbon.
    let joined = b_more.z > 0.5;
    ribbon.position = select(vec4(2.0, 2.0, 2.0, 1.0), vec4(pixel / size * clip.w, clip.zw), joined);
    ribbon.at = vec2(select(0.0, length, at_end) + beyond, side);
    ribbon.length = length;
    ribbon.steps = vec2(a_more.x, b_more.x);
    ribbon.along = vec2(a_more.y, b_more.y);
    ribbon.trail = u32(a_more.w);
    return ribbon;
}

@fragment
fn ink(ribbon: Ribbon) -> @location(0) vec4<f32> {
    let on_line = clamp(ribbon.at.x, 0.0, ribbon.length);
    let share = on_line / max(ribbon.length, 1e-4);
    let step = mix(ribbon.steps.x, ribbon.steps.y, share);
    let past = step <= scene.picture.w;
    let away = distance(ribbon.at, vec2(on_line, 0.0));
    if HALO {
        if !past || away > half_width() {
            discard;
        }
        return vec4(scene.paper.rgb, 1.0);
    }
    let color = scene.trails[ribbon.trail % 8u].rgb;
    if past {
        if away > half_width() {
            discard;
        }
        return vec4(color, 1.0);
    }
    // The future: thinner, and dotted.
    let along = mix(ribbon.along.x, ribbon.along.y, share);
    if away > 0.8 * scene.picture.z || fract(along / scene.strength.w) > 0.45 {
        discard;
    }
    return vec4(color, 0.7);
}
