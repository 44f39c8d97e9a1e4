"""Asks a model of Helder with a client library of the Open Inference Protocol. Run by scripts/clients."""

import os

import httpx
import numpy as np
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

GATEWAY = os.environ["HELDER_GATEWAY"]
MODEL = os.environ["HELDER_MODEL"]

issued = httpx.post(
    os.environ["OIDC_TOKEN_ADDRESS"],
    data={"grant_type": "client_credentials"},
    auth=(os.environ["OIDC_CLIENT_ID"], os.environ["OIDC_CLIENT_SECRET"]),
)
token = {"Authorization": f"Bearer {issued.raise_for_status().json()['access_token']}"}
# The library puts `v2` behind what is given here.
client = InferenceServerClient(f"{GATEWAY.removeprefix('http://')}/oip")

assert client.is_server_live() and client.is_server_ready()
server = client.get_server_metadata()
assert server["name"] == "helder" and server["extensions"] == []
assert client.is_model_ready(MODEL, headers=token)
assert not client.is_model_ready("no-such-model", headers=token)
metadata = client.get_model_metadata(MODEL, headers=token)
[version] = metadata["versions"]
assert client.is_model_ready(MODEL, model_version=version, headers=token)

ROWS = {
    "duration": np.array([36, 12], dtype=np.int64),
    "amount": np.array([5000, 900], dtype=np.int64),
    "status": np.array(["A11", "A14"], dtype=np.object_),
    "savings": np.array(["A61", "A65"], dtype=np.object_),
}
inputs = []
for tensor in metadata["inputs"]:
    asked = InferInput(tensor["name"], [2], tensor["datatype"])
    asked.set_data_from_numpy(ROWS[tensor["name"]], binary_data=False)
    inputs.append(asked)

answer = client.infer(MODEL, inputs, request_id="aanvraag-2", model_version=version, headers=token)
assert answer.get_response()["id"] == "aanvraag-2"
assert answer.get_response()["parameters"]["advice"] is True
probability, score, base = (answer.as_numpy(name) for name in ("probability", "score", "base_score"))
contributions = answer.as_numpy("contributions")
assert contributions.shape == (2, len(inputs))
assert np.allclose(base + contributions.sum(axis=1), score, rtol=0, atol=1e-9), "the contributions are the score"
assert probability[0] > probability[1], "a long and high credit without an account is the worse one"
reasons = answer.as_numpy("reasons_nl")
assert reasons.shape == (2, len(inputs)) and all(reasons.flat)

only = client.infer(MODEL, inputs, outputs=[InferRequestedOutput("probability", binary_data=False)], headers=token)
assert [it["name"] for it in only.get_response()["outputs"]] == ["probability"]
assert np.array_equal(only.as_numpy("probability"), probability)


def refusal(**arguments: object) -> InferenceServerException:
    """What the library makes of a refusal."""
    try:
        client.infer(**{"model_name": MODEL, "inputs": inputs, "headers": token} | arguments)
    except InferenceServerException as refused:
        return refused
    raise AssertionError("not refused")


without = refusal(inputs=inputs[1:])
assert without.status() == "400" and "the model asks the input" in without.message(), without
absent = refusal(model_name="no-such-model")
assert absent.status() == "404" and "in force" in absent.message(), absent
stranger = refusal(headers={})
assert stranger.status() == "401" and "an exception" not in stranger.message(), stranger
binary = InferInput("duration", [2], "INT64")
binary.set_data_from_numpy(ROWS["duration"], binary_data=True)
as_bytes = refusal(inputs=[binary, *inputs[1:]])
assert as_bytes.status() in ("400", "415") and "JSON" in as_bytes.message(), as_bytes

print(f"Open Inference Protocol: probability {probability[0]:.3f}; {reasons[0][0]}")
