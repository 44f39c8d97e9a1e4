//! Tables of clerical review; see `migrations/`.

diesel::table! {
    /// One row per review task.
    reviews (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The dossier of its run.
        project_id -> Text,
        /// The run whose pairs are looked at.
        run_id -> Text,
        /// The job that makes the queue.
        job_id -> Text,
        /// Settings, as JSON.
        settings -> Text,
        /// What the random share was drawn from, as JSON, once the queue is there.
        strata -> Nullable<Text>,
        /// Who asked.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
    }
}

diesel::table! {
    /// The queue.
    review_pairs (id) {
        /// Identifier.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// Review task.
        review_id -> Text,
        /// Place in the queue, from 0.
        place -> BigInt,
        /// Row of the left version of the run.
        left_row -> BigInt,
        /// Row of the right version of the run.
        right_row -> BigInt,
        /// Stable key of the left record.
        left_key -> Text,
        /// Stable key of the right record.
        right_key -> Text,
        /// What it was drawn from.
        stratum -> Text,
        /// Whether a second person decides as well.
        is_blind -> Bool,
        /// Whose turn it is: 0 first, 1 second, 2 third, 3 nobody's any more.
        part -> BigInt,
        /// Who decided first.
        first_by -> Nullable<Text>,
        /// Who decided second.
        second_by -> Nullable<Text>,
        /// What was decided, once settled.
        verdict -> Nullable<Text>,
        /// Who looks at it now.
        leased_to -> Nullable<Text>,
        /// Until when, UTC.
        leased_until -> Nullable<Text>,
    }
}

diesel::table! {
    /// Decisions; append only.
    review_decisions (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// Review task.
        review_id -> Text,
        /// The pair.
        pair_id -> Text,
        /// 0 first, 1 second, 2 third.
        part -> BigInt,
        /// What was decided.
        verdict -> Text,
        /// Why.
        reason -> Nullable<Text>,
        /// The decision that it replaces.
        supersedes -> Nullable<Text>,
        /// By whom.
        decided_by -> Text,
        /// When, UTC.
        decided_at -> Text,
    }
}

diesel::table! {
    /// Labels that a run uses.
    run_labels (run_id) {
        /// The run.
        run_id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The review they come from.
        review_id -> Text,
        /// The labels, as JSON.
        labels -> Text,
        /// What became of them, as JSON, once the run is done.
        used -> Nullable<Text>,
    }
}
