"""Test figures of interpret's EBM, default settings, on repeated random splits: `splits.json`.

Row `r` of the rows that are kept is a test row of split `s` when the SplitMix64 of `s * 2**32 + r` is a multiple of five. Large
sets are read in part: rows whose SplitMix64 of `1000 * 2**32 + r` is a multiple of `every`, numbered anew. The test reads inputs,
outcome and part from the file that this writes, so that both tools see the same rows.

    python make_splits.py $HELDER_REFERENCE_DATA/ml > splits.json
"""

import json
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import interpret
import numpy as np
import pandas as pd
import sklearn
from interpret.glassbox import ExplainableBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

warnings.filterwarnings("ignore")
FOLDER = sys.argv[1]
# Sets on which a fit takes long have half as many.
SPLITS = {"nmes1988": 10, "unempdur": 10, "adult": 10, "synth_dev_homeless": 10}
MOST_SPLITS = 20
PROCESSES = 3
UNEMPLOYMENT = (
    "ui reprate logwage tenure disrate slack abolpos explose stateur houshead married child ychild age schlt12 schgt12 smsa "
    "bluecoll mining constr transp trade fire services pubadmin year85 year87 year89 midatl encen wncen southatl escen wscen "
    "mountain pacific"
)
# File, outcome, its level, every how many rows, numbers, categories; the five tasks have theirs in the reference.
TASKS = {
    "german_credit": ("german_credit.csv", "bad", "1", 1, None, None),
    "ui_benefits": ("ui_benefits.csv", "ui", "yes", 1, None, None),
    "compas": ("compas_two_years.csv", "two_year_recid", "1", 1, None, None),
    "recid": (
        "recid.csv", "cens", "0", 1,
        "alcohol drugs super married felon workprg property person priors educ rules age tserved", "",
    ),
    "rossi": ("rossi.csv", "arrest", "1", 1, "age prio educ", "fin wexp mar paro"),
    "unempdur": ("unempdur.csv", "censor1", "1", 1, UNEMPLOYMENT, ""),
    "nmes1988": (
        "nmes1988.csv", "insurance", "yes", 1,
        "chronic age school income", "health adl region gender married employed medicaid",
    ),
    "adult": ("adult.csv", "income", ">50K", 12, None, None),
    "synth_dev_homeless": ("synth_dev_homeless.csv", "homeless_12m", "1", 4, None, None),
}


def mixed(seed, rows):
    with np.errstate(over="ignore"):
        x = np.arange(rows, dtype=np.uint64) + np.uint64(seed << 32) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def inputs_of(task):
    *_, numeric, categorical = TASKS[task]
    if numeric is None:
        with open(f"{FOLDER}/reference/classification_{task}.json") as text:
            reference = json.load(text)
        return reference["numeric"], reference["categorical"]
    return numeric.split(), categorical.split()


@cache
def read(task):
    file, target, positive, every, *_ = TASKS[task]
    numeric, categorical = inputs_of(task)
    rows = pd.read_csv(f"{FOLDER}/{file}", dtype=str, keep_default_na=False)
    if "workclass" in rows:
        rows.loc[rows.workclass == "Never-worked", "workclass"] = ""
    if task == "compas":
        days = pd.to_numeric(rows.days_b_screening_arrest, errors="coerce").abs()
        rows = rows[(days <= 30) & (rows.is_recid != "-1") & (rows.c_charge_degree != "O")]
    rows = rows[mixed(1000, len(rows)) % np.uint64(every) == 0]
    inputs = pd.DataFrame({name: pd.to_numeric(rows[name], errors="coerce") for name in numeric})
    for name in categorical:
        inputs[name] = rows[name].replace("", np.nan)
    return inputs, (rows[target] == positive).astype(int).to_numpy()


def measure(job):
    task, split = job
    inputs, outcome = read(task)
    test = mixed(split, len(inputs)) % np.uint64(5) == 0
    numeric, categorical = inputs_of(task)
    types = ["continuous"] * len(numeric) + ["nominal"] * len(categorical)
    model = ExplainableBoostingClassifier(feature_types=types, n_jobs=1).fit(inputs[~test], outcome[~test])
    p = model.predict_proba(inputs[test])[:, 1]
    score = np.log(p / (1 - p)).reshape(-1, 1)
    slope = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(score, outcome[test]).coef_[0, 0]
    figures = (roc_auc_score(outcome[test], p), log_loss(outcome[test], p), slope)
    print(task, split, *figures, file=sys.stderr, flush=True)
    return [float(f"{figure:.6f}") for figure in figures]


if __name__ == "__main__":
    jobs = [(task, split) for split in range(MOST_SPLITS) for task in TASKS if split < SPLITS.get(task, MOST_SPLITS)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        figures = dict(zip(jobs, pool.map(measure, jobs)))
    tasks = {}
    for task, (file, target, positive, every, *_) in TASKS.items():
        numeric, categorical = inputs_of(task)
        inputs, outcome = read(task)
        tasks[task] = {
            "file": file, "target": target, "positive": positive, "every": every, "numeric": numeric, "categorical": categorical,
            "rows": len(inputs), "positives": int(outcome.sum()),
            "auc_log_loss_slope": [figures[task, split] for split in range(SPLITS.get(task, MOST_SPLITS))],
        }
    made_with = {
        "python": sys.version.split()[0], "interpret": interpret.__version__, "scikit-learn": sklearn.__version__,
        "numpy": np.__version__, "pandas": pd.__version__,
    }
    lines = ",\n".join(f"{json.dumps(task)}: {json.dumps(found)}" for task, found in tasks.items())
    print(f'{{"made_with": {json.dumps(made_with)},\n"tasks": {{\n{lines}\n}}}}')
