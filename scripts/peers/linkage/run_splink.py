"""Links the files of one task with Splink and prints the same JSON as the engine's instrument. The truth is used for counting only."""

import argparse
import json
import os
import resource
import time

import duckdb
from splink import DuckDBAPI, Linker

import splink_models as models

BANDS = [(0.1, 0.5), (0.5, 0.9), (0.9, 1.01)]


def at(rows, all_pairs, threshold):
    found = [true for p, true in rows if p >= threshold]
    right = sum(found)
    precision, recall = right / max(len(found), 1), right / max(all_pairs, 1)
    return {"threshold": threshold, "precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-12)}


def best(rows, all_pairs):
    rows = sorted(rows, reverse=True)
    right, top = 0, {"f1": 0, "threshold": 1, "precision": 0, "recall": 0}
    for i, (p, true) in enumerate(rows):
        right += true
        if i + 1 < len(rows) and rows[i + 1][0] == p:
            continue
        f1 = 2 * right / (i + 1 + all_pairs)
        if f1 > top["f1"]:
            top = {"threshold": p, "precision": right / (i + 1), "recall": right / all_pairs, "f1": f1}
    return top


def load(con, args):
    def source(path):
        return f"read_parquet('{path}')" if path.endswith("parquet") else f"read_csv('{path}', all_varchar=true)"

    names = ["a", "b"] if args.right else ["a"]
    for name, path in zip(names, [args.left, args.right]):
        if args.task == "dutch":
            con.execute(models.DUTCH_SQL.format(out=name, source=source(path), id="rec_id", truth=args.truth))
        elif args.task.startswith("febrl"):
            columns = "given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth"
            con.execute(f"create table {name} as select rec_id as unique_id, split_part(rec_id, '-', 2) as truth, {columns} from {source(path)}")
        else:
            con.execute(f"create table {name} as select *, {args.truth} as truth from {source(path)}")
    return names


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", required=True, choices=["dutch", "febrl", "febrl-minimal", "historical"])
    parser.add_argument("--left", required=True)
    parser.add_argument("--right")
    parser.add_argument("--truth", default="person_id")
    args = parser.parse_args()
    began = time.time()
    own = duckdb.connect()
    con = own.cursor()
    con.execute(f"set threads to {len(os.sched_getaffinity(0))}")
    names = load(con, args)
    api = DuckDBAPI(connection=own)
    made = {"dutch": models.dutch, "febrl": lambda: models.febrl(False), "febrl-minimal": lambda: models.febrl(True), "historical": models.historical}
    settings, training, certain, recall = made[args.task]()
    tables = [api.register(name, dataset_display_name=f"t{name}") for name in names]
    linker = Linker(tables if len(tables) > 1 else tables[0], settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(certain, recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for rule in training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    found = linker.inference.predict(threshold_match_weight=-8)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    scoring_cpu = usage.ru_utime + usage.ru_stime - cpu
    table = found.physical_name
    if args.right:
        links = con.execute(f"""select match_probability, cast(truth_l = truth_r as int) from {table}
            qualify row_number() over (partition by unique_id_r order by match_weight desc, unique_id_l) = 1
            {"and row_number() over (partition by unique_id_l order by match_weight desc, unique_id_r) = 1" if args.task != "dutch" else ""}""").fetchall()
        all_pairs = con.execute("select sum(x.n * y.n) from (select truth, count(*) n from a group by 1) x join "
                                "(select truth, count(*) n from b group by 1) y using (truth)").fetchone()[0]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s, wall = usage.ru_utime + usage.ru_stime, time.time() - began
    peak = usage.ru_maxrss / 1024
    pairs = con.execute(f"select match_probability, cast(truth_l = truth_r as int) from {table}").fetchall()
    out = {"tool": "splink", "cpuSeconds": cpu_s, "wallSeconds": wall, "coresUsed": cpu_s / wall, "peakMb": peak}
    if args.right:
        out["oneToOne"] = {"default": at(links, all_pairs, 0.95), "half": at(links, all_pairs, 0.5), "best": best(links, all_pairs)}
        out["bands"] = [{"from": f, "to": min(t, 1), "pairs": (n := sum(f <= p < t for p, _ in links)),
                         "mean_score": sum(p for p, _ in links if f <= p < t) / max(n, 1),
                         "true_share": sum(x for p, x in links if f <= p < t) / max(n, 1)} for f, t in BANDS]
    else:
        all_pairs = con.execute("select sum(n * (n - 1) / 2) from (select count(*) n from a group by truth)").fetchone()[0]
        out["clusters"] = clusters(con, linker, found, all_pairs)
    out["truePairs"] = int(all_pairs)
    out["pairwise"] = {"default": at(pairs, all_pairs, 0.95), "best": best(pairs, all_pairs)}
    out["scoringCpuSeconds"] = scoring_cpu
    counted = con.execute("select count(*) from (" + pair_sql(args.task, names) + ")").fetchone()[0]
    out["pairsScored"] = counted
    out["pairsPerCpuSecond"] = counted / max(scoring_cpu, 1e-9)
    print(json.dumps(out, indent=1, default=float))


def pair_sql(task, names):
    """Pairs that the blocking rules give, counted outside the clock."""
    settings = {"dutch": models.dutch, "febrl": lambda: models.febrl(False), "febrl-minimal": lambda: models.febrl(True), "historical": models.historical}[task]()[0]
    dialect = "duckdb"
    rules = [r.get_blocking_rule(dialect).blocking_rule_sql for r in settings.blocking_rules_to_generate_predictions]
    left, right = (names + names)[:2]
    where = "" if left != right else " and l.unique_id < r.unique_id"
    return " union ".join(f"select l.rowid, r.rowid rr from {left} l join {right} r on {rule}{where}" for rule in rules)


def clusters(con, linker, found, all_pairs):
    top = {"f1": 0}
    for weight in [0, 2, 4, 5, 6, 7, 8, 10, 12]:
        table = linker.clustering.cluster_pairwise_predictions_at_threshold(found, threshold_match_weight=weight).physical_name
        predicted = con.cursor().execute(f"select sum(n * (n - 1) / 2) from (select count(*) n from {table} group by cluster_id)").fetchone()[0] or 0
        right = con.cursor().execute(f"select sum(n * (n - 1) / 2) from (select count(*) n from {table} group by cluster_id, truth)").fetchone()[0] or 0
        f1 = 2 * right / max(predicted + all_pairs, 1)
        if f1 > top["f1"]:
            top = {"f1": f1, "precision": right / max(predicted, 1), "recall": right / all_pairs, "weight": weight}
    return {"best": top}


if __name__ == "__main__":
    main()
