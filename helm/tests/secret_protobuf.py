"""Reads the Secret in which Helm keeps a release: its client sends it as Kubernetes protobuf."""

from __future__ import annotations

import base64
from collections.abc import Iterator

MAGIC = b"k8s\0"


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(data):
        tag, at = _number(data, at)
        if tag & 7 == 2:
            length, at = _number(data, at)
            yield tag >> 3, data[at : at + length]
            at += length
        elif tag & 7 == 0:
            value, at = _number(data, at)
            yield tag >> 3, value
        else:
            raise ValueError(f"wire type {tag & 7} is not used in a Secret")


def _pair(data: bytes) -> tuple[str, bytes]:
    entry = dict(_fields(data))
    return entry[1].decode(), entry.get(2, b"")


def secret(data: bytes) -> dict:
    """The Secret as JSON has it. Numbers of fields: `generated.proto` of k8s.io/api/core/v1 and apimachinery."""
    if not data.startswith(MAGIC):
        raise ValueError("not Kubernetes protobuf")
    message = dict(_fields(data[len(MAGIC) :]))[2]
    body: dict = {"apiVersion": "v1", "kind": "Secret", "metadata": {"labels": {}}, "data": {}}
    for number, value in _fields(message):
        if number == 1:
            for inner, part in _fields(value):
                if inner in (1, 3):
                    body["metadata"]["name" if inner == 1 else "namespace"] = part.decode()
                elif inner == 11:
                    key, text = _pair(part)
                    body["metadata"]["labels"][key] = text.decode()
        elif number == 2:
            key, content = _pair(value)
            body["data"][key] = base64.b64encode(content).decode()
        elif number == 3:
            body["type"] = value.decode()
    return body
