//! Tables that every service has in its own database; see `migrations/`.

diesel::table! {
    /// Long work, one row per job.
    jobs (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// Who asked, as JSON.
        caller -> Text,
        /// Which handler.
        kind -> Text,
        /// What the handler needs, as JSON.
        payload -> Text,
        /// See [`JobState`].
        state -> Text,
        /// What it is doing.
        stage -> Text,
        /// Units done.
        done -> BigInt,
        /// Units in all.
        total -> BigInt,
        /// Which units.
        unit -> Text,
        /// Public path of what it made.
        result -> Nullable<Text>,
        /// Why it failed, as JSON.
        problem -> Nullable<Text>,
        /// How often it was leased.
        leases -> BigInt,
        /// How often it met a fault of ours.
        faults -> BigInt,
        /// Not before this time.
        run_after -> Text,
        /// Fence: only who knows it may write.
        lease_token -> Nullable<Text>,
        /// Until when the lease holds.
        lease_until -> Nullable<Text>,
        /// 1 when somebody asked to stop.
        cancel_requested -> BigInt,
        /// When asked.
        created_at -> Text,
        /// Last sign of life.
        updated_at -> Text,
        /// When it ended.
        finished_at -> Nullable<Text>,
        /// In whose trace it was asked.
        traceparent -> Nullable<Text>,
        /// Under which act of the caller, see `crate::trace::Calling`.
        calling_act -> Nullable<Text>,
        /// When its stage began.
        stage_since -> Nullable<Text>,
        /// How learning goes, as JSON.
        learning -> Nullable<Text>,
    }
}

diesel::table! {
    /// What jobs keep for their next attempt, see `crate::jobs::Parts`.
    job_parts (organisation, job_id, name) {
        organisation -> Text,
        job_id -> Text,
        name -> Text,
        sealed -> Binary,
        size_bytes -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (organisation, subject, idempotency_key) {
        organisation -> Text,
        subject -> Text,
        idempotency_key -> Text,
        request_digest -> Text,
        answer -> Nullable<Text>,
        created_at -> Text,
        expires_at -> Text,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        at -> Text,
        organisation -> Text,
        subject -> Text,
        client -> Text,
        action -> Text,
        object -> Text,
    }
}

diesel::table! {
    /// Logboek Dataverwerkingen, see `crate::logboek`.
    processing_acts (organisation, id) {
        organisation -> Text,
        id -> Text,
        trace_id -> Text,
        span_id -> BigInt,
        parent_span_id -> Nullable<BigInt>,
        processor -> Nullable<Text>,
        status -> Text,
        name -> Text,
        start_ms -> BigInt,
        end_ms -> BigInt,
        activity -> Text,
        project_id -> Text,
        resource -> Text,
        subjects -> BigInt,
    }
}

diesel::table! {
    /// Whose data the acts processed.
    processing_subjects (organisation, act_id, place) {
        organisation -> Text,
        act_id -> Text,
        place -> BigInt,
        kind -> Text,
        scope -> Text,
        first_id -> Binary,
        last_id -> Binary,
        ids -> Binary,
    }
}

diesel::table! {
    /// Proofs of what was removed from logs, see `crate::retention`.
    log_removals (organisation, id) {
        organisation -> Text,
        id -> Text,
        log -> Text,
        project_id -> Nullable<Text>,
        term_days -> BigInt,
        older_than -> Text,
        records -> BigInt,
        people -> BigInt,
        oldest -> Text,
        newest -> Text,
        at -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(processing_acts, processing_subjects);
