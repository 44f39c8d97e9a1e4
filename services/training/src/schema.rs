//! Tables of this service; see `migrations/`.

diesel::table! {
    /// One row per frame.
    frames (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The dossier it belongs to.
        project_id -> Text,
        /// What the analyst calls it.
        name -> Text,
        /// The job that builds it.
        job_id -> Text,
        /// What was asked, as JSON.
        request -> Text,
        /// Files read, by digest, as JSON.
        inputs -> Text,
        /// What was built, as JSON, once done.
        outcome -> Nullable<Text>,
        /// Who asked.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
    }
}

diesel::table! {
    /// One row per training run.
    training_runs (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The dossier it belongs to.
        project_id -> Text,
        /// The frame it learns from.
        frame_id -> Text,
        /// The job that does it.
        job_id -> Text,
        /// What was asked, as JSON.
        request -> Text,
        /// What was made, as JSON, once done.
        outcome -> Nullable<Text>,
        /// Who asked.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
        /// What it changes of another run's model, as JSON; absent for runs that learn.
        edit -> Nullable<Text>,
    }
}

diesel::table! {
    /// One row per comparison of algorithms.
    selections (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The dossier it belongs to.
        project_id -> Text,
        /// The frame it learns from.
        frame_id -> Text,
        /// The job that does it.
        job_id -> Text,
        /// What was asked, as JSON.
        request -> Text,
        /// What was found, as JSON, once done.
        outcome -> Nullable<Text>,
        /// Who asked.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
        /// What was tried so far, as JSON.
        kept -> Nullable<Text>,
    }
}

diesel::table! {
    /// One row per report on outflow.
    outflow_reports (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The dossier it belongs to.
        project_id -> Text,
        /// The frame of spells.
        frame_id -> Text,
        /// The job that does it.
        job_id -> Text,
        /// What was asked, as JSON.
        request -> Text,
        /// What came out in short, as JSON, once done.
        outcome -> Nullable<Text>,
        /// The whole analysis, as JSON, once done.
        analysis -> Nullable<Text>,
        /// Who asked.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
    }
}
