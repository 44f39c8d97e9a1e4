//! Tables of this service; see `migrations/`.

diesel::table! {
    /// Sources, contracts and recipes.
    documents (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// `source`, `contract` or `recipe`.
        kind -> Text,
        /// Name for people.
        name -> Text,
        /// What it says, as JSON.
        body -> Text,
        /// Who declared it.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
    }
}

diesel::table! {
    /// Datasets.
    datasets (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The dossier it belongs to.
        project_id -> Text,
        /// Name for people.
        name -> Text,
        /// What it holds.
        description -> Text,
        /// Where it comes from.
        source_id -> Nullable<Text>,
        /// `uploaded` or `derived`.
        origin -> Text,
        /// Number of the newest version, 0 when there is none.
        last_number -> BigInt,
        /// Who declared it.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
    }
}

diesel::table! {
    /// Whole versions.
    dataset_versions (id) {
        /// Identifier.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// Its dataset.
        dataset_id -> Text,
        /// The dossier it belongs to.
        project_id -> Text,
        /// Number within the dataset, from 1.
        number -> BigInt,
        /// What it holds, as JSON.
        body -> Text,
        /// Digest of its quality report.
        quality -> Nullable<Text>,
        /// Who asked for it.
        created_by -> Text,
        /// When it was whole, UTC.
        created_at -> Text,
    }
}

diesel::table! {
    /// Sealed uploads that wait for their job.
    staged_uploads (job_id) {
        /// The job.
        job_id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The sealed object.
        digest -> Text,
        /// When, UTC.
        created_at -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(datasets, dataset_versions);

diesel::table! {
    /// What was removed at the end of its term.
    retention_proofs (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The project whose data it was.
        project_id -> Text,
        /// `project-ended` or `identity-term`.
        rule -> Text,
        /// Parts removed.
        parts -> BigInt,
        /// Rows they held.
        part_rows -> BigInt,
        /// Their bytes.
        size_bytes -> BigInt,
        /// When, UTC.
        at -> Text,
    }
}

diesel::table! {
    /// Parts that are gone.
    removed_parts (organisation, version_id, part) {
        /// Tenant.
        organisation -> Text,
        /// The version it was of.
        version_id -> Text,
        /// `analysis`, `identity`, `quarantine` or `quarantinedRecords`.
        part -> Text,
        /// The object.
        digest -> Text,
        /// The proof of its removal.
        proof_id -> Text,
    }
}
