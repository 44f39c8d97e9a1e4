"""Figures of control samples by statsmodels and scipy: python control.py > control.json"""
import json

import scipy
import statsmodels
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

# scored, picked, found among picked, rest drawn, found among the rest
CASES = [(10_000, 100, 62, 95, 4), (2_500, 200, 31, 180, 20), (450, 30, 12, 38, 0), (50_000, 400, 8, 350, 5)]
out = []
for scored, picked, found, rest, missed in CASES:
    low, high = proportion_confint(missed, rest, method="wilson")
    outside = scored - picked
    row = {"case": [scored, picked, found, rest, missed]}
    row["picked"] = proportion_confint(found, picked, method="wilson")
    row["rest"] = [low, high]
    row["difference"] = confint_proportions_2indep(found, picked, missed, rest, compare="diff", method="newcomb")
    if missed:
        row["ratio"] = confint_proportions_2indep(found, picked, missed, rest, compare="ratio", method="score", correction=False)
    row["cases"] = [outside * low, outside * high]
    row["share"] = [outside * share / (found + outside * share) for share in (low, high)]
    out.append({name: [float(v) for v in values] for name, values in row.items()})
print(json.dumps({"statsmodels": statsmodels.__version__, "scipy": scipy.__version__, "cases": out}, indent=1))
