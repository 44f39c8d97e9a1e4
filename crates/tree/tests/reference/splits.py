"""Writes splits.json: trees of scikit-learn on made numbers without ties, for the tests of splits, of missing values and of pruning.

python splits.py > splits.json      (versions are in the file)
"""

import json

import numpy
import sklearn
from sklearn.tree import DecisionTreeClassifier

ROWS, COLUMNS = 400, 4


def case(seed, missing):
    random = numpy.random.default_rng(seed)
    # Whole numbers, each once per column: no ties, and the same in single and double precision.
    x = numpy.stack([random.permutation(ROWS) for _ in range(COLUMNS)], axis=1).astype(float)
    z = x / ROWS
    odds = 3 * z[:, 0] - 4 * (z[:, 1] > 0.6) * z[:, 2] + numpy.sin(6 * z[:, 3])
    y = (random.random(ROWS) < 1 / (1 + numpy.exp(-odds))).astype(int)
    if missing:
        # Missing tells something in one column and nothing in another.
        x[(random.random(ROWS) < 0.1 + 0.3 * y), 0] = numpy.nan
        x[random.random(ROWS) < 0.1, 2] = numpy.nan
    def learn(state=0, price=0.0):
        tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=10, random_state=state, ccp_alpha=price)
        return tree.fit(x, y)

    tree = learn()
    t = tree.tree_
    for state in range(1, 20):
        other = learn(state).tree_
        # Splits that are equally good are drawn; such data cannot be compared.
        if list(other.feature) != list(t.feature) or list(other.threshold) != list(t.threshold):
            return None
    nodes = [
        {
            "feature": int(t.feature[i]),
            "threshold": float(t.threshold[i]),
            "left": int(t.children_left[i]),
            "right": int(t.children_right[i]),
            "rows": int(t.n_node_samples[i]),
            "share": float(t.value[i][0][1]),
            "missing_left": bool(t.missing_go_to_left[i]) if t.feature[i] >= 0 else None,
        }
        for i in range(t.node_count)
    ]
    alphas = tree.cost_complexity_pruning_path(x, y)
    sizes = [int(learn(price=alpha + 1e-12).get_n_leaves()) for alpha in alphas.ccp_alphas]
    return {
        "x": [[None if numpy.isnan(v) else v for v in row] for row in x.tolist()],
        "y": y.tolist(),
        "nodes": nodes,
        "ccp_alphas": alphas.ccp_alphas.tolist(),
        "ccp_leaves": sizes,
    }


def cases(seeds, missing):
    found = (case(seed, missing) for seed in seeds)
    return [case for case in found if case][:3]


print(json.dumps({
    "versions": {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__},
    "whole": cases(range(100), False),
    "missing": cases(range(100, 200), True),
}))
