//! Black box through the gateway, and checks on the architecture.
