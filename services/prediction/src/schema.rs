//! The tables of this service.

diesel::table! {
    processing_segments (organisation, id) {
        organisation -> Text,
        id -> Text,
        shared -> Text,
        lines -> Text,
        records -> Integer,
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
    }
}
