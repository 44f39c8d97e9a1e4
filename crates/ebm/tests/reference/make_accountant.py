"""Reference values for the accountant of private curves: `accountant.json`.

Two tools that were written apart from each other and from ours: the analytic Gaussian mechanism of diffprivlib (Balle and
Wang, 2018) and the budget of interpret's private EBM (Gaussian differential privacy; Dong, Roth and Su, 2022).

    python make_accountant.py > accountant.json
"""

import json
import sys
import types

# Its models want an older scikit-learn; only its mechanisms are asked.
sys.modules["diffprivlib.models"] = types.ModuleType("diffprivlib.models")

import diffprivlib
import interpret
from diffprivlib.mechanisms import GaussianAnalytic
from interpret.utils._privacy import calc_gdp_noise_multi

ASKED = [(0.1, 1e-5), (0.5, 1e-6), (1.0, 1e-6), (1.0, 1e-5), (2.0, 1e-6), (4.0, 1e-6), (8.0, 1e-9), (15.0, 1e-3)]

rows = []
for epsilon, delta in ASKED:
    rows.append({
        "epsilon": epsilon,
        "delta": delta,
        # Noise of one answer that one row changes by 1.
        "diffprivlib_deviation": GaussianAnalytic(epsilon=epsilon, delta=delta, sensitivity=1)._scale,
        # The same for 140 answers together.
        "interpret_deviation_140": float(calc_gdp_noise_multi(140, epsilon, delta)),
    })
json.dump({
    "made_with": {"python": sys.version.split()[0], "diffprivlib": diffprivlib.__version__, "interpret": interpret.__version__},
    "values": rows,
}, sys.stdout, indent=1)
