"""The parts of a report about all edits: what they leak, the judge, what was skipped, and how."""

import json
from collections.abc import Sequence

import numpy as np

from faceattr.evaluation.report import figures
from faceattr.evaluation.report.html import Numbers
from faceattr.pictures.html import chart, facts, folded, missing, table, text
from faceattr.pictures.words import faces, number

_MOST_LEAKS = 5


def leakage_section(subjects: Sequence[Numbers], files: dict[str, bytes]) -> str:
    """What edits do to the attributes that they are not for.

    Args:
        subjects: of metrics.json.
        files: the PNG files of the report by name; `leakage.png` is added.
    """
    all_names = [name for subject in subjects for name in subject["edits"]]
    edits = [
        (
            name if all_names.count(name) == 1 else f"{name}, {subject['name']}",
            subject["column"],
            edit["leakage"],
        )
        for subject in subjects
        for name, edit in subject["edits"].items()
    ]
    columns = _by_change([found for _, _, found in edits])
    names = [name for name, _, _ in edits]
    edited = [column for _, column, _ in edits]
    matrices = [
        np.array([[_at(found, kind, column) for column in columns] for _, _, found in edits])
        for kind in ("changes", "correlations")
    ]
    png = figures.leakage(names, columns, edited, matrices[0], matrices[1])
    files["leakage.png"] = png
    rows = [[text(name), _follows(found), _leaks(found, column)] for name, column, found in edits]
    return (
        '<section id="leakage"><h2>What else an edit changes</h2>'
        '<p class="about">Above: how an edit moves the judge on every attribute, the most moved '
        "first; framed is the attribute itself. Below: what the data's correlations would have "
        "move with it. An edit of its attribute alone is white but for the frame.</p>"
        f'<figure><div class="wide">{chart(png, "matrix of changes, edits by attributes")}</div>'
        "</figure>"
        + table(["edit", "follows the data, -1 to 1", "largest changes of others"], rows)
        + "</section>"
    )


def _at(found: Numbers, kind: str, column: str) -> float:
    value = found[kind][found["columns"].index(column)] if column in found["columns"] else None
    return np.nan if value is None else value


def _by_change(found: Sequence[Numbers]) -> list[str]:
    """All columns, the one that is moved most by any edit first."""
    columns = dict.fromkeys(column for one in found for column in one["columns"])

    def most(column: str) -> float:
        return max(np.nan_to_num(abs(_at(one, "changes", column))) for one in found)

    return sorted(columns, key=lambda column: (-most(column), column))


def _follows(found: Numbers) -> str:
    if found["follows_data"] is None:
        return missing("fewer than three other attributes")
    return f"<b>{number(found['follows_data'])}</b>"


def _leaks(found: Numbers, edited: str) -> str:
    others = [column for column in _by_change([found]) if column != edited][:_MOST_LEAKS]
    return ", ".join(
        f"{text(column.replace('_', ' '))} <b>{_at(found, 'changes', column):+.2f}</b> "
        f"<small>± {2 * _at(found, 'errors', column):.2f}</small>"
        for column in others
    )


def judge_section(classifier: Numbers, files: dict[str, bytes]) -> str:
    """How good the judge of success is, on faces that it has not seen.

    Args:
        classifier: of metrics.json.
        files: the PNG files of the report by name; `reliability.png` is added.
    """
    diagrams = [
        (f"{column.replace('_', ' ')}, {source}", bins)
        for source, columns in classifier["reliability"].items()
        for column, bins in columns.items()
        if bins
    ]
    edited = {column for columns in classifier["reliability"].values() for column in columns}
    markup = ""
    if diagrams:
        png = figures.reliability_diagrams(diagrams)
        files["reliability.png"] = png
        markup = (
            f'<figure><div class="wide">{chart(png, "reliability diagrams of the judge")}</div>'
            "<figcaption>On the dashed line the judge is as sure as it is right; larger dots are "
            "more faces.</figcaption></figure>"
        )
    return (
        '<section id="judge"><h2>The judge</h2><p class="about">A classifier trained apart, on '
        "faces of the training side alone, and measured here on held-out persons. No edit can be "
        f"judged better than this.</p>{_scores(classifier, edited)}{markup}"
        + folded("All attributes that it tells", _scores(classifier, None))
        + "</section>"
    )


def _scores(classifier: Numbers, columns: set[str] | None) -> str:
    rows = [
        [
            text(column.replace("_", " ")),
            text(source),
            f"{score['positives']:,} / {score['negatives']:,}",
            *(
                number(score[name], "%")
                for name in ("accuracy", "balanced_accuracy", "recall_positive", "recall_negative")
            ),
            number(score["calibration_error"], "%"),
        ]
        for source, scores in classifier["scores"].items()
        for column, score in scores.items()
        if columns is None or column in columns
    ]
    headings = [
        "attribute",
        "source",
        "faces with / without",
        "accuracy",
        "balanced",
        "recall, with",
        "recall, without",
        "calibration error",
    ]
    return table(headings, rows, "small")


def skipped_note(skipped: Sequence[Numbers]) -> str:
    """What was not measured, and why; nothing if all was."""
    if not skipped:
        return ""
    lines = "".join(
        f"<li><b>{text(one['part'].replace('_', ' '))}</b>{_of(one['edits'])}: "
        f"{text(one['reason'])}</li>"
        for one in skipped
    )
    return f'<div class="warning" id="skipped"><b>Skipped</b><ul>{lines}</ul></div>'


def _of(edits: Sequence[str]) -> str:
    return f" ({text(', '.join(edits))})" if edits else ""


def method_section(metrics: Numbers) -> str:
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
                f"data: {source['name']}",
                f"{faces(source['images'])}, {source['held_out']:,} held out from the judge",
            )
            for source in metrics["sources"]
        ),
        ("seed", text(metrics["seed"])),
        ("created", text(metrics["created"])),
        ("took", f"{metrics['seconds']:,.0f} s"),
        *((machine.get(name, name), text(value)) for name, value in metrics["machine"].items()),
    ]
    settings = "".join(
        folded(
            f"Settings of {subject['name']} ({subject['method']})", _settings(subject["settings"])
        )
        for subject in metrics["subjects"]
    )
    return (
        '<section id="method"><h2>How it was measured</h2><p class="about">The edits are '
        "tried on faces that they were not trained on, as far as that is known; where it is not, "
        "it says so above. The judge has learned from none of them. Shares have Wilson "
        "intervals, means bootstrap intervals, both of 95%. The same seed gives the same "
        f"numbers.</p><figure>{facts(rows)}</figure>{settings}"
        + folded("Settings of the judge", _settings(metrics["classifier"]["settings"]))
        + '<p class="about">The faces are of real people who did not agree to be edited, unless '
        "they are drawn. The data sets are for research alone, and so are these pictures: do not "
        "publish the page with real faces in it, nor use an edit to say something of a person."
        "</p></section>"
    )


def _settings(settings: Numbers) -> str:
    return facts(
        [(name, f"<code>{text(json.dumps(value))}</code>") for name, value in settings.items()]
    )
