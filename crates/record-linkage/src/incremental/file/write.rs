//! Writing a state.

use std::io;

use serde::Serialize;

use super::{
    MAGIC, SECTIONS, VERSION,
    bytes::{Out, checksum},
};
use crate::{
    blocking::RuleCount,
    incremental::{Source, State, entities::Entities},
    model::TrainedModel,
    population::Population,
    run::Step,
    spec::LinkageSpec,
    table::Table,
};

/// The section `MODL`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    spec: &'a LinkageSpec,
    model: &'a TrainedModel,
    duplicate_share: f64,
    within: bool,
    rules: &'a [RuleCount],
}

pub(super) fn state(state: &State, entities: &Entities, to: &mut impl io::Write) -> io::Result<()> {
    to.write_all(MAGIC)?;
    to.write_all(&VERSION.to_le_bytes())?;
    for (place, name) in SECTIONS.iter().enumerate() {
        let mut out = Out::default();
        match place {
            0 => out.0 = model(state)?,
            1 | 2 => population(&state.frozen.populations[place - 1], &mut out),
            3 => source(&state.left, &mut out),
            4 => source(&state.right, &mut out),
            5 => pairs(state, &mut out),
            6 => links(state, &mut out),
            7 => clusters(state, &mut out),
            9 => decided(state, &mut out),
            _ => {
                out.u64(entities.next);
                out.u64s(&entities.of[0]);
                out.u64s(&entities.of[1]);
            }
        }
        to.write_all(name.as_bytes())?;
        to.write_all(&(out.0.len() as u64).to_le_bytes())?;
        to.write_all(&checksum(&out.0).to_le_bytes())?;
        to.write_all(&out.0)?;
    }
    Ok(())
}

fn model(state: &State) -> io::Result<Vec<u8>> {
    let frozen = &state.frozen;
    let head = Head {
        spec: &frozen.spec,
        model: &frozen.model,
        duplicate_share: frozen.duplicate_share,
        within: frozen.within,
        rules: &state.rules,
    };
    serde_json::to_vec(&head).map_err(io::Error::other)
}

fn table(table: &Table, out: &mut Out) {
    out.u64(table.n_rows() as u64);
    let names: Vec<&str> = table.names().collect();
    out.u64(names.len() as u64);
    for name in names {
        out.text(name);
        let column = table.column(name);
        let n = column.map_or(0, crate::Column::n_distinct);
        out.u64(n as u64);
        for code in 1..=n as u32 {
            out.text(column.and_then(|column| column.text(code)).unwrap_or(""));
        }
        for code in column.map_or(&[][..], crate::Column::codes) {
            out.u32(*code);
        }
    }
}

fn population(population: &Population, out: &mut Out) {
    out.u64(population.n_records);
    out.u64(population.counted.len() as u64);
    for counted in &population.counted {
        out.u64(counted.names.len() as u64);
        for name in &counted.names {
            // No column has an empty name.
            out.text(name.as_deref().unwrap_or(""));
        }
        table(&counted.values, out);
        out.u32s(&counted.counts);
    }
}

fn source(source: &Source, out: &mut Out) {
    out.u64(source.keys.len() as u64);
    for key in &source.keys {
        out.text(key);
    }
    table(&source.table, out);
}

fn pairs(state: &State, out: &mut Out) {
    out.u64(state.pairs.len() as u64);
    for pair in &state.pairs {
        out.u32(pair.left);
        out.u32(pair.right);
        out.f64(pair.rival_bar);
        out.f64(pair.match_weight);
    }
}

fn links(state: &State, out: &mut Out) {
    out.u64(state.links.len() as u64);
    for link in &state.links {
        out.u32(link.left);
        out.u32(link.right);
        out.f64(link.match_weight);
        out.f64(link.match_probability);
        out.u32(match link.step {
            Step::Deterministic => 0,
            Step::Probabilistic => 1,
            Step::Reviewed => 2,
        });
    }
}

fn decided(state: &State, out: &mut Out) {
    out.u64(state.labels().count() as u64);
    for label in state.labels() {
        out.u32(label.left);
        out.u32(label.right);
        out.u32(u32::from(label.is_match));
    }
}

fn clusters(state: &State, out: &mut Out) {
    let clusters = &state.clusters;
    out.u32s(&clusters.cluster_of);
    out.u64(clusters.n_clusters as u64);
    out.u64(clusters.n_components as u64);
    out.u64(clusters.conflicts.len() as u64);
    for conflict in &clusters.conflicts {
        out.u32(conflict.left);
        out.u32(conflict.right);
        out.f64(conflict.match_weight);
        out.f64(conflict.group_weight);
    }
}
