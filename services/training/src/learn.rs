//! Learning from a frame, without network, database or clock: rows in, model and proofs out.
