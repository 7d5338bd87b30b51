// The block: tinted by height, lit from the upper left of the map, with contours. Follows scene.wgsl.

struct Corner {
    @builtin(position) position: vec4<f32>,
    @location(0) normal: vec3<f32>,
    @location(1) height: f32,
    @location(2) tone: f32,
}

@vertex
fn place(
    @location(0) at: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) height_and_tone: vec2<f32>,
) -> Corner {
    return Corner(scene.matrix * vec4(at, 1.0), normal, height_and_tone.x, height_and_tone.y);
}

// Unit vector towards the light, as LIGHT in src/figure/space/mesh.rs.
const LIGHT = vec3(-0.4527, 0.4527, 0.6338);

@fragment
fn color(corner: Corner) -> @location(0) vec4<f32> {
    let normal = normalize(corner.normal);
    // Derivatives are defined only where all pixels go, so before the first branch.
    let rung = rung_of(corner.height);
    let width = fwidth(rung);
    let strength = scene.strength.z;
    if corner.tone < -0.5 {
        return vec4(scene.wall.rgb * (1.0 + 0.4 * strength * dot(normal, LIGHT)), 1.0);
    }
    let place = clamp(corner.tone, 0.0, 1.0) * 7.0;
    let below = min(u32(place), 6u);
    let tint = mix(scene.tints[below].rgb, scene.tints[below + 1u].rgb, place - f32(below));
    let light = 1.0 + strength * (dot(normal, LIGHT) - LIGHT.z) / LIGHT.z;
    let lit = tint * clamp(light, 1.0 - strength, 1.0 + 0.25 * strength);
    return vec4(mix(lit, scene.contour_color.rgb, contour(rung, width)), 1.0);
}

// The number of contours below a height, with a fraction.
fn rung_of(height: f32) -> f32 {
    // Logarithmic heights are log10(1 + distance to the lowest loss), the others that distance.
    let distance = select(height, exp2(height * 3.3219281) - 1.0, scene.eye.w > 0.5);
    if scene.contour.x > 1.5 {
        return (distance + scene.contour.y) * scene.contour.z;
    }
    return 4.0 * log2(max(distance, 1e-12)) / 3.3219281;
}

// How much of the contours' colour covers a pixel. `width`: change of `rung` over a pixel.
fn contour(rung: f32, width: f32) -> f32 {
    let nearest = round(rung);
    if scene.contour.x < 0.5 || nearest < scene.contour.w {
        return 0.0;
    }
    let pixels = abs(rung - nearest) / max(width, 1e-9);
    let half_width = 0.45 * scene.picture.z;
    let covered = clamp(half_width + 0.5 - pixels, 0.0, 1.0);
    let every = select(4.0, 5.0, scene.contour.x > 1.5);
    let is_index = abs(nearest - every * round(nearest / every)) < 0.5;
    // Lines closer than a few pixels would only darken the ground.
    let crowded = smoothstep(0.2, 0.5, width * scene.picture.z);
    return covered * (1.0 - crowded) * select(scene.strength.x, scene.strength.y, is_index);
}
