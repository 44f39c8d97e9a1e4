//! The registry's tables; see `migrations/`.

diesel::table! {
    organisations (id) {
        id -> Text,
        name -> Text,
        created_at -> Text,
    }
}

diesel::table! {
    projects (id) {
        id -> Text,
        organisation -> Text,
        name -> Text,
        challenge -> Text,
        question -> Text,
        doelbinding -> Text,
        grondslag -> Nullable<Text>,
        verwerkingsactiviteit -> Text,
        bewaartermijn -> Text,
        retention_until -> Text,
        phase -> Text,
        steps -> Text,
        revision -> BigInt,
        created_by -> Text,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    artifacts (organisation, digest) {
        organisation -> Text,
        digest -> Text,
        media_type -> Text,
        size_bytes -> BigInt,
        created_by -> Text,
        created_at -> Text,
    }
}

diesel::table! {
    models (id) {
        id -> Text,
        organisation -> Text,
        project_id -> Text,
        name -> Text,
        title_nl -> Text,
        title_en -> Text,
        description -> Text,
        last_number -> BigInt,
        revision -> BigInt,
        created_by -> Text,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    model_versions (id) {
        id -> Text,
        organisation -> Text,
        model_id -> Text,
        number -> BigInt,
        state -> Text,
        state_reason -> Nullable<Text>,
        digest -> Text,
        manifest_digest -> Text,
        summary -> Text,
        lineage -> Text,
        revision -> BigInt,
        created_by -> Text,
        created_at -> Text,
        activated_by -> Nullable<Text>,
        activated_at -> Nullable<Text>,
        ended_at -> Nullable<Text>,
        fairness -> Nullable<Text>,
    }
}

diesel::table! {
    version_files (version_id, name) {
        version_id -> Text,
        name -> Text,
        digest -> Text,
        media_type -> Text,
        size_bytes -> BigInt,
    }
}

diesel::table! {
    aliases (model_id, alias) {
        model_id -> Text,
        alias -> Text,
        version_id -> Text,
    }
}

diesel::table! {
    reviews (id) {
        id -> Text,
        version_id -> Text,
        reviewer -> Text,
        verdict -> Text,
        remarks -> Text,
        created_at -> Text,
        fairness_conclusion -> Nullable<Text>,
    }
}

diesel::table! {
    events (organisation, sequence) {
        organisation -> Text,
        sequence -> BigInt,
        at -> Text,
        subject -> Text,
        client -> Text,
        action -> Text,
        object -> Text,
        details -> Text,
        previous -> Text,
        digest -> Text,
    }
}

diesel::table! {
    event_heads (organisation) {
        organisation -> Text,
        sequence -> BigInt,
        digest -> Text,
    }
}

diesel::joinable!(models -> projects (project_id));
diesel::joinable!(model_versions -> models (model_id));
diesel::allow_tables_to_appear_in_same_query!(
    organisations,
    projects,
    models,
    model_versions,
    version_files,
    reviews,
    aliases
);
