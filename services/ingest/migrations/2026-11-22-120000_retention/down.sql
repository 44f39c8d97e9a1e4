DROP TABLE removed_parts;
DROP TABLE retention_proofs;
