"""The peer as scikit-learn's guide shows it: a pipeline that takes raw fields, behind FastAPI, probability only.

Encoding and missing values are part of the estimator (ColumnTransformer, SimpleImputer, OneHotEncoder), as they are part
of Helder's model, so nothing can differ between training and serving. `fastapi_prediction.py` beside it has its encoding
written by hand instead, which is faster.
"""

import json
import os

import numpy as np
import pandas as pd
from fastapi import FastAPI
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from fastapi_prediction import Prediction, PredictionAnswer, PredictionRequest


def load(path: str):
    """The pipeline with the coefficients of the stored model, and its columns."""
    with open(path, encoding="utf-8") as file:
        model = json.load(file)
    fit = model["fitted"]
    substitutes = {entry["name"]: entry["missing"] for entry in model["inputs"]}
    steps, coefficients, texts = [], [], set()
    for place, term in enumerate(fit["linearTerms"]):
        fill = float(substitutes[term["input"]]["value"])
        steps.append((f"linear{place}", SimpleImputer(strategy="constant", fill_value=fill), [term["input"]]))
        coefficients.append(term["coefficient"])
    for place, term in enumerate(fit["categoryTerms"]):
        levels = [level["level"] for level in term["levels"]]
        fill = substitutes[term["input"]].get("level", "(missing)")
        encode = make_pipeline(
            SimpleImputer(strategy="constant", fill_value=fill, missing_values=None),
            OneHotEncoder(categories=[np.array(levels, dtype=object)], handle_unknown="ignore", sparse_output=False),
        )
        steps.append((f"category{place}", encode, [term["input"]]))
        coefficients.extend(level["coefficient"] for level in term["levels"])
        texts.add(term["input"])
    for place, term in enumerate(fit["missingTerms"]):
        steps.append((f"missing{place}", MissingIndicator(features="all"), [term["input"]]))
        coefficients.append(term["coefficient"])
    columns = [entry["name"] for entry in model["inputs"]]
    example = {
        name: ["a", "b"] if name in texts else [0.0, 1.0]
        for name in columns
    }
    for term in fit["categoryTerms"]:
        example[term["input"]] = [term["levels"][0]["level"], term["levels"][-1]["level"]]
    pipeline = make_pipeline(ColumnTransformer(steps), LogisticRegression())
    pipeline.fit(pd.DataFrame(example), [0, 1])
    estimator = pipeline[-1]
    estimator.coef_ = np.array([coefficients])
    estimator.intercept_ = np.array([fit["intercept"]["coefficient"]])
    return pipeline, columns, texts


PIPELINE, COLUMNS, TEXTS = load(os.environ["MODEL"])

app = FastAPI()


@app.post("/predict")
async def predict(request: PredictionRequest) -> PredictionAnswer:
    table = pd.DataFrame([subject.values for subject in request.subjects], columns=COLUMNS)
    for name in COLUMNS:
        if name not in TEXTS:
            table[name] = table[name].astype(float)
    probabilities = PIPELINE.predict_proba(table)[:, 1]
    return PredictionAnswer(
        predictions=[
            Prediction(id=subject.id, probability=float(probability))
            for subject, probability in zip(request.subjects, probabilities)
        ]
    )
