DROP TABLE run_labels;
DROP TABLE review_decisions;
DROP TABLE review_pairs;
DROP TABLE reviews;
