//! Groups of clients that resemble each other.
