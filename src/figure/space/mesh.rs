//! The block as triangles, for hardware that draws triangles.

use super::block::{BASE, Block};

/// A corner of a triangle, laid out for a vertex buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vertex {
    /// Where it is.
    pub at: [f32; 3],
    /// Unit vector out of the block.
    pub normal: [f32; 3],
    /// The land's height there, for contours.
    pub height: f32,
    /// The tint from 0 to 1; -1 on the walls.
    pub tone: f32,
}

impl Vertex {
    /// Numbers in a vertex.
    pub const NUMBERS: usize = 8;

    /// The vertex as it lies in a buffer.
    pub fn numbers(&self) -> [f32; Self::NUMBERS] {
        let ([x, y, z], [nx, ny, nz]) = (self.at, self.normal);
        [x, y, z, nx, ny, nz, self.height, self.tone]
    }
}

/// Triangles over shared corners.
#[derive(Clone, Debug, Default)]
pub struct Mesh {
    /// The corners.
    pub vertices: Vec<Vertex>,
    /// Three corners for every triangle.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// The surface, and the walls from its edges down to the base.
    pub fn new(block: &Block) -> Self {
        let mut mesh = Self::default();
        mesh.add_surface(block);
        mesh.add_walls(block);
        mesh
    }

    fn add_surface(&mut self, block: &Block) {
        let [columns, rows] = block.corners();
        for j in 0..rows {
            for i in 0..columns {
                let height = block.land.heights[j * columns + i];
                self.vertices.push(Vertex {
                    at: single(block.corner(i, j)),
                    normal: single(normal(block, i, j)),
                    height: height as f32,
                    tone: block.land.tone(height).clamp(0.0, 1.0) as f32,
                });
            }
        }
        let defined = |k: u32| block.z[k as usize].is_finite();
        for j in 0..rows - 1 {
            for i in 0..columns - 1 {
                let a = (j * columns + i) as u32;
                let (b, c, d) = (a + 1, a + columns as u32, a + columns as u32 + 1);
                for triangle in [[a, c, b], [d, b, c]] {
                    if triangle.into_iter().all(defined) {
                        self.triangles.push(triangle);
                    }
                }
            }
        }
        // No triangle has these corners, but a buffer of numbers that are none helps nobody.
        for vertex in &mut self.vertices {
            if !vertex.at[2].is_finite() {
                *vertex = Vertex::default();
            }
        }
    }

    fn add_walls(&mut self, block: &Block) {
        for side in Side::all(block) {
            for pair in side.rim.windows(2) {
                if pair.iter().any(|p| !p[2].is_finite()) {
                    continue;
                }
                let first = self.vertices.len() as u32;
                for [x, y, z] in pair {
                    for z in [*z, BASE] {
                        let at = single([*x, *y, z]);
                        self.vertices.push(Vertex { at, normal: single(side.normal), height: 0.0, tone: -1.0 });
                    }
                }
                self.triangles.extend([[first, first + 1, first + 2], [first + 2, first + 1, first + 3]]);
            }
        }
    }
}

/// A wall of the block.
pub(super) struct Side {
    /// Out of the block.
    pub normal: [f64; 3],
    /// The edge of the surface, corner by corner.
    pub rim: Vec<[f64; 3]>,
}

impl Side {
    /// South, east, north, west.
    pub fn all(block: &Block) -> [Self; 4] {
        let [columns, rows] = block.corners();
        let along = |row: usize| (0..columns).map(|i| block.corner(i, row)).collect();
        let down = |column: usize| (0..rows).map(|j| block.corner(column, j)).collect();
        [
            Self { normal: [0.0, -1.0, 0.0], rim: along(rows - 1) },
            Self { normal: [1.0, 0.0, 0.0], rim: down(columns - 1) },
            Self { normal: [0.0, 1.0, 0.0], rim: along(0) },
            Self { normal: [-1.0, 0.0, 0.0], rim: down(0) },
        ]
    }

    /// Whether it is seen from there.
    pub fn faces(&self, eye: [f64; 3]) -> bool {
        let corner = self.rim[0];
        (0..2).map(|k| self.normal[k] * (eye[k] - corner[k])).sum::<f64>() > 0.0
    }
}

fn single(p: [f64; 3]) -> [f32; 3] {
    p.map(|x| x as f32)
}

/// The unit normal at a corner: by central differences, one-sided at edges and holes.
pub(super) fn normal(block: &Block, i: usize, j: usize) -> [f64; 3] {
    let [columns, rows] = block.corners();
    let here = block.corner(i, j);
    let slope = |before: [f64; 3], after: [f64; 3], k: usize| {
        let pick = |p: [f64; 3]| if p[2].is_finite() { p } else { here };
        let (a, b) = (pick(before), pick(after));
        let run = b[k] - a[k];
        if run == 0.0 { 0.0 } else { (b[2] - a[2]) / run }
    };
    let sx = slope(block.corner(i.saturating_sub(1), j), block.corner((i + 1).min(columns - 1), j), 0);
    let sy = slope(block.corner(i, j.saturating_sub(1)), block.corner(i, (j + 1).min(rows - 1)), 1);
    let norm = libm::sqrt(sx * sx + sy * sy + 1.0);
    [-sx / norm, -sy / norm, 1.0 / norm]
}

/// Where the light comes from: the upper left of the map, as on the map.
pub(super) const LIGHT: [f64; 3] = [-0.4527, 0.4527, 0.6338];

/// Brightness of a surface with this unit normal under a relief of some strength: one on flat ground, clamped on both
/// sides so that steep slopes keep their tint. The same in `src/gpu/wgsl/relief.wgsl`.
pub fn shade(normal: [f64; 3], strength: f64) -> f64 {
    let light: f64 = (0..3).map(|k| normal[k] * LIGHT[k]).sum();
    let flat = LIGHT[2];
    (1.0 + strength * (light - flat) / flat).clamp(1.0 - strength, 1.0 + 0.25 * strength)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::PlaneProblem;

    fn block(formula: &str) -> Block {
        Block::new(&PlaneProblem::typed(formula, &[]).expect("a formula"), [-1.0, 1.0, -1.0, 1.0], 1.0, 20)
    }

    #[test]
    fn a_whole_surface_has_two_triangles_a_cell_and_four_walls() {
        let mesh = Mesh::new(&block("x^2+y^2"));
        assert_eq!(mesh.triangles.len(), 2 * 20 * 20 + 4 * 2 * 20);
        assert!(mesh.triangles.iter().flatten().all(|k| (*k as usize) < mesh.vertices.len()));
    }

    #[test]
    fn triangles_of_the_surface_face_up() {
        let block = block("sin(5*x)*y");
        let mesh = Mesh::new(&block);
        for triangle in mesh.triangles.iter().filter(|t| mesh.vertices[t[0] as usize].tone >= 0.0) {
            let [a, b, c] = triangle.map(|k| mesh.vertices[k as usize].at);
            let turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
            assert!(turn > 0.0);
        }
    }

    #[test]
    fn holes_are_left_out() {
        let (whole, holed) = (Mesh::new(&block("x+y^2")), Mesh::new(&block("ln(x)+y^2")));
        assert!(holed.triangles.len() < whole.triangles.len() * 2 / 3);
        assert!(holed.vertices.iter().flat_map(Vertex::numbers).all(f32::is_finite));
    }

    #[test]
    fn normals_are_those_of_a_plane() {
        let block = block("x");
        let slope = (block.corner(5, 3)[2] - block.corner(4, 3)[2]) / (block.corner(5, 3)[0] - block.corner(4, 3)[0]);
        let [nx, ny, nz] = normal(&block, 4, 3);
        assert!((nx / nz + slope).abs() < 1e-9 && ny.abs() < 1e-12 && slope > 0.1);
    }

    #[test]
    fn light_comes_from_the_upper_left() {
        assert!((shade([0.0, 0.0, 1.0], 0.5) - 1.0).abs() < 1e-12);
        assert!(shade([-0.6, 0.0, 0.8], 0.5) > 1.0 && shade([0.6, 0.0, 0.8], 0.5) < 1.0);
        assert!(shade([0.0, -0.6, 0.8], 0.5) < 1.0);
    }
}
