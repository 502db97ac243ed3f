"""reproduce(): from settings to the paper's figures and tables."""

import logging
import pathlib
from collections.abc import Sequence

from faceattr.errors import UserError
from faceattr.evaluation.report.report import write_report
from faceattr.reproduction import evaluations
from faceattr.reproduction.experiments import EXPERIMENTS
from faceattr.reproduction.laboratory import Laboratory
from faceattr.reproduction.result import result_path, write_result
from faceattr.reproduction.results import write_results
from faceattr.reproduction.settings import ReproductionSettings, keep_settings

_logger = logging.getLogger(__name__)


def reproduce(
    experiments: Sequence[str],
    settings: ReproductionSettings,
    folder: pathlib.Path,
    command: str,
) -> pathlib.Path:
    """Makes experiments of the paper anew: trains what is missing, measures it, writes it down.

    Args:
        experiments: names in `EXPERIMENTS`.
        settings: of all of them.
        folder: where everything is kept; what is there is taken up again.
        command: what a person types to get this.

    Returns:
        `results.md`, with the verdict on each claim of the paper.

    Raises:
        UserError: for data, settings or a folder that cannot be used.
        TrainingStopped, TrainingDiverged: as `faceattr.train`.
    """
    laboratory = Laboratory(settings, folder)
    wanted = list(experiments)
    if "fig5" in wanted and not laboratory.has_other:
        if len(wanted) == 1:
            raise UserError("fig5 needs --other_dir, the folder of LFW")
        _logger.warning("fig5 is left out: it needs --other_dir, the folder of LFW")
        wanted.remove("fig5")
    keep_settings(settings, folder)
    new = False
    for place, name in enumerate(wanted, start=1):
        if result_path(folder, name).is_file():
            _logger.info("%s: there already, in %s", name, folder / name)
            continue
        _logger.info("\n=== experiment %d of %d: %s", place, len(wanted), name)
        write_result(EXPERIMENTS[name](laboratory), folder, name)
        new = True
    report = folder / "report"
    if new or not (report / "report.html").is_file():
        measured = evaluations.load_all(folder / "evaluations")
        if measured:
            write_report(evaluations.combined(measured), report)
    return write_results(laboratory, list(EXPERIMENTS), command)
