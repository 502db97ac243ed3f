"""What the documentation has a reader type: programs take it, and the first minute runs."""

import argparse
import pathlib
import re
import runpy
import shlex

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "serving/mobile/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def blocks(page, *languages):
    """The text of the fenced blocks in one of the languages."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [text for language, text in fenced if language in languages]


def commands(page):
    """Each `python ...` of a page, as words: a program, or -m and a module, and what follows."""
    lines = "\n".join(blocks(page, "", "sh")).replace("\\\n", " ").splitlines()
    # In a sentence, one without flags is a program's name.
    sentences = re.sub(r"(?s)```.*?```", "", page.read_text("utf-8")).replace("\n", " ")
    lines += re.findall(r"`(python [^`]+ --[^`]+)`", sentences)
    for line in lines:
        found = re.search(r"(?:^|\s|/)python (.+)", line)
        if found and not found[1].startswith(("-c", "-m venv", "-m pytest")):
            yield shlex.split(found[1], comments=True)


COMMANDS = [
    pytest.param(words, id=f"{page.relative_to(ROOT)}: {' '.join(words)}")
    for page in PAGES
    for words in commands(page)
    if "..." not in words
]


class Understood(BaseException):
    """Raised in place of what a program would do."""


@pytest.fixture
def parsed_alone(monkeypatch):
    """Programs end when they have read their flags."""
    parse = argparse.ArgumentParser.parse_known_args

    def parse_and_stop(parser, args=None, namespace=None):
        found, others = parse(parser, args, namespace)
        if set(vars(found)) == {"command"}:  # a parser of the command's own comes next
            return found, others
        assert not others, f"{parser.prog} has no {others}"
        raise Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", parse_and_stop)


def run(monkeypatch, words):
    """As `python ...` with these words, in this process."""
    if words[0] == "-m":
        monkeypatch.setattr("sys.argv", words[1:])
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        monkeypatch.setattr("sys.argv", words)
        monkeypatch.syspath_prepend((ROOT / words[0]).parent)
        runpy.run_path(str(ROOT / words[0]), run_name="__main__")


def test_there_are_commands():
    assert len(COMMANDS) > 75


@pytest.mark.usefixtures("parsed_alone")
@pytest.mark.parametrize("words", COMMANDS)
def test_the_program_takes_it(monkeypatch, words):
    with pytest.raises((Understood, SystemExit)) as stop:
        run(monkeypatch, words)
    if "--help" in words:
        assert stop.value.code == 0
    else:
        assert stop.type is Understood


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """The photos that the README names, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "holiday").mkdir()
    with Image.open(ROOT / "docs" / "photos" / "astronaut.png") as photo:
        for name in ("portrait.jpg", "holiday/1.jpg"):
            photo.convert("RGB").save(name)
    return tmp_path


def test_the_first_minute(photos, monkeypatch, capsys):
    readme = ROOT / "README.md"
    edits = [words for words in commands(readme) if words[0] == "edit.py"]
    assert len(edits) == 3
    for words in edits:
        with pytest.raises(SystemExit) as stop:
            run(monkeypatch, words)
        assert stop.value.code == 0, capsys.readouterr().err
    exec(next(block for block in blocks(readme, "python") if "Editor" in block), {})
    made = {str(path.relative_to(photos)) for path in photos.rglob("*") if path.is_file()}
    assert made == {
        *("portrait.jpg", "holiday/1.jpg", "closed.png", "edited.png"),
        *(
            "edited/portrait-add_smile-make_old.jpg",
            "edited/portrait-add_smile-make_old-animated.gif",
        ),
        *("without/1-remove_glasses.jpg", "without/1-remove_glasses-compare.jpg"),
    }


NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom():
    """In a kernel of its own, as in Jupyter; with a training of two steps, which is not traced."""
    book = nbformat.read(NOTEBOOK, as_version=4)
    settings = next(cell for cell in book.cells if cell.cell_type == "code")
    assert settings.source.startswith("FACES, STEPS, WIDTH = ")
    settings.source = "FACES, STEPS, WIDTH = 24, 2, 4\nimport tensorflow\n"
    settings.source += "tensorflow.config.run_functions_eagerly(True)"
    NotebookClient(book, timeout=300, resources={"metadata": {"path": NOTEBOOK.parent}}).execute()


def test_the_notebook_shows_what_one_run_gave_and_is_small():
    code = [
        cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"
    ]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "make notebook"
    shown = [output.output_type for cell in code for output in cell.outputs]
    assert {"stream", "execute_result"} <= set(shown) <= {"stream", "execute_result"}
    assert NOTEBOOK.stat().st_size < 500_000
