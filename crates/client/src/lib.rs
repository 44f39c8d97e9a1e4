//! Client of the public API.
