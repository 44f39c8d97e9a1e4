DROP INDEX removed_parts_of_proof;
