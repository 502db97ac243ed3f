"""The parts of a report about how it came to be: what was skipped, data, machine and settings."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from faceattr.evaluation.measures.intervals import CONFIDENCE
from faceattr.evaluation.measures.measure import Skipped
from faceattr.evaluation.metrics import Metrics
from faceattr.pictures.html import facts, folded, text
from faceattr.pictures.words import faces


def skipped_note(skipped: Sequence[Skipped]) -> str:
    """What was not measured, and why; nothing if all was."""
    if not skipped:
        return ""
    lines = "".join(
        f"<li><b>{text(one.part.replace('_', ' '))}</b>{_of(one.edits)}: {text(one.reason)}</li>"
        for one in skipped
    )
    return f'<div class="warning" id="skipped"><b>Skipped</b><ul>{lines}</ul></div>'


def _of(edits: Sequence[str]) -> str:
    return f" ({text(', '.join(edits))})" if edits else ""


def method_section(metrics: Metrics) -> str:
    """Data, counts, seed, machine, versions, time and settings."""
    machine = {
        "cores": "CPU cores",
        "processor": "processor",
        "tensorflow": "TensorFlow",
        "keras": "Keras",
        "faceattr": "faceattr",
    }
    rows = [
        *(
            (
                f"data: {source.name}",
                f"{faces(source.images)}, {source.held_out:,} held out from the judge",
            )
            for source in metrics.sources
        ),
        ("seed", text(metrics.seed)),
        ("created", text(metrics.created)),
        ("took", f"{metrics.seconds:,.0f} s"),
        *((machine.get(name, name), text(value)) for name, value in metrics.machine.items()),
    ]
    settings = "".join(
        folded(f"Settings of {subject.name} ({subject.method})", _settings(subject.settings))
        for subject in metrics.subjects
    )
    return (
        '<section id="method"><h2>How it was measured</h2><p class="about">The edits are '
        "tried on faces that they were not trained on, as far as that is known; where it is not, "
        "it says so above. The judge has learned from none of them. Shares have Wilson "
        f"intervals, means bootstrap intervals, both of {CONFIDENCE:.0%}. The same seed gives the "
        f"same numbers.</p><figure>{facts(rows)}</figure>{settings}"
        + folded("Settings of the judge", _settings(metrics.classifier.settings))
        + '<p class="about">The faces are of real people who did not agree to be edited, unless '
        "they are drawn. The data sets are for research alone, and so are these pictures: do not "
        "publish the page with real faces in it, nor use an edit to say something of a person."
        "</p></section>"
    )


def _settings(settings: Mapping[str, Any]) -> str:
    return facts(
        [(name, f"<code>{text(json.dumps(value))}</code>") for name, value in settings.items()]
    )
