"""What stands in .github calls what everybody calls."""

import pathlib
import re
import shlex
import tomllib

import pytest
import yaml
from try_extra import EXTRAS

ROOT = pathlib.Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def targets():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert all(re.search(rf"^{name}:", text, re.MULTILINE) for name in phony.split())
    return set(phony.split())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_make(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "uses" not in step]
    assert commands
    for command in commands:
        make, target, *_ = shlex.split(command)
        assert make == "make"
        assert target in targets()


def test_the_citation_has_the_version_of_the_package():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{cited["version"]}"\n' in project
    assert f"## {cited['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_each_extra_is_tried_alone():
    """But for a GPU's, which needs one, and what development needs, which all tests try."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"gpu", "dev"}
    checks = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text(encoding="utf-8"))
    assert set(checks["jobs"]["extra"]["strategy"]["matrix"]["extra"]) == extras
    assert set(EXTRAS) == extras
