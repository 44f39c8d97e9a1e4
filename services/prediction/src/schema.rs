//! The tables of this service.

diesel::table! {
    processing_segments (organisation, id) {
        organisation -> Text,
        id -> Text,
        shared -> Text,
        lines -> Text,
        records -> Integer,
        project_id -> Nullable<Text>,
    }
}

diesel::table! {
    subject_places_recent (organisation, id) {
        organisation -> Text,
        id -> Text,
        entries -> Binary,
    }
}

diesel::table! {
    subject_places (organisation, run, place) {
        organisation -> Text,
        run -> Text,
        place -> BigInt,
        until -> Text,
        first_key -> Binary,
        last_key -> Binary,
        entries -> Binary,
    }
}

diesel::table! {
    batches (id) {
        id -> Text,
        organisation -> Text,
        project_id -> Text,
        model_name -> Text,
        model_version_id -> Text,
        model_digest -> Text,
        dataset_version_id -> Text,
        dataset_digest -> Text,
        created_by -> Text,
        created_at -> Text,
        job_id -> Text,
        outcome -> Nullable<Text>,
        control -> Nullable<Text>,
    }
}

diesel::table! {
    batch_findings (organisation, batch_id, delivery) {
        organisation -> Text,
        batch_id -> Text,
        delivery -> Integer,
        recorded_by -> Text,
        recorded_at -> Text,
        after_reveal -> Integer,
        recorded -> Integer,
        corrected -> Integer,
        reason -> Nullable<Text>,
        findings -> Binary,
    }
}
