"""The part of a report about the judge: how good it is, on faces that it has not seen."""

from faceattr.evaluation.metrics import JudgeFacts
from faceattr.evaluation.report import figures
from faceattr.pictures.html import chart, folded, table, text
from faceattr.pictures.words import number


def judge_section(classifier: JudgeFacts, files: dict[str, bytes]) -> str:
    """How good the judge of success is, on faces that it has not seen.

    Args:
        classifier: the judge.
        files: the PNG files of the report by name; `reliability.png` is added.
    """
    diagrams = [
        (f"{column.replace('_', ' ')}, {source}", bins)
        for source, columns in classifier.reliability.items()
        for column, bins in columns.items()
        if bins
    ]
    edited = {column for columns in classifier.reliability.values() for column in columns}
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


def _scores(classifier: JudgeFacts, columns: set[str] | None) -> str:
    rows = [
        [
            text(column.replace("_", " ")),
            text(source),
            f"{score.positives:,} / {score.negatives:,}",
            *(
                number(share, "%")
                for share in (
                    score.accuracy,
                    score.balanced_accuracy,
                    score.recall_positive,
                    score.recall_negative,
                    score.calibration_error,
                )
            ),
        ]
        for source, scores in classifier.scores.items()
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
