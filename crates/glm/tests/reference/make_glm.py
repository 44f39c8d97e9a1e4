"""Makes glm_extra.json: what statsmodels says of the open data sets, for the families and options that the other files
leave out. Run from the root of the repository:

    pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    python crates/glm/tests/reference/make_glm.py > crates/glm/tests/reference/glm_extra.json
"""

import csv
import gzip
import json

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm

FIT = {"method": "IRLS", "tol": 1e-15, "maxiter": 200, "tol_criterion": "params"}


def read(path):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as file:
        return list(csv.DictReader(file))


def floats(rows, name):
    return np.array([float(row[name]) for row in rows])


def described(fit, hc0, hc1):
    return {
        "coef": fit.params.tolist(),
        "se": fit.bse.tolist(),
        "p": fit.pvalues.tolist(),
        "se_hc0": hc0.bse.tolist(),
        "se_hc1": hc1.bse.tolist(),
        "loglik": float(fit.llf),
    }


def sandwich(fit, x, weights):
    """White's formula as R's package sandwich has it for glm: expected information, scores times weights. statsmodels
    counts a weight as repeated rows and takes the observed information for links that are not canonical."""
    if np.any(fit.model.n_trials != 1):
        return None
    slope = fit.model.family.link.deriv(fit.mu)
    variance = fit.model.family.variance(fit.mu)
    bread = np.linalg.inv(x.T @ (x * (weights / (slope**2 * variance))[:, None]))
    scores = x * (weights * (fit.model.endog - fit.mu) / (variance * slope))[:, None]
    return np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread)).tolist()


def glm(y, x, family, **given):
    def fit(**cov):
        return sm.GLM(y, x, family=family, **given).fit(**FIT, **cov)

    plain = fit()
    said = described(plain, fit(cov_type="HC0"), fit(cov_type="HC1"))
    said["se_sandwich"] = sandwich(plain, x, given.get("freq_weights", 1.0))
    said |= {
        "deviance": float(plain.deviance),
        "null_deviance": float(plain.null_deviance),
        "pearson_chi2": float(plain.pearson_chi2),
    }
    return said


german = read("tests/data/german_credit/german_credit.csv")
x = sm.add_constant(
    np.column_stack([floats(german, n) for n in ["duration", "age", "installment_rate", "existing_credits"]])
)
amount = floats(german, "amount")
weights = 1.0 + (np.arange(len(german)) % 3)
out = {
    "versions": {"statsmodels": statsmodels.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "notes": {
        "linear": "amount ~ duration + age + installment_rate + existing_credits, all 1,000 rows",
        "weights": "1 + row % 3",
        "offset": "0.25 * (row % 5) - 0.5",
        "breaches": "type 1 with attendances > 0: breaches out of attendances ~ months since 2016-04 + winter (12, 01, 02)",
    },
}


def linear(**cov):
    return sm.OLS(amount, x).fit(**cov)


out["linear"] = described(linear(), linear(cov_type="HC0"), linear(cov_type="HC1"))
out["linear"]["deviance"] = float(linear().ssr)
out["linear"]["aic_without_variance"] = float(linear().aic)
weighted = sm.WLS(amount, x, weights=weights).fit()
out["linear_weighted"] = {
    "coef": weighted.params.tolist(),
    "se": weighted.bse.tolist(),
    "se_hc0": weighted.get_robustcov_results("HC0").bse.tolist(),
    "loglik": float(weighted.llf),
}
out["linear_log_link"] = glm(amount / 1000.0, x, sm.families.Gaussian(sm.families.links.Log()))
# By the normal distribution; ours are Student's.
del out["linear_log_link"]["p"]

bad = floats(german, "bad")
offset = 0.25 * (np.arange(len(german)) % 5) - 0.5
out["logistic_weights_offset"] = glm(bad, x, sm.families.Binomial(), freq_weights=weights, offset=offset)
out["cloglog"] = glm(bad, x, sm.families.Binomial(sm.families.links.CLogLog()), offset=offset)

ae = [r for r in read("tests/data/ae_attendances/ae_attendances.csv.gz") if r["type"] == "1" and float(r["attendances"]) > 0]
months = np.array([(int(r["period"][:4]) - 2016) * 12 + int(r["period"][5:7]) - 4 for r in ae], dtype=float)
winter = np.array([r["period"][5:7] in ("12", "01", "02") for r in ae], dtype=float)
breaches, attendances = floats(ae, "breaches"), floats(ae, "attendances")
design = sm.add_constant(np.column_stack([months, winter]))
out["binomial_counts"] = glm(
    np.column_stack([breaches, attendances - breaches]), design, sm.families.Binomial(), offset=0.1 * winter
)
out["poisson_rates"] = glm(breaches, design, sm.families.Poisson(), exposure=attendances)

mean = sm.GLM(breaches, design, family=sm.families.Poisson(), exposure=attendances).fit(**FIT).mu
gap = ((breaches - mean) ** 2 - breaches) / mean
quadratic = sm.OLS(gap, mean).fit()
out["overdispersion"] = {
    "source": "the formulas of AER::dispersiontest, trafo 1 and 2",
    "linear": {"alpha": float(gap.mean()), "z": float(np.sqrt(len(gap)) * gap.mean() / gap.std(ddof=1))},
    "quadratic": {"alpha": float(quadratic.params[0]), "z": float(quadratic.tvalues[0])},
}
print(json.dumps(out, indent=1))
