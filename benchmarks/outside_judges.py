"""How well the outside judges tell labelled faces apart: one line for each thing that is read.

    python benchmarks/outside_judges.py --data celeba --data_dir data/celeba

Prints a table as Markdown. For each attribute as many faces with it as without it are drawn.
"""

import argparse
from collections.abc import Iterator

import numpy as np

from faceattr import command_line
from faceattr.data.choice import DataChoice
from faceattr.data.table import AttributeTable
from faceattr.errors import UserError
from faceattr.pictures.words import Unit, number, span


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--image_size", type=int, default=64, help="of the crops (%(default)s)")
    parser.add_argument(
        "--faces", type=int, default=200, help="of each class of an attribute (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws (%(default)s)")
    options = parser.parse_args()
    command_line.import_tensorflow_quietly()
    table = DataChoice(data=options.data, data_dir=options.data_dir).files()
    print("| read | attribute | faces of a class | with it | without | AUC, 95% interval |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in _rows(table, options):
        print(f"| {' | '.join(row)} |", flush=True)


def _rows(table: AttributeTable, options: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    from faceattr.evaluation.judge.classifier_data import read_crops
    from faceattr.evaluation.judge.outside import READINGS, OutsideJudges
    from faceattr.evaluation.measures.how_far import FaceReading, summarise

    judges = OutsideJudges()
    for reading in READINGS:
        known, values = table.known(reading.column), table.values(reading.column)
        sides = (np.flatnonzero(known & ~values), np.flatnonzero(known & values))
        count = min(options.faces, *map(len, sides))
        if not count:
            raise UserError(f"--data {options.data}: no faces of both kinds of {reading.column}")
        random = np.random.default_rng(options.seed)
        without, having = (
            reading.ask(
                judges,
                read_crops(table, np.sort(random.permutation(side)[:count]), options.image_size),
            )
            for side in sides
        )
        found = FaceReading(reading, reading.rises, without, without, having)
        (far,) = summarise((found,), options.seed).judges
        unit: Unit = "%" if far.unit == "%" else ""
        seen = f"{count}" + (f", {far.not_seen} not seen" if far.not_seen else "")
        yield (
            reading.name if unit else f"{reading.name}, {reading.unit}",
            reading.column,
            seen,
            number(far.real.value, unit),
            number(far.unedited.value, unit),
            f"{number(far.area.value, 'ratio')}, {span(far.area.low, far.area.high, 'ratio')}",
        )


if __name__ == "__main__":
    command_line.run("python benchmarks/outside_judges.py", main)
