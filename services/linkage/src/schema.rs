//! Tables of this service; see `migrations/`.

diesel::table! {
    /// One row per linkage run.
    linkage_runs (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The dossier it belongs to.
        project_id -> Text,
        /// Left dataset version.
        left_version -> Text,
        /// Right dataset version.
        right_version -> Text,
        /// The job that does it.
        job_id -> Text,
        /// The specification, as JSON.
        spec -> Text,
        /// Parts read, by digest, as JSON.
        inputs -> Text,
        /// What it found, as JSON, once done.
        outcome -> Nullable<Text>,
        /// Who asked.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
    }
}
