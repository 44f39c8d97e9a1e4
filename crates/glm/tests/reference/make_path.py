"""Makes elastic_net.json: scikit-learn's elastic net on standardised columns of German credit. Run from the root:

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    python crates/glm/tests/reference/make_path.py > crates/glm/tests/reference/elastic_net.json
"""

import csv
import json

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNet, LogisticRegression

NAMES = ["duration", "age", "installment_rate", "existing_credits", "residence_since", "liable_people"]
rows = list(csv.DictReader(open("tests/data/german_credit/german_credit.csv")))
x = np.array([[float(row[name]) for name in NAMES] for row in rows])
z = (x - x.mean(axis=0)) / x.std(axis=0)
amount = np.array([float(row["amount"]) for row in rows]) / 1000.0
bad = np.array([float(row["bad"]) for row in rows])
n = len(rows)
out = {"versions": {"sklearn": sklearn.__version__, "numpy": np.__version__}, "names": NAMES, "gaussian": [], "logistic": []}
for alpha, penalty in [(1.0, 0.3), (0.5, 0.1), (0.2, 1.0)]:
    fit = ElasticNet(alpha=penalty, l1_ratio=alpha, tol=1e-15, max_iter=10**6).fit(z, amount)
    out["gaussian"].append({"alpha": alpha, "lambda": penalty, "intercept": float(fit.intercept_), "standardised": fit.coef_.tolist()})
for alpha, penalty in [(1.0, 0.02), (0.5, 0.01), (0.2, 0.05)]:
    fit = LogisticRegression(solver="saga", l1_ratio=alpha, C=1.0 / (n * penalty), tol=1e-15, max_iter=10**5).fit(z, bad)
    out["logistic"].append({"alpha": alpha, "lambda": penalty, "intercept": float(fit.intercept_[0]), "standardised": fit.coef_[0].tolist()})
print(json.dumps(out, indent=1))
