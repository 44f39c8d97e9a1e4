//! Analysis frames: read-only, bounded SQL over Parquet tables, as known on a reference date.
