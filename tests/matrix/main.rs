//! The matrix lab from the outside: records of another program, and the claims of its exhibits.

mod reference;
mod starts;
