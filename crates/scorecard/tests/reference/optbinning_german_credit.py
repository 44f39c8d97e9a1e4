"""Optimal bins of German credit by optbinning, for tests/it/parity.rs.

    pip install optbinning==1.0.0
    python optbinning_german_credit.py ../../../../tests/data/german_credit/german_credit.csv > optbinning_german_credit.json

Values are rounded to steps of at least 5 % of the rows each, with outcomes of both classes: optbinning joins smaller ones before it
optimises, and then misses better bins.
"""

import json
import sys

import numpy as np
import optbinning
import pandas as pd

frame = pd.read_csv(sys.argv[1])
outcome = frame["bad"].to_numpy()
columns = {
    "duration": lambda v: np.clip(np.floor(v / 9) * 9, 9, 36),
    "amount": lambda v: np.minimum(np.floor(v / 1500), 5),
    "age": lambda v: np.clip(np.floor(v / 5) * 5, 20, 50),
}
answer = {"optbinning": optbinning.__version__, "columns": {}}
for name, rounded in columns.items():
    values = rounded(frame[name].to_numpy(dtype=float))
    steps, rows = np.unique(values, return_counts=True)
    assert rows.min() >= 50, (name, rows)
    splits = (steps[1:] + steps[:-1]) / 2
    answer["columns"][name] = {"values": [float(v) for v in steps]}
    for trend in ["ascending", "descending"]:
        for most in [3, 6]:
            binning = optbinning.OptimalBinning(
                name, "numerical", user_splits=splits, max_n_bins=most, min_bin_size=0.05,
                min_bin_n_event=10, min_bin_n_nonevent=10, monotonic_trend=trend, solver="mip", time_limit=60,
            )
            binning.fit(values, outcome)
            table = binning.binning_table
            table.build()
            assert binning.status == "OPTIMAL", (name, trend, binning.status)
            answer["columns"][name][f"{trend}{most}"] = {
                "splits": [float(s) for s in binning.splits],
                "event": [int(n) for n in table.n_event[: len(binning.splits) + 1]],
                "nonevent": [int(n) for n in table.n_nonevent[: len(binning.splits) + 1]],
                "iv": float(table.iv),
            }
json.dump(answer, sys.stdout, indent=1)
