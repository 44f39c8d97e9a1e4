"""Test AUC of interpret's differentially private EBM on the reference tasks: `private.json`.

δ 10⁻⁶, default settings, twelve seeds. Gaps are filled (numbers with the median, categories with a level of their own),
limits and levels are taken from the rows, as the tool does without `privacy_bounds`.

    python make_private.py $HELDER_REFERENCE_DATA/ml > private.json
"""

import json
import sys
import time
import warnings

import interpret
import numpy as np
import pandas as pd
from interpret.privacy import DPExplainableBoostingClassifier
from sklearn.metrics import roc_auc_score

warnings.filterwarnings("ignore")
FOLDER = sys.argv[1]
SEEDS = range(12)
TASKS = {
    "compas": ("compas_two_years.csv", "two_year_recid", "1"),
    "adult": ("adult.csv", "income", ">50K"),
    "synth_dev_homeless": ("synth_dev_homeless.csv", "homeless_12m", "1"),
    "german_credit": ("german_credit.csv", "bad", "1"),
    "ui_benefits": ("ui_benefits.csv", "ui", "yes"),
}

found = {}
for task, (file, target, positive) in TASKS.items():
    with open(f"{FOLDER}/reference/classification_{task}.json") as text:
        columns = json.load(text)
    rows = pd.read_csv(f"{FOLDER}/{file}", dtype=str, keep_default_na=False)
    if "workclass" in rows:
        rows.loc[rows.workclass == "Never-worked", "workclass"] = ""
    if task == "compas":
        days = pd.to_numeric(rows.days_b_screening_arrest, errors="coerce").abs()
        rows = rows[(days <= 30) & (rows.is_recid != "-1") & (rows.c_charge_degree != "O")]
    test = np.array(rows.index) % 5 == 0
    inputs = pd.DataFrame({name: pd.to_numeric(rows[name], errors="coerce") for name in columns["numeric"]})
    for name in columns["numeric"]:
        inputs[name] = inputs[name].fillna(inputs.loc[~test, name].median())
    for name in columns["categorical"]:
        inputs[name] = rows[name].replace("", "missing")
    types = ["continuous"] * len(columns["numeric"]) + ["nominal"] * len(columns["categorical"])
    outcome = (rows[target] == positive).astype(int).to_numpy()
    found[task] = {}
    for epsilon in (1.0, 2.0, 4.0):
        started, aucs = time.process_time(), []
        for seed in SEEDS:
            model = DPExplainableBoostingClassifier(
                epsilon=epsilon, delta=1e-6, random_state=seed, feature_types=types, n_jobs=1
            ).fit(inputs[~test], outcome[~test])
            aucs.append(roc_auc_score(outcome[test], model.predict_proba(inputs[test])[:, 1]))
        found[task][f"{epsilon:.1f}"] = {
            "auc_mean": float(np.mean(aucs)),
            "auc_sd": float(np.std(aucs, ddof=1)),
            "cpu_seconds": (time.process_time() - started) / len(SEEDS),
        }
json.dump({"made_with": {"python": sys.version.split()[0], "interpret": interpret.__version__}, "found": found}, sys.stdout, indent=1)
print()
