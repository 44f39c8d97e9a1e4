"""The peer: one logistic regression behind FastAPI and scikit-learn, probability only.

Reads the same `model.json` as Helder serves (path in the environment variable MODEL), builds a scikit-learn estimator
with those coefficients, and answers the same request bodies.
"""

import json
import os

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.linear_model import LogisticRegression

Value = float | bool | str | None


class Subject(BaseModel):
    id: str | None = None
    values: dict[str, Value]


class PredictionRequest(BaseModel):
    subjects: list[Subject]


class Prediction(BaseModel):
    id: str | None
    probability: float


class PredictionAnswer(BaseModel):
    predictions: list[Prediction]


def load(path: str):
    """The estimator, and per input how to turn its value into columns."""
    with open(path, encoding="utf-8") as file:
        model = json.load(file)
    fit = model["fitted"]
    substitutes = {entry["name"]: entry["missing"] for entry in model["inputs"]}
    columns: list[tuple[str, str, str | None]] = []
    coefficients: list[float] = []
    for term in fit["linearTerms"]:
        columns.append((term["input"], "linear", None))
        coefficients.append(term["coefficient"])
    for term in fit["categoryTerms"]:
        for level in term["levels"]:
            columns.append((term["input"], "level", level["level"]))
            coefficients.append(level["coefficient"])
    for term in fit["missingTerms"]:
        columns.append((term["input"], "missing", None))
        coefficients.append(term["coefficient"])

    estimator = LogisticRegression()
    estimator.classes_ = np.array([0, 1])
    estimator.coef_ = np.array([coefficients])
    estimator.intercept_ = np.array([fit["intercept"]["coefficient"]])
    estimator.n_features_in_ = len(coefficients)
    return estimator, columns, substitutes


ESTIMATOR, COLUMNS, SUBSTITUTES = load(os.environ["MODEL"])


def row(values: dict[str, Value]) -> list[float]:
    out = []
    for name, kind, level in COLUMNS:
        value = values.get(name)
        if kind == "missing":
            out.append(1.0 if value is None else 0.0)
        elif kind == "level":
            known = SUBSTITUTES[name].get("level") if value is None else value
            out.append(1.0 if known == level else 0.0)
        else:
            out.append(float(SUBSTITUTES[name]["value"]) if value is None else float(value))
    return out


app = FastAPI()


@app.post("/predict")
async def predict(request: PredictionRequest) -> PredictionAnswer:
    table = np.array([row(subject.values) for subject in request.subjects])
    probabilities = ESTIMATOR.predict_proba(table)[:, 1]
    return PredictionAnswer(
        predictions=[
            Prediction(id=subject.id, probability=float(probability))
            for subject, probability in zip(request.subjects, probabilities)
        ]
    )
