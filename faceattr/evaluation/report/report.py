"""The report of an evaluation: metrics.json, its figures, and one page that needs nothing else.

Pictures come before numbers, and no success stands without what it is read beside, see
`success_cells`.
"""

import importlib.resources
import json
import pathlib
import shutil

from faceattr.errors import UserError
from faceattr.evaluation.evaluation import Evaluation
from faceattr.evaluation.measures import how_far, identity, locality
from faceattr.evaluation.measures.intervals import CONFIDENCE
from faceattr.evaluation.metrics import to_json
from faceattr.evaluation.report.edit_section import edit_section
from faceattr.evaluation.report.html import cell
from faceattr.evaluation.report.judge import judge_section
from faceattr.evaluation.report.leakage import leakage_section
from faceattr.evaluation.report.method import method_section, skipped_note
from faceattr.evaluation.report.shown import ShownEdit, shown_edits
from faceattr.evaluation.report.success_cells import success_cells
from faceattr.pictures.html import name_of, page, style, table, text

PAGE_NAME, METRICS_NAME, FIGURES_NAME = "report.html", "metrics.json", "figures"

_HOW_TO_READ = (
    "<b>How to read this.</b> How far is what models that others made read of edited faces: 0% as "
    "of unedited ones, 100% as of real faces of the target. Success is the share of edited faces "
    "that the judge, a classifier trained apart, takes for the target. Alone it says little: a few "
    "cheap pixels can fool a judge. A good edit also looks real (a fresh classifier tells its "
    "faces from real ones of the target no better than two sets of real ones, in about half; "
    "realism is near that of two real halves), leaves faces alone "
    "that already are as it wants them (no-op ratio near 0), keeps the person, and changes little "
    "outside its place. Look at the random faces first. A bar is the "
    f"{CONFIDENCE:.0%} interval and a dot the value; the grey tick is the unedited faces, the "
    "black one the judge's own recall, the green "
    "one two sets of real faces."
)


def write_report(evaluation: Evaluation, folder: pathlib.Path) -> None:
    """Writes `metrics.json`, `figures/*.png` and `report.html`.

    All is written beside first and put in place when it is whole; an earlier report is replaced,
    other files in the folder stay.

    Args:
        evaluation: metrics and pictures.
        folder: made if it is missing.

    Raises:
        UserError: if the folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out {folder}: this is a file, a report is a folder")
    markup, files = report_page(evaluation)
    beside = folder / "partial-report"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        (beside / FIGURES_NAME).mkdir(parents=True)
        for name, png in files.items():
            (beside / FIGURES_NAME / name).write_bytes(png)
        metrics = json.dumps(to_json(evaluation.metrics), indent=2, allow_nan=False) + "\n"
        (beside / METRICS_NAME).write_text(metrics, encoding="utf-8")
        (beside / PAGE_NAME).write_text(markup, encoding="utf-8")
        # A folder cannot be renamed onto one that is not empty.
        if (folder / FIGURES_NAME).exists():
            (folder / FIGURES_NAME).rename(beside / "earlier")
        for name in (FIGURES_NAME, METRICS_NAME, PAGE_NAME):
            (beside / name).replace(folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def report_page(evaluation: Evaluation) -> tuple[str, dict[str, bytes]]:
    """The page, whole in itself, and the PNG files of its figures by name."""
    metrics = evaluation.metrics
    files: dict[str, bytes] = {}
    shown = shown_edits(evaluation)
    names = list(dict.fromkeys(one.subject.name for one in shown))
    edits = [one.name for one in shown]
    links = "".join(
        # Two subjects may have edits of one name.
        f'<a href="#{one.anchor}">{text(one.name)}'
        f"{text('' if edits.count(one.name) == 1 else ' of ' + one.subject.name)}</a>"
        for one in shown
    )
    body = [
        f"<header><div><h1>How good are the edits</h1><p>{text(', '.join(names))} · "
        f"{text(metrics.created)}</p></div></header>",
        skipped_note(metrics.skipped),
        _summary(shown),
        f'<p class="about">{_HOW_TO_READ}</p>',
        f'<nav>{links}<a href="#leakage">leakage</a><a href="#judge">judge</a>'
        '<a href="#method">method</a></nav>',
        *(edit_section(one, files) for one in shown),
        leakage_section(metrics.subjects, files),
        judge_section(metrics.classifier, files),
        method_section(metrics),
    ]
    title = f"Evaluation of {', '.join(names)}"
    css = importlib.resources.files(__package__).joinpath("report.css").read_text("utf-8")
    return page(title, style() + css, body), files


def _summary(shown: list[ShownEdit]) -> str:
    rows = []
    headings: list[str] = []
    for one in shown:
        found = one.measures
        numbers = (
            identity.summary(found.identity, one.reason("identity")),
            *locality.summary(found.locality),
        )
        cells = [
            (
                "edit",
                f'<a href="#{one.anchor}"><b>{name_of(one.name)}</b></a><br>'
                f"<small>{name_of(one.subject.name)}<br>"
                f"{name_of(one.subject.method)}</small>",
            ),
            *success_cells(found.success, one.company),
            *((heading, cell(each)) for heading, each in numbers),
        ]
        headings = [heading for heading, _ in cells]
        rows.append([markup for _, markup in cells])
    means = "".join(
        f'<p class="about">{text(name)}: how far, {how_far.mean_said(edits)}.</p>'
        for name, edits in _by_subject(shown).items()
        if len(edits) > 1
    )
    return f'<section id="summary">{table(headings, rows, "summary")}{means}</section>'


def _by_subject(shown: list[ShownEdit]) -> dict[str, list[how_far.HowFar]]:
    """What is known of how far the edits of each subject come."""
    found: dict[str, list[how_far.HowFar]] = {one.subject.name: [] for one in shown}
    for one in shown:
        if one.measures.how_far is not None:
            found[one.subject.name].append(one.measures.how_far)
    return found
