DROP TABLE linkage_states;
