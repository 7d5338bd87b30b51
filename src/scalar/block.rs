//! Which part of a vector is which matrix.

/// A part of a vector of parameters that is a matrix, row after row. The blocks of a problem follow each other and cover
/// the vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where it begins.
    pub from: usize,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
}

impl Block {
    /// A vector of `n` entries as one column.
    pub fn column(n: usize) -> Vec<Self> {
        vec![Self { from: 0, rows: n, columns: 1 }]
    }

    /// Matrices of these rows and columns, one after the other.
    pub fn sequence(shapes: &[[usize; 2]]) -> Vec<Self> {
        let mut from = 0;
        let block = |&[rows, columns]: &[usize; 2]| {
            let block = Self { from, rows, columns };
            from += rows * columns;
            block
        };
        shapes.iter().map(block).collect()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is a vector: a single row or column.
    pub fn is_vector(&self) -> bool {
        self.rows == 1 || self.columns == 1
    }

    /// A vector as one column, whatever it was; a matrix as it is.
    pub fn upright(self) -> Self {
        if self.is_vector() { Self { rows: self.len(), columns: 1, ..self } } else { self }
    }

    /// Its entries' places in the vector.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.from..self.from + self.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_each_other() {
        let blocks = Block::sequence(&[[3, 2], [1, 4]]);
        assert_eq!((blocks[0].range(), blocks[1].range()), (0..6, 6..10));
        assert!(!blocks[0].is_vector() && blocks[1].is_vector());
        assert_eq!(Block::column(5)[0].len(), 5);
        assert_eq!(blocks[1].upright(), Block { from: 6, rows: 4, columns: 1 });
        assert_eq!(blocks[0].upright(), blocks[0]);
    }
}
