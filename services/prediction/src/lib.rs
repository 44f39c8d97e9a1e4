//! The prediction service.
