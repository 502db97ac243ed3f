"""Text files of labels as people save them: UTF-8 with or without a byte-order mark, and CSV."""

import csv
import dataclasses
import io
import pathlib

from faceattr.errors import UserError


def read_text(path: pathlib.Path, missing: str) -> str:
    """Reads a UTF-8 text file, with or without a byte-order mark.

    Args:
        path: the file.
        missing: str, what to say after `"no such file"`.

    Raises:
        UserError: if the file is missing or not UTF-8.
    """
    try:
        # Not read_text, which would change the line ends inside quoted cells.
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path}: no such file; {missing}") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: not a text file in UTF-8 (byte {error.start}); save it again as UTF-8"
        ) from None


@dataclasses.dataclass(frozen=True)
class CsvRows:
    """A CSV file with a header.

    Attributes:
        path: the file.
        header: the columns, stripped of spaces around them.
        lines: the line of the file that each row ends on.
        rows: the cells of each row, stripped; as many as there are columns.
    """

    path: pathlib.Path
    header: tuple[str, ...]
    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]

    def cells(self, column: str) -> list[str]:
        """The cells of one column."""
        place = self.header.index(column)
        return [row[place] for row in self.rows]

    def find(self, column: str) -> str | None:
        """The header's spelling of a column, in any case; None if it is not there."""
        return next((name for name in self.header if name.lower() == column.lower()), None)


def read_csv(path: pathlib.Path, flag: str) -> CsvRows:
    """Reads a CSV file with a header and commas; blank lines are passed over.

    Args:
        path: the file.
        flag: str, the flag that named it, for messages.

    Raises:
        UserError: if the file is missing, not UTF-8, without rows, or if its columns have no or
            the same names, or a row too few or too many cells; names the line.
    """
    text = read_text(path, f"{flag} names a CSV file")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [
            (reader.line_num, tuple(cell.strip() for cell in row))
            for row in reader
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise UserError(f"{path}: line {reader.line_num} is not CSV ({error})") from None
    if len(rows) < 2:
        raise UserError(f"{path}: no rows; line 1 must name the columns, a row per image follows")
    header = rows[0][1]
    if len(header) == 1 and set(header[0]) & set(";\t|"):
        raise UserError(f"{path}: line 1 is one column; separate cells by commas")
    if "" in header:
        number = header.index("") + 1
        raise UserError(f"{path}: line 1 has a column without a name (number {number})")
    lowered = [name.lower() for name in header]
    for name in header:
        if lowered.count(name.lower()) > 1:
            raise UserError(f"{path}: line 1 names the column {name!r} twice; rename one of them")
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise UserError(f"{path}: line {line} has {len(row)} cells for {len(header)} columns")
    lines, cells = zip(*rows[1:], strict=True)
    return CsvRows(path, header, lines, cells)
