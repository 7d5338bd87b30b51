//! The labs, told apart by the names of their problems alone: the build reads this file too.

/// A part of Thalweg with problems, and pictures, of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lab {
    /// Two coordinates: landscapes and formulas.
    Plane,
    /// Unknown matrices.
    Matrix,
    /// Unknown laws, made of particles.
    Measure,
}

impl Lab {
    /// The lab of the problem that a link names, by the name alone: also where that lab is not compiled in.
    pub fn of_link(link: &str) -> Self {
        let problem = link.split(['?', '#', '&']).rev().find_map(|part| part.strip_prefix("problem=m")).unwrap_or("");
        // Two landscapes are slices of a problem of the matrix lab, and named after it.
        match problem {
            _ if problem.starts_with("atrix_sensing_") => Self::Plane,
            _ if problem.starts_with("atrix_") => Self::Matrix,
            _ if problem.starts_with("easure_") => Self::Measure,
            _ => Self::Plane,
        }
    }
}
