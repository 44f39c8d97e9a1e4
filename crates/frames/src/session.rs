//! The engine, closed on all sides: no files, no statements, no functions that change between runs.

use std::{collections::HashMap, path::Path, sync::Arc};

use datafusion::{
    arrow::{
        array::{Date32Array, RecordBatch},
        datatypes::{DataType, Field, Schema},
    },
    common::{Column, tree_node::TreeNode},
    error::DataFusionError,
    execution::{
        SessionStateBuilder, disk_manager::DiskManagerBuilder, memory_pool::FairSpillPool,
        runtime_env::RuntimeEnvBuilder,
    },
    logical_expr::{Expr, LogicalPlan, cast, lit},
    prelude::{ParquetReadOptions, SessionConfig, SessionContext},
    scalar::ScalarValue,
};
use jiff::{Unit, civil::Date};

use crate::{
    FrameError, FrameFault, FrameLimits, FrameQuery, FrameTable, TableRole,
    guard::StoppableJoins,
    query::{REFERENCE_COLUMN, REFERENCE_TABLE},
};

/// Functions whose answer depends on the moment or on chance; a frame must come out the same next year.
const CHANGING: [&str; 7] = [
    "random",
    "uuid",
    "now",
    "current_timestamp",
    "current_date",
    "today",
    "current_time",
];

/// Functions that make values of any length out of nothing, past the memory limit.
const BLOWING_UP: [&str; 9] = [
    "repeat",
    "lpad",
    "rpad",
    "space",
    "array_repeat",
    "list_repeat",
    "array_resize",
    "range",
    "generate_series",
];

/// Days since 1970-01-01.
pub(crate) fn day_number(date: Date) -> Result<i32, FrameError> {
    date.since((Unit::Day, Date::constant(1970, 1, 1)))
        .map(|span| span.get_days())
        .map_err(FrameError::internal)
}

/// An engine that knows the tables as they were known on `day`, and nothing else.
pub(crate) async fn open(
    query: &FrameQuery,
    limits: &FrameLimits,
    spill: &Path,
    day: Option<i32>,
) -> Result<SessionContext, FrameError> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory_bytes)))
        .with_disk_manager_builder(DiskManagerBuilder::default())
        .with_temp_file_path(spill)
        .with_max_temp_directory_size(limits.spill_bytes)
        .build_arc()
        .map_err(FrameError::internal)?;
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema("helder", "frame")
        .with_information_schema(false)
        // Sums of floating-point numbers depend on their order; one partition fixes it.
        .with_target_partitions(1);
    // Keeps text columns as the plain type that every reader of a frame knows.
    config
        .options_mut()
        .execution
        .parquet
        .schema_force_view_types = false;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_table_functions(HashMap::new())
        .with_physical_optimizer_rule(Arc::new(StoppableJoins))
        .build();
    let context = SessionContext::new_with_state(state);
    for name in CHANGING.into_iter().chain(BLOWING_UP) {
        context.deregister_udf(name);
    }
    let mut faults = Vec::new();
    for (index, table) in query.tables.iter().enumerate() {
        faults.extend(register(&context, table, index, day).await?);
    }
    if let Some(day) = day {
        let schema = Arc::new(Schema::new(vec![Field::new(
            REFERENCE_COLUMN,
            DataType::Date32,
            false,
        )]));
        let batch = RecordBatch::try_new(schema, vec![Arc::new(Date32Array::from(vec![day]))])
            .map_err(FrameError::internal)?;
        context
            .register_batch(REFERENCE_TABLE, batch)
            .map_err(FrameError::internal)?;
    }
    if faults.is_empty() {
        Ok(context)
    } else {
        Err(FrameError::Invalid(faults))
    }
}

/// Registers one table as a view, so that the query cannot reach behind the reference date.
async fn register(
    context: &SessionContext,
    table: &FrameTable,
    index: usize,
    day: Option<i32>,
) -> Result<Vec<FrameFault>, FrameError> {
    let path = table
        .path
        .to_str()
        .ok_or_else(|| FrameError::internal("path is not UTF-8"))?;
    let extension = table
        .path
        .extension()
        .and_then(|e| e.to_str())
        .map_or(String::new(), |e| format!(".{e}"));
    let options = ParquetReadOptions {
        file_extension: &extension,
        ..ParquetReadOptions::default()
    };
    let mut frame = context
        .read_parquet(path, options)
        .await
        .map_err(FrameError::internal)?;
    let mut faults = Vec::new();
    if let (TableRole::Feature, Some(day)) = (table.role, day) {
        for (key, column) in [
            ("knownSince", &table.known_since),
            ("eventTime", &table.event_time),
        ] {
            let Some(column) = column else { continue };
            if frame.schema().field_with_unqualified_name(column).is_err() {
                faults.push(FrameFault::new(
                    format!("/tables/{index}/{key}"),
                    "unknown_column",
                    format!("table `{}` has no column `{column}`", table.alias),
                ));
                continue;
            }
            frame = frame
                .filter(not_after(column, day))
                .map_err(FrameError::internal)?;
        }
    }
    context
        .register_table(table.alias.as_str(), frame.into_view())
        .map_err(FrameError::internal)?;
    Ok(faults)
}

fn not_after(column: &str, day: i32) -> Expr {
    cast(
        Expr::Column(Column::new_unqualified(column)),
        DataType::Date32,
    )
    .lt_eq(lit(ScalarValue::Date32(Some(day))))
}

/// Plans the query; complaints become faults.
pub(crate) async fn plan(
    context: &SessionContext,
    query: &FrameQuery,
    statement: datafusion::sql::parser::Statement,
) -> Result<datafusion::dataframe::DataFrame, FrameError> {
    let mut aliases: Vec<_> = query
        .tables
        .iter()
        .map(|table| table.alias.as_str())
        .collect();
    if !query.reference_dates.is_empty() {
        aliases.push(REFERENCE_TABLE);
    }
    let fault = |error: &DataFusionError| {
        FrameError::Invalid(vec![crate::sql::plan_fault(error, &aliases)])
    };
    let plan = context
        .state()
        .statement_to_plan(statement)
        .await
        .map_err(|error| fault(&error))?;
    let read_only = datafusion::prelude::SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    let recursive = plan
        .exists(|node| Ok(matches!(node, LogicalPlan::RecursiveQuery(_))))
        .map_err(FrameError::internal)?;
    if recursive {
        return Err(FrameError::Invalid(vec![FrameFault::sql(
            "unsupported",
            "a recursive query may never end: write it without",
        )]));
    }
    read_only.verify_plan(&plan).map_err(|_| {
        FrameError::Invalid(vec![FrameFault::sql(
            "read_only",
            "only a SELECT is allowed: nothing that writes or sets",
        )])
    })?;
    context
        .execute_logical_plan(plan)
        .await
        .map_err(|error| fault(&error))
}
