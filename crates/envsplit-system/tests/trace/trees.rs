//! Generated.
pub(crate) fn all() {}
