"""The one exception that a command line turns into a one-line message."""


class UserError(Exception):
    """A mistake the user can mend: bad flag, file or request.

    The message is one line that names the file, flag or field and says what to do. Command
    lines print it and exit with status 2 (see `faceattr.command_line`); the server answers with
    HTTP 400. Anything else that escapes is a defect of ours and keeps its traceback.
    """
