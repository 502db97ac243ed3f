"""Status and metadata of models as REST shows them, and why some verbs are not answered."""

from __future__ import annotations

from typing import Any

from ..repository import ModelVersion, Servable
from ..wire.request_error import RequestError
from ..wire.signature import Signature

METHODS = {"classify": "classification", "regress": "regression"}
"""TensorFlow Serving's name for each kind of signature that is called by another verb."""


def describe_status(versions: list[ModelVersion]) -> dict[str, Any]:
    """The answer of the status path."""
    return {
        "model_version_status": [
            {
                "version": str(version.number),
                "state": version.state.value,
                "status": {
                    "error_code": version.error_code,
                    "error_message": version.error_message,
                },
            }
            for version in versions
        ]
    }


def describe_model(name: str, version: int, servable: Servable) -> dict[str, Any]:
    """The answer of the metadata path."""
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": dict(servable.signature_descriptions)}},
    }


def classify_or_regress_error(verb: str, name: str, signature: Signature | None) -> RequestError:
    """Says why `:classify` or `:regress` cannot be answered.

    Args:
        verb: str, "classify" or "regress".
        name: str, the signature that was asked for.
        signature: the signature, None where the model has none of that name.
    """
    if signature is None:
        return RequestError(f"No signature was found with the name: {name}")
    wanted = f"tensorflow/serving/{verb}"
    if signature.method_name != wanted:
        return RequestError(
            f"Expected {METHODS[verb]} signature method_name to be {wanted}. "
            f"Was: {signature.method_name}; ask with :predict"
        )
    return RequestError(f":{verb} is not implemented by this server; ask with :predict", 501)
