"""Makes firth_profile.json: profile intervals of Firth's penalised likelihood for the two tiny separated tables of
separation.json, straight from the definition with scipy's optimisers. Run from the root of the repository:

    pip install numpy==2.4.6 scipy==1.17.1
    python crates/glm/tests/reference/make_firth.py > crates/glm/tests/reference/firth_profile.json
"""

import json

import numpy as np
import scipy
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

tables = json.load(open("crates/glm/tests/reference/separation.json"))
out = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}}

for name in ["tiny_complete", "tiny_quasi"]:
    rows = tables[name]["data"]
    x = np.array([[1.0, r["x"], r["z"]] for r in rows])
    y = np.array([float(r["y"]) for r in rows])

    def penalised(beta):
        """The penalised log-likelihood and its gradient."""
        eta = np.clip(x @ beta, -300, 300)
        mean = 1 / (1 + np.exp(-eta))
        spread = mean * (1 - mean)
        information = x.T @ (x * spread[:, None])
        value = np.sum(y * eta - np.logaddexp(0, eta)) + 0.5 * np.linalg.slogdet(information)[1]
        leverage = spread * np.einsum("ij,jk,ik->i", x, np.linalg.pinv(information), x)
        return value, x.T @ (y - mean + leverage * (0.5 - mean))

    def highest(start, held=None, value=0.0):
        free = [k for k in range(3) if k != held]

        def whole(part):
            beta = np.zeros(3)
            beta[free] = part
            if held is not None:
                beta[held] = value
            return beta

        def falling(part):
            value, slope = penalised(whole(part))
            return -value, -slope[free]

        best = np.asarray(start)[free]
        for _ in range(5):
            best = minimize(falling, best, jac=True, method="BFGS", options={"gtol": 1e-13}).x
        return whole(best), penalised(whole(best))[0]

    beta, top = highest(np.zeros(3))
    cut = chi2.ppf(0.95, 1)
    intervals, p_values = [], []
    for k in range(3):
        def fall(value):
            return 2 * (top - highest(beta, k, value)[1]) - cut

        ends = []
        for side in (-1, 1):
            reach = 1.0
            while fall(beta[k] + side * reach) < 0:
                reach *= 1.5
            ends.append(brentq(fall, *sorted([beta[k], beta[k] + side * reach]), xtol=1e-11))
        intervals.append(ends)
        p_values.append(float(chi2.sf(2 * (top - highest(beta, k, 0.0)[1]), 1)))
    out[name] = {"coef": beta.tolist(), "intervals": intervals, "p": p_values}
print(json.dumps(out, indent=1))
