"""From a file to an explained prediction, as the software of a municipality would do it. Run by scripts/clients."""

import os
import time
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import httpx

from helder import Helder, Refused, client_credentials, finished, taken
from helder.generated.ingest.api.dataset_versions import get_dataset_version, upload_dataset_version
from helder.generated.ingest.api.datasets import create_dataset
from helder.generated.ingest.api.jobs import get_job as ingest_job
from helder.generated.ingest.models import NewDataset
from helder.generated.ingest.types import File
from helder.generated.prediction.api.predictions import predict
from helder.generated.prediction.models import PredictionAnswer, PredictionRequest, SubjectValues, SubjectValuesValues
from helder.generated.registry.api.catalogue import get_catalogue_entry
from helder.generated.registry.api.decisions import activate_model_version, review_model_version
from helder.generated.registry.api.projects import create_project
from helder.generated.registry.models import (
    FairnessConclusion,
    Grondslag,
    NewProject,
    NewReview,
    Phase,
    ProjectStep,
    Verdict,
    VersionState,
)
from helder.generated.registry import Client
from helder.generated.training.api.frames import create_frame
from helder.generated.training.api.jobs import get_job as training_job
from helder.generated.training.api.training_runs import create_training_run, get_training_run
from helder.generated.training.models import (
    AlgorithmName,
    Feature,
    Meaning,
    NewFrame,
    NewFrameTable,
    NewModel,
    NewSplitRandom,
    NewSplitRandomRule,
    NewTrainingRun,
    TrainingOutcome,
)

GATEWAY = os.environ["HELDER_GATEWAY"]
MODEL = "credit-python"


def caller(role: str) -> Helder:
    return Helder(GATEWAY, lambda: os.environ[f"HELDER_TOKEN_{role}"])


owner, steward, analyst, officer = map(caller, ("MODEL_OWNER", "DATA_STEWARD", "ANALYST", "PRIVACY_OFFICER"))
application = Helder(
    GATEWAY,
    client_credentials(
        os.environ["OIDC_TOKEN_ADDRESS"], os.environ["OIDC_CLIENT_ID"], os.environ["OIDC_CLIENT_SECRET"]
    ),
)


def new_project(name: str) -> NewProject:
    return NewProject(
        name=name,
        challenge="Een kredietbank wil weten welke kredieten niet worden terugbetaald.",
        question="Welke kenmerken hangen samen met een slecht krediet?",
        doelbinding="Proef met open gegevens om de keten van bestand tot uitleg te tonen.",
        grondslag=Grondslag(article="AVG, artikel 6 lid 1 onder e", title="Taak van algemeen belang"),
        verwerkingsactiviteit="urn:helder:proef:python",
        bewaartermijn="P1Y",
        until=date(2099, 12, 31),
        phase=Phase.PILOT,
        steps=[ProjectStep.INGEST, ProjectStep.TRAINING, ProjectStep.PREDICTION],
    )


def refusal(of: object) -> Refused:
    """The refusal that a call ends in."""
    assert callable(of)
    try:
        of()
    except Refused as refused:
        return refused
    raise AssertionError("not refused")


def project() -> UUID:
    """A project says why. A repeat with the same key makes no second one."""
    key = str(uuid4())

    def make(name: str) -> UUID:
        made = create_project.sync_detailed(client=owner.registry, body=new_project(name), idempotency_key=key)
        identifier = taken(made).id
        assert made.headers["Location"] == f"/registry/v1/projects/{identifier}"
        return identifier

    first = make("Proef vanuit Python")
    assert make("Proef vanuit Python") == first, "one key, one project"
    assert refusal(lambda: make("Een andere")).problem.status == 409
    # All faults of a request come at once, each with its place.
    refused = refusal(lambda: taken(create_project.sync_detailed(client=owner.registry, body=new_project(""))))
    assert refused.code == "invalid-input"
    assert [fault.pointer for fault in refused.problem.errors or []] == ["/name"]
    return first


def upload(project_id: UUID) -> UUID:
    """The file becomes a version in which every row is accounted for."""
    new = NewDataset(project_id=project_id, name="credit")
    dataset = taken(create_dataset.sync_detailed(client=steward.ingest, body=new))
    with Path(os.environ["HELDER_CSV"]).open("rb") as file:
        job = taken(
            upload_dataset_version.sync_detailed(
                dataset.id, client=steward.ingest, body=File(payload=file), idempotency_key=str(uuid4())
            )
        )
    made = UUID(finished(lambda: ingest_job.sync_detailed(job.id, client=steward.ingest)))
    version = taken(get_dataset_version.sync_detailed(made, client=steward.ingest))
    assert version.rows_in == 1000
    assert version.rows_accepted + version.rows_quarantined == version.rows_in
    return made


def feature(name: str, nl: str, en: str) -> Feature:
    why = "Staat in het oorspronkelijke scoreformulier; geen gevoelig kenmerk."
    return Feature(name=name, meaning=Meaning(nl=nl, en=en), justification=why)


def train(project_id: UUID, version_id: UUID) -> UUID:
    """One row per credit, then a model that can be explained."""

    def result(job_id: UUID) -> UUID:
        return UUID(finished(lambda: training_job.sync_detailed(job_id, client=analyst.training)))

    new_frame = NewFrame(
        project_id=project_id,
        name="credit",
        unit="credit",
        tables=[NewFrameTable(alias="credit", dataset_version_id=version_id)],
        sql="SELECT c.*, CASE WHEN age < 26 THEN 'jonger dan 26' ELSE '26 en ouder' END AS age_group FROM credit c",
    )
    frame_id = result(taken(create_frame.sync_detailed(client=analyst.training, body=new_frame)).id)
    new_run = NewTrainingRun(
        project_id=project_id,
        frame_id=frame_id,
        model=NewModel(
            name=MODEL,
            title=Meaning(nl="Slecht krediet", en="Bad credit"),
            meaning=Meaning(
                nl="kans dat het krediet niet wordt terugbetaald", en="probability that the credit is not paid back"
            ),
        ),
        algorithm=AlgorithmName.LOGISTIC_REGRESSION,
        target="bad",
        features=[
            feature("duration", "looptijd in maanden", "duration in months"),
            feature("amount", "bedrag van het krediet", "amount of the credit"),
            feature("status", "stand van de betaalrekening", "status of the current account"),
            feature("savings", "spaargeld", "savings"),
        ],
        sensitive_features=["age_group"],
        split=NewSplitRandom(rule=NewSplitRandomRule.RANDOM, test_share=0.3),
        capacity=60,
        seed=1,
    )
    run_id = result(taken(create_training_run.sync_detailed(client=analyst.training, body=new_run)).id)
    run = taken(get_training_run.sync_detailed(run_id, client=analyst.training))
    assert isinstance(run.outcome, TrainingOutcome)
    return run.outcome.model_version_id


def decide(version_id: UUID) -> None:
    """One person reviews, another lets it answer, in that order."""

    def activate() -> VersionState:
        return taken(activate_model_version.sync_detailed(version_id, client=owner.registry)).state

    assert refusal(activate).problem.status == 409
    # No column was given to compare groups by: the fairness report has no verdict, and somebody answers for that.
    conclusion = FairnessConclusion(
        text="Proef met open gegevens; niemand ondervindt iets van dit model.",
        accepted_risks=["Verschillen tussen groepen zijn niet gemeten."],
    )
    review = NewReview(
        verdict=Verdict.APPROVE, remarks="Proef met open gegevens.", fairness_conclusion=conclusion
    )
    taken(review_model_version.sync_detailed(version_id, client=officer.registry, body=review))
    assert activate() == VersionState.ACTIVE


def ask() -> PredictionAnswer:
    """The application of the municipality asks, with a token of its own issuer. A version answers within seconds."""
    values = SubjectValuesValues.from_dict({"duration": 36, "amount": 5000, "status": "A11", "savings": "A61"})
    request = PredictionRequest(subjects=[SubjectValues(id="aanvraag-1", values=values)])
    patience = time.monotonic() + 10
    while True:
        try:
            return taken(
                predict.sync_detailed(
                    MODEL, client=application.prediction, body=request, idempotency_key=str(uuid4())
                )
            )
        except Refused as refused:
            if refused.problem.status not in (404, 503) or time.monotonic() > patience:
                raise
            time.sleep(0.1)


project_id = project()
version_id = train(project_id, upload(project_id))
decide(version_id)
answer = ask()
assert answer.advice and answer.model_version_id == version_id
[prediction] = answer.predictions
assert isinstance(prediction.probability, float)
total = prediction.base_score + sum(part.contribution for part in prediction.contributions)
assert abs(total - prediction.score) < 1e-9, "the contributions are the score"
assert len(prediction.contributions) == 4 and all(part.reason.nl for part in prediction.contributions)

# Everybody can read about the very file that answered, without a token.
everybody = Client(f"{GATEWAY}/registry/v1", timeout=httpx.Timeout(60))
entry = taken(get_catalogue_entry.sync_detailed(answer.model_digest, client=everybody))
assert entry.digest == answer.model_digest

print(f"Python: probability {prediction.probability:.3f}; {prediction.contributions[0].reason.nl}")
