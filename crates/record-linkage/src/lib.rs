//! Records of the same person across sources, with known error.
