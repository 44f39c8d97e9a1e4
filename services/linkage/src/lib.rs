//! The linkage service.
