"""Typed access to Helder: what the generated packages do not know.

Where tokens come from, what a refusal is, when a job is done. The operations themselves are in ``helder.generated``, one
package per service.
"""

import time
from collections.abc import Callable, Generator, Mapping
from typing import Protocol, TypeVar

import httpx

from .generated.ingest import AuthenticatedClient as Ingest
from .generated.ingest.models import ProblemDetails as IngestProblem
from .generated.linkage import AuthenticatedClient as Linkage
from .generated.linkage.models import ProblemDetails as LinkageProblem
from .generated.prediction import AuthenticatedClient as Prediction
from .generated.prediction.models import ProblemDetails as PredictionProblem
from .generated.registry import AuthenticatedClient as Registry
from .generated.registry.models import ProblemDetails as RegistryProblem
from .generated.training import AuthenticatedClient as Training
from .generated.training.models import ProblemDetails as TrainingProblem

Problem = IngestProblem | LinkageProblem | PredictionProblem | RegistryProblem | TrainingProblem
Tokens = Callable[[], str]
"""Gives a token that is valid now."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class _Bearer(httpx.Auth):
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._tokens()}"
        yield request


class Helder:
    """Every service behind the gateway, as one caller."""

    def __init__(self, gateway: str, tokens: Tokens, timeout_s: float = 60) -> None:
        self._gateway = gateway.rstrip("/")
        self._auth = _Bearer(tokens)
        self._timeout = httpx.Timeout(timeout_s)
        self.ingest = self.uploading("text/csv")
        self.linkage = Linkage(self._base("linkage"), token="", timeout=self._timeout, httpx_args={"auth": self._auth})
        self.training = Training(self._base("training"), token="", timeout=self._timeout, httpx_args={"auth": self._auth})
        self.registry = Registry(self._base("registry"), token="", timeout=self._timeout, httpx_args={"auth": self._auth})
        self.prediction = Prediction(
            self._base("prediction"), token="", timeout=self._timeout, httpx_args={"auth": self._auth}
        )

    def uploading(self, media_type: str) -> Ingest:
        """Ingest, for files of this media type; the generated upload does not know which of the four a file is."""

        def announce(request: httpx.Request) -> None:
            if request.headers.get("Content-Type") == "application/octet-stream":
                request.headers["Content-Type"] = media_type

        return Ingest(
            self._base("ingest"),
            token="",
            timeout=self._timeout,
            httpx_args={"auth": self._auth, "event_hooks": {"request": [announce]}},
        )

    def _base(self, service: str) -> str:
        return f"{self._gateway}/{service}/v1"


def client_credentials(token_address: str, client_id: str, secret: str) -> Tokens:
    """Tokens of an OAuth 2.0 server by client credentials, kept until half a minute before they end."""
    kept, until = "", 0.0

    def token() -> str:
        nonlocal kept, until
        if time.monotonic() >= until:
            answer = httpx.post(token_address, data={"grant_type": "client_credentials"}, auth=(client_id, secret))
            answer.raise_for_status()
            said = answer.json()
            kept, until = said["access_token"], time.monotonic() + said["expires_in"] - 30
        return kept

    return token


class Refused(Exception):
    """A refusal of Helder. Decide on ``code`` and on ``problem.errors``; show the text to a person."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.title} ({problem.status}): {problem.detail}")
        self.problem = problem

    @property
    def code(self) -> str:
        """The last part of ``type``, for instance ``invalid-input``; stays the same over versions."""
        return self.problem.type_.rsplit(":", 1)[-1]


class Answer(Protocol[T_co]):
    """What every generated ``sync_detailed`` gives."""

    @property
    def parsed(self) -> T_co | None: ...
    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


def taken(answer: Answer[T | Problem]) -> T:
    """The body of an answer.

    Raises ``Refused`` for every problem that Helder explained.
    """
    body = answer.parsed
    if isinstance(body, Problem):
        raise Refused(body)
    if body is None:
        raise RuntimeError(f"status {int(answer.status_code)} without an explanation")
    return body


class _State(Protocol):
    @property
    def value(self) -> str: ...


class Job(Protocol):
    """A job of any service."""

    @property
    def state(self) -> _State: ...
    @property
    def result(self) -> object: ...
    @property
    def problem(self) -> object: ...


def finished(read: Callable[[], Answer[Job | Problem]]) -> str:
    """Reads a job until it ends; gives the identifier of what it made, or raises what went wrong."""
    while True:
        job = taken(read())
        if job.state.value == "succeeded":
            return str(job.result).rsplit("/", 1)[-1]
        if job.state.value not in ("queued", "running"):
            if isinstance(job.problem, Problem):
                raise Refused(job.problem)
            raise RuntimeError(f"the job is {job.state.value}")
        time.sleep(0.2)
