//! The names of one document: which mentions mean the same person, organisation or place.

mod name;

pub use name::{Name, Place};
