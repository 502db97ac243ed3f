"""A bundle is put in place whole, whatever happens."""

import dataclasses
import errno
import os
import random
import shutil
import signal
import time

import pytest

from faceattr.bundles.loading import load
from faceattr.bundles.manifest import Manifest
from faceattr.errors import UserError
from faceattr.exporting import placing
from faceattr.exporting.placing import placed


def write(bundle, source, step):
    shutil.copytree(source, bundle, dirs_exist_ok=True)
    dataclasses.replace(Manifest.read(bundle), weights={"step": step}).write(bundle)


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def source(tiny_bundles):
    return tiny_bundles / "add_glasses"


@pytest.fixture
def target(source, tmp_path):
    target = tmp_path / "bundles" / "add_glasses"
    with placed(target) as bundle:
        write(bundle, source, 0)
    return target


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_new_bundle_takes_the_place_of_the_old_one(source, target, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(placing, "_exchanged", lambda *_: False)
    (target / "stale.txt").write_text("old")
    with placed(target) as bundle:
        write(bundle, source, 1)
        assert load(target)[0].weights == {"step": 0}, "the old one, until the new one is whole"
    assert load(target)[0].weights == {"step": 1}
    assert not (target / "stale.txt").exists()
    assert names(target.parent) == ["add_glasses"]


def test_what_fails_leaves_the_old_bundle_and_nothing_else(source, target):
    def fill_the_disk():
        with placed(target) as bundle:
            write(bundle, source, 1)
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fill_the_disk()
    assert load(target)[0].weights == {"step": 0}
    assert names(target.parent) == ["add_glasses"]


def test_a_second_rename_that_fails_brings_the_old_bundle_back(source, target, monkeypatch):
    monkeypatch.setattr(placing, "_exchanged", lambda *_: False)
    with pytest.raises(FileNotFoundError), placed(target) as bundle:
        bundle.rmdir()
    assert load(target)[0].weights == {"step": 0}


def test_what_is_no_bundle_is_not_replaced(tmp_path):
    (tmp_path / "add_glasses").mkdir()
    (tmp_path / "add_glasses" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="there already and no bundle"):
        placed(tmp_path / "add_glasses").__enter__()
    assert (tmp_path / "add_glasses" / "thesis.tex").read_text() == "years of work"


def test_killed_at_twenty_random_moments_a_whole_bundle_is_in_place_each_time(source, target):
    """What a re-export does after its networks are converted, over and over, and kill -9."""
    moments = random.Random(0)
    seen = set()
    for number in range(20):
        child = os.fork()
        if not child:
            try:
                step = 1000 * (number + 1)
                while True:
                    with placed(target) as bundle:
                        write(bundle, source, step)
                    step += 1
            finally:
                os._exit(1)
        time.sleep(moments.uniform(0.005, 0.1))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        seen.add(load(target)[0].weights["step"])
    assert len(seen) > 1, "bundles were exchanged meanwhile"
    assert [name for name in names(target.parent) if not name.startswith(".")] == ["add_glasses"]
