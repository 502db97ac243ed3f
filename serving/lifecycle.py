"""New versions are loaded and warmed up, and old ones unloaded, while requests are answered.

A version stops only when what is to follow it answers, so a model that answered once goes on
answering: a broken or half-copied version shows its error in its status, and that is all it does.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from faceattr.errors import UserError

from .repository import ModelVersion, Repository, Servable, State
from .version_folders import ModelSource, contents, find_versions

_logger = logging.getLogger("serving")

Contents = tuple[tuple[str, int, int], ...]


class Lifecycle:
    """Keeps a repository as its sources and the folders on disk say."""

    def __init__(
        self,
        repository: Repository,
        load: Callable[[Path], Servable],
        seconds_to_finish: float = 30.0,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Makes one that serves nothing yet.

        Args:
            repository: what is kept.
            load: loads the SavedModel in a version folder and warms it up; may raise anything.
            seconds_to_finish: float, how long an old version waits for what it has begun.
            changed: is called when versions have been loaded or unloaded.
        """
        self._repository = repository
        self._load = load
        self._seconds_to_finish = seconds_to_finish
        self._tell_of_change = changed
        self._has_changed = False
        self._sources: dict[str, ModelSource] = {}
        self._failed: dict[tuple[str, int], Contents] = {}
        self._turn = threading.Lock()

    def set_sources(self, sources: Sequence[ModelSource], labels_may_wait: bool = False) -> None:
        """Replaces the whole set of models, as a reloaded config file does, and loads what is new.

        Args:
            sources: the models.
            labels_may_wait: bool, whether a label may name a version that is not loaded.

        Raises:
            UserError: where a label names a version that is not loaded; then the labels of its
                model stay as they were.
        """
        with self._one_at_a_time():
            before, self._sources = self._sources, {source.name: source for source in sources}
            for name, source in before.items():
                same = self._sources.get(name)
                if same is not None and same.base_path == source.base_path:
                    continue
                for version in self._repository.known(name).values():
                    self._unload(version)
                self._repository.remove_model(name)
            for source in sources:
                self._repository.set_model(source.name)
                self._update(source)
            for source in sources:
                for label, number in source.labels.items():
                    known = self._repository.known(source.name)
                    loaded = number in known and known[number].state is State.AVAILABLE
                    if not (loaded or labels_may_wait):
                        raise UserError(
                            f"the label '{label}' of model '{source.name}' names version "
                            f"{number}, which is not loaded; load it first, or pass "
                            "--allow_version_labels_for_unavailable_models"
                        )
                self._repository.set_labels(source.name, source.labels)

    def poll(self) -> None:
        """Looks at the folders once, and loads and unloads what that asks for."""
        with self._one_at_a_time():
            for source in self._sources.values():
                self._update(source)

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with self._turn:
            try:
                yield
            finally:
                if self._has_changed:
                    self._has_changed = False
                    self._tell_of_change()

    def _update(self, source: ModelSource) -> None:
        try:
            found = find_versions(source.base_path)
        except OSError as error:
            # As TensorFlow Serving does: a folder that is out of reach for a while ends nothing.
            _logger.warning("model '%s': cannot look for versions: %s", source.name, error.strerror)
            return
        wanted = source.policy.chosen(list(found))
        for number in wanted:
            self._require(source.name, number, found[number])
        known = self._repository.known(source.name)
        served = [number for number in known if known[number].state is State.AVAILABLE]
        # An old version stays while one that is to follow it does not answer.
        if not set(wanted) & set(served) or set(wanted) - set(served):
            return
        for number in served:
            if number not in wanted:
                self._unload(known[number])

    def _require(self, name: str, number: int, path: Path) -> None:
        version = self._repository.known(name).get(number)
        if version is not None and version.state is State.AVAILABLE:
            return
        before = contents(path)
        if self._failed.get((name, number)) == before:
            return  # it would fail again
        version = ModelVersion(name, number, path, State.LOADING)
        self._repository.add(version)
        try:
            servable = self._load(path)
            if contents(path) != before:
                raise OSError("its folder changed while it was read; it is read again")
        except Exception as error:  # a broken folder may raise anything; its status tells
            lines = str(error).strip().splitlines()
            version.error_code = "UNKNOWN"
            version.error_message = lines[0] if lines else type(error).__name__
            version.state = State.END
            self._failed[name, number] = before
            _logger.warning(
                "version %d of model '%s' at '%s' did not load (%s); its state is END",
                *(number, name, path, version.error_message),
            )
        else:
            self._failed.pop((name, number), None)
            version.servable = servable
            version.state = State.AVAILABLE
            self._has_changed = True
            _logger.info("version %d of model '%s' is served", number, name)

    def _unload(self, version: ModelVersion) -> None:
        if version.servable is None:
            return
        version.unload(self._seconds_to_finish)
        self._has_changed = True
        _logger.info("version %d of model '%s' is unloaded", version.number, version.model_name)


class Poller:
    """Calls functions again and again in a thread of its own, each at its own pace."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def every(self, seconds: float, function: Callable[[], None]) -> None:
        """Calls a function every so many seconds until `stop`; what it raises is logged once."""

        def repeat() -> None:
            told = ""
            while not self._stopped.wait(seconds):
                try:
                    function()
                except UserError as error:
                    if error.for_command_line != told:
                        _logger.error("%s", error.for_command_line)
                    told = error.for_command_line
                except Exception:
                    _logger.exception("a defect while looking for new versions")
                else:
                    told = ""

        thread = threading.Thread(target=repeat, daemon=True, name="poller")
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """Calls nothing any more."""
        self._stopped.set()
