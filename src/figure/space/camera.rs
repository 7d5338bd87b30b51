//! From where the block is seen, and how that becomes a picture.

use super::block::{BASE, HEIGHT};

/// Where the eye stands. Angles are degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The bearing of the look, clockwise from north, the upper edge of the map: 0 looks up the map, 90 to its right.
    pub azimuth: f64,
    /// How far above the horizon the eye stands: 90 looks straight down.
    pub elevation: f64,
    /// The eye's distance; 1 shows the whole block.
    pub distance: f64,
}

impl Camera {
    /// From the lower left, as from a hill that overlooks the land.
    pub const START: Self = Self { azimuth: 14.0, elevation: 50.0, distance: 1.0 };
    /// Straight from above, as the map shows it.
    pub const ABOVE: Self = Self { azimuth: 0.0, elevation: 90.0, distance: 1.0 };
    /// Elevations that can be taken: the surface has no underside.
    pub const ELEVATIONS: [f64; 2] = [5.0, 90.0];
    /// Distances that can be taken: nearer, the eye would be inside the block.
    pub const DISTANCES: [f64; 2] = [0.5, 2.5];

    /// The camera within its bounds, in tenths of a degree: links stay short, and less cannot be seen.
    pub fn tidy(self) -> Self {
        let tenth = |x: f64| (x * 10.0).round() / 10.0;
        let turned = tenth(self.azimuth).rem_euclid(360.0);
        Self {
            azimuth: tenth(if turned > 180.0 { turned - 360.0 } else { turned }),
            elevation: tenth(self.elevation.clamp(Self::ELEVATIONS[0], Self::ELEVATIONS[1])),
            distance: self.distance.clamp(Self::DISTANCES[0], Self::DISTANCES[1]),
        }
    }

    /// The camera at `t` from 0 to 1 on the way to another, round the shorter side.
    pub fn towards(self, other: Self, t: f64) -> Self {
        let turn = (other.azimuth - self.azimuth + 180.0).rem_euclid(360.0) - 180.0;
        Self {
            azimuth: self.azimuth + t * turn,
            elevation: self.elevation + t * (other.elevation - self.elevation),
            distance: self.distance + t * (other.distance - self.distance),
        }
    }
}

/// Tangent of half the angle of view, over the shorter side of the picture: that of a slightly long lens, so that
/// heights near and far can be compared.
const TANGENT: f64 = 0.18;

/// A picture of the block: a camera with the size of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Width and height in pixels.
    pub size: [f64; 2],
    /// Where the eye is.
    pub eye: [f64; 3],
    /// Unit vectors to the right, up, and towards the eye.
    axes: [[f64; 3]; 3],
    /// From the eye to what the camera turns about.
    range: f64,
    /// Pixels of a unit of length at a unit of distance.
    focus: f64,
    /// Where what the camera turns about is in the picture, in pixels from the upper left.
    middle: [f64; 2],
}

/// What the camera turns about.
const CENTRE: [f64; 3] = [0.0, 0.0, 0.36 * HEIGHT];

/// Pixels kept free beside, above and below the block, for the numbers at its edges.
const MARGINS: [f64; 2] = [38.0, 36.0];

impl View {
    /// The view of a block whose base reaches to `half` along each axis.
    pub fn new(camera: Camera, half: [f64; 2], size: [f64; 2]) -> Self {
        let (turn, rise) = (camera.azimuth.to_radians(), camera.elevation.to_radians());
        let (st, ct) = (libm::sin(turn), libm::cos(turn));
        let (sr, cr) = (libm::sin(rise), libm::cos(rise));
        let axes = [[ct, -st, 0.0], [st * sr, ct * sr, cr], [-st * cr, -ct * cr, sr]];
        let focus = 0.5 * size[0].min(size[1]) / TANGENT;
        let outline = outline(half).map(|p| axes.map(|axis| dot(axis, minus(p, CENTRE))));
        let free = [0, 1].map(|k| (0.5 * size[k] - MARGINS[k]).max(0.25 * size[k]));
        // How far to the side, down and up it reaches in the picture, from so far away.
        let reach = |range: f64| {
            outline.iter().fold([0.0_f64, 0.0, 0.0], |[side, down, up], [x, y, near]| {
                let scale = focus / (range - near);
                [side.max(x.abs() * scale), down.max(-y * scale), up.max(y * scale)]
            })
        };
        let (mut close, mut far) = (CLOSEST, 60.0);
        for _ in 0..40 {
            let range = 0.5 * (close + far);
            let [side, down, up] = reach(range);
            let fits = side <= free[0] && down + up <= 2.0 * free[1];
            (close, far) = if fits { (close, range) } else { (range, far) };
        }
        let [_, down, up] = reach(far);
        let range = far * camera.distance;
        let eye = [0, 1, 2].map(|k| CENTRE[k] + range * axes[2][k]);
        let middle = [0.5 * size[0], 0.5 * size[1] + 0.5 * (up - down) / camera.distance];
        Self { size, eye, axes, range, focus, middle }
    }

    /// Where a point of the block is in the picture, in pixels from the upper left, and its distance from the eye along
    /// the look. Points behind the eye are far outside the picture.
    pub fn project(&self, p: [f64; 3]) -> ([f64; 2], f64) {
        let [x, y, near] = self.axes.map(|axis| dot(axis, minus(p, CENTRE)));
        let depth = self.range - near;
        let scale = self.focus / depth.max(1e-3);
        ([self.middle[0] + x * scale, self.middle[1] - y * scale], depth)
    }

    /// Pixels of a unit of length at the middle of the block.
    pub fn scale(&self) -> f64 {
        self.focus / self.range
    }

    /// The unit vector to the right of the picture.
    pub fn right(&self) -> [f64; 3] {
        self.axes[0]
    }

    /// The matrix from the block to clip space, column by column, depth from 0 near to 1 far.
    pub fn matrix(&self) -> [[f32; 4]; 4] {
        // No corner is further than 1.6 from what the camera turns about: this holds all of the block at every distance.
        let (near, far) = ((self.range - 2.0).max(0.02), self.range + 2.0);
        let [sx, sy] = [0, 1].map(|k| 2.0 * self.focus / self.size[k]);
        let [right, up, back] = self.axes;
        let shift = [right, up, back].map(|axis| -dot(axis, CENTRE));
        // Depth along the look is range - (back . p + shift).
        let d = far / (far - near);
        // The middle of the picture is not what the camera turns about.
        let [mx, my] = [2.0 * self.middle[0] / self.size[0] - 1.0, 1.0 - 2.0 * self.middle[1] / self.size[1]];
        let column = |k: usize| {
            let (x, y, b) = (right[k], up[k], back[k]);
            [sx * x - mx * b, sy * y - my * b, -d * b, -b]
        };
        let depth = self.range - shift[2];
        let last = [sx * shift[0] + mx * depth, sy * shift[1] + my * depth, d * (depth - near), depth];
        [column(0), column(1), column(2), last].map(|column| column.map(|x| x as f32))
    }
}

/// The eye is never nearer than this to what it turns about, which is outside the block.
const CLOSEST: f64 = 1.8;

/// What has to fit into the picture: the block's corners, and a drum about its middle, so that the block does not grow
/// and shrink too much while it turns.
fn outline(half: [f64; 2]) -> [[f64; 3]; 56] {
    let radius = 0.8 * libm::hypot(half[0], half[1]);
    std::array::from_fn(|i| {
        let z = if i % 2 == 0 { BASE } else { HEIGHT };
        if i < 8 {
            let sign = |bit: usize| if i & bit == 0 { -1.0 } else { 1.0 };
            return [sign(2) * half[0], sign(4) * half[1], z];
        }
        let angle = (i / 2) as f64 / 24.0 * std::f64::consts::TAU;
        [radius * libm::cos(angle), radius * libm::sin(angle), z]
    })
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [f64; 2] = [660.0, 700.0];

    #[test]
    fn bearings_are_those_of_a_compass() {
        let view = |azimuth| View::new(Camera { azimuth, ..Camera::START }, [1.0, 1.0], SIZE);
        let x = |view: &View, p| view.project(p).0[0];
        // Who looks north has the east to the right; who looks east has the south there.
        assert!(x(&view(0.0), [1.0, 0.0, 0.0]) > x(&view(0.0), [-1.0, 0.0, 0.0]));
        assert!(x(&view(90.0), [0.0, -1.0, 0.0]) > x(&view(90.0), [0.0, 1.0, 0.0]));
        // And what one looks at is further away.
        let depth = |p| view(90.0).project(p).1;
        assert!(depth([1.0, 0.0, 0.0]) > depth([-1.0, 0.0, 0.0]));
    }

    #[test]
    fn from_above_the_block_is_the_map() {
        let view = View::new(Camera::ABOVE, [1.0, 1.0], SIZE);
        let ([cx, cy], _) = view.project([0.0, 0.0, 0.3]);
        assert!((cx - 330.0).abs() < 1e-6 && (cy - 350.0).abs() < 1e-6);
        let ([x, y], _) = view.project([0.5, 0.5, 0.3]);
        assert!(x > cx && y < cy && (x - cx + y - cy).abs() < 1e-9);
    }

    #[test]
    fn the_matrix_and_the_projection_agree() {
        let view = View::new(Camera { azimuth: -37.0, elevation: 24.0, distance: 0.8 }, [1.0, 0.7], SIZE);
        let matrix = view.matrix();
        for p in [[0.9, -0.3, 0.2], [-1.0, 0.7, BASE], [0.1, 0.2, HEIGHT]] {
            let clip: Vec<f64> = (0..4)
                .map(|row| {
                    let along = (0..3).map(|k| f64::from(matrix[k][row]) * p[k]).sum::<f64>();
                    along + f64::from(matrix[3][row])
                })
                .collect();
            let (at, depth) = view.project(p);
            // Single precision over a picture of 700 pixels.
            assert!((clip[3] - depth).abs() < 1e-5);
            assert!(((clip[0] / clip[3] + 1.0) * 0.5 * SIZE[0] - at[0]).abs() < 1e-2);
            assert!(((1.0 - clip[1] / clip[3]) * 0.5 * SIZE[1] - at[1]).abs() < 1e-2);
            assert!((0.0..1.0).contains(&(clip[2] / clip[3])));
        }
    }

    #[test]
    fn the_block_stays_in_the_picture() {
        for azimuth in [0.0, 20.0, 45.0, 133.0] {
            for elevation in [5.0, 30.0, 60.0, 90.0] {
                let view = View::new(Camera { azimuth, elevation, distance: 1.0 }, [1.0, 1.0], SIZE);
                for p in [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]] {
                    for z in [BASE, HEIGHT] {
                        let ([x, y], _) = view.project([p[0], p[1], z]);
                        assert!((0.0..=SIZE[0]).contains(&x) && (0.0..=SIZE[1]).contains(&y), "{x} {y}");
                    }
                }
            }
        }
    }

    #[test]
    fn tidy_keeps_a_camera_within_its_bounds() {
        let camera = Camera { azimuth: 190.04, elevation: 120.0, distance: 0.0 }.tidy();
        assert_eq!(camera, Camera { azimuth: -170.0, elevation: 90.0, distance: 0.5 });
        assert_eq!(Camera { azimuth: -180.0, ..camera }.tidy().azimuth, 180.0);
    }

    #[test]
    fn the_way_to_another_camera_is_the_shorter_one() {
        let from = Camera { azimuth: 170.0, ..Camera::START };
        let half = from.towards(Camera { azimuth: -170.0, ..Camera::START }, 0.5);
        assert_eq!(half.azimuth, 180.0);
    }
}
