"""Checks a running server against TensorFlow Serving's REST contract.

    python -m serving.conformance http://127.0.0.1:8501 --model add_glasses

This server and `tensorflow_model_server` are asked the same, over a real socket: what holds here is
what a client may rely on with both.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from faceattr.command_line import ArgumentParser, run

from .contract import Contract
from .rules import RULES

_EPILOG = """\
example:
  python -m serving.conformance http://127.0.0.1:8501 --model add_glasses

Each line is one rule of the contract; the exit status is 1 if one does not hold.
"""


def failures(contract: Contract) -> Iterator[tuple[str, str | None]]:
    """Each rule, and what was wrong; None where it holds."""
    for rule in RULES:
        try:
            rule(contract)
        except (AssertionError, LookupError, TypeError, ValueError) as error:
            yield rule.__doc__ or "", str(error) or type(error).__name__
        except (OSError, http.client.HTTPException) as error:
            yield rule.__doc__ or "", f"no answer ({error})"
        else:
            yield rule.__doc__ or "", None


def main() -> int:
    """Asks, and prints a line for each rule."""
    parser = ArgumentParser("serving.conformance", __doc__.splitlines()[0], _EPILOG)
    parser.add_argument("url", metavar="URL", help="such as http://127.0.0.1:8501")
    parser.add_argument("--model", required=True, metavar="NAME", help="an exported edit")
    parser.add_argument("--token", metavar="TOKEN", help="is sent as Authorization: Bearer TOKEN")
    options = parser.parse_args()
    failed = 0
    for told, wrong in failures(Contract(options.url, options.model, options.token)):
        print(
            f"{'ok  ' if wrong is None else 'FAIL'} {told}{'' if wrong is None else ': ' + wrong}"
        )
        failed += wrong is not None
    print(f"{len(RULES) - failed} of {len(RULES)} rules hold")
    return 1 if failed else 0


if __name__ == "__main__":
    run("serving.conformance", main)
