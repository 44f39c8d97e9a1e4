//! Projects, models, versions, reviews, events.
