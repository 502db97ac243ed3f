"""The one exception that a command line turns into a one-line message."""

import re

_COMMAND = r"\b(?:python|pip install) .+?(?=[;,)](?:\s|$)|\s(?:and|or)\s|$)"
_FLAG = r"(?<![^\s(])--(?P<no>no-)?(?P<name>[a-z]\w*)"
_COMMAND_OR_FLAG = re.compile(f"{_COMMAND}|{_FLAG}")


class UserError(Exception):
    """A mistake the user can mend: bad argument, file or request.

    The message is one line that names the file, argument or field and says what to do. Command
    lines print it and exit with status 2 (see `faceattr.command_line`); the server answers with
    HTTP 400. Anything else that escapes is a defect of ours and keeps its traceback.

    It is written as a command line shows it, where an argument is a flag; Python is shown the
    argument: `--image_size 48: choose ...` reads `image_size 48: choose ...`, and `--no-dual` reads
    `dual=False`. A whole command in it, such as `python train.py --run_dir X --resume`, is the same
    for both. An error that passes the text of another on takes its `for_command_line`.
    """

    @property
    def for_command_line(self) -> str:
        """The message as it was written, with flags."""
        return super().__str__()

    def __str__(self) -> str:
        return _COMMAND_OR_FLAG.sub(_argument, self.for_command_line)


def _argument(found: re.Match[str]) -> str:
    if found["name"] is None:
        return found[0]
    return f"{found['name']}=False" if found["no"] else found["name"]
