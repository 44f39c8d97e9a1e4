-- The parts that a proof is about.
CREATE INDEX removed_parts_of_proof ON removed_parts (organisation, proof_id, version_id, part);
