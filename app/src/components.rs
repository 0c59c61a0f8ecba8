//! Parts that pages are made of.

pub mod choosers;
pub mod frame;
pub mod inspect;
pub mod matrix;
pub mod popover;
pub mod problems;
pub mod question;
