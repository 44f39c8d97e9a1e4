//! What every Helder service stands on: web, identity, database, jobs, objects, keys, telemetry.
