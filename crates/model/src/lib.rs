//! The stored model: format helder-model/1, scoring and exact explanation.
