"""Programs in processes of their own that find TensorFlow and Keras imported.

The two take five seconds to import, which is longer than most programs of the tests run. So one
process imports them, and a fork of it becomes each program, with the arguments, environment,
folder, output, signals and exit status of any other. Nothing of TensorFlow has been used before the
fork, so it has no threads yet and each program sets up devices of its own.

For programs that must not find TensorFlow, that run on JAX, or that show what importing does, there
is `commands.run`.
"""

import atexit
import contextlib
import functools
import gc
import json
import os
import pathlib
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parents[1]


class Process:
    """A program that was started; the little of `subprocess.Popen` that tests need."""

    def __init__(self, command, cwd=ROOT, **environment):
        self._files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115  closed at its end
        self._status, status = os.pipe()
        self._told = b""
        self.pid = self.returncode = None
        job = {
            "arguments": [str(part) for part in command],
            "folder": str(cwd),
            "environment": {**os.environ, **environment},
        }
        assert job["environment"].get("KERAS_BACKEND", "tensorflow") == "tensorflow"
        handles = [*(file.fileno() for file in self._files), status]
        socket.send_fds(_server(), [json.dumps(job).encode()], handles)
        os.close(status)
        while b"\n" not in self._told:
            assert self._hear(300), "the process that forks is gone"
        self.pid = int(self._told.split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.communicate(None if exception[0] is None else 0)

    def _hear(self, timeout):
        """Whether the process that waits for the program said anything more."""
        ready, _, _ = select.select([self._status], [], [], timeout)
        if not ready:
            self.kill()
            raise subprocess.TimeoutExpired("the program", timeout)
        told = os.read(self._status, 100)
        self._told += told
        return told

    def written(self):
        """What it has written to stdout by now."""
        return os.pread(self._files[0].fileno(), 1 << 20, 0).decode()

    def send_signal(self, number):
        if self.pid is not None and self.returncode is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout=300):
        """(stdout, stderr) when it has ended; it is killed if it takes longer, in seconds."""
        while self.returncode is None:
            if not self._hear(timeout):
                self.returncode = int(self._told.split()[1])
                os.close(self._status)
                self.stdout, self.stderr = map(_whole, self._files)
        return self.stdout, self.stderr


def _whole(file):
    with file:
        file.seek(0)
        return file.read().decode()


def run(command, cwd=ROOT, **environment):
    """As `commands.run`: runs `python <command>` and returns the finished process."""
    process = Process(command, cwd, **environment)
    process.communicate()
    return process


@functools.cache
def _server():
    """The socket to the process that forks, which ends when this one is closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # A thread of NumPy's would be lost in a fork. PYTHONPATH is each program's own.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    server = subprocess.Popen(
        [sys.executable, "-P", __file__, str(theirs.fileno())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # where TensorFlow says what it misses
        env=environment,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()

    @atexit.register
    def end():
        ours.close()
        server.wait()

    return ours


def _next_job(requests):
    """Forks for each request; returns in the process that is to run it, with what to run."""
    while True:
        message, handles, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not message:
            sys.exit()
        if os.fork():
            for handle in handles:
                os.close(handle)
            continue
        requests.close()
        stdout, stderr, status = handles
        program = os.fork()
        if program:
            os.write(status, f"{program}\n".encode())
            _, ended = os.waitpid(program, 0)
            os.write(status, str(os.waitstatus_to_exitcode(ended)).encode())
            os._exit(0)
        os.close(status)
        for number, handle in enumerate((stdout, stderr), start=1):
            os.dup2(handle, number)
            os.close(handle)
        return json.loads(message)


def _run(arguments, folder, environment):
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    inline = arguments[0] == "-c"
    first = "" if inline else str(pathlib.Path(arguments[0]).resolve().parent)
    sys.path[:0] = [first, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.argv = ["-c", *arguments[2:]] if inline else arguments
    if inline:
        exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    import keras  # noqa: F401
    import tensorflow  # noqa: F401

    gc.freeze()  # what is here stays in the pages that all share
    _run(**_next_job(socket.socket(fileno=int(sys.argv[1]))))
