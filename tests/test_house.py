"""The house: its rooms, that arrows point one way, and that no room asks which model it has."""

import ast
import functools
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]

ROOMS = (
    "errors",
    "files",
    "progress",
    "options",
    "command_line",
    "pixels",
    "edits",
    "attributes",
    "pictures",
    "faces",
    "data",
    "models",
    "runs",
    "training",
    "bundles",
    "exporting",
    "editing",
    "evaluation",
    "reproduction",
    "serving",
    "scripts",
)
"""Each may import those above it, and what is its own. CONTRIBUTING.md draws the same."""

SCRIPTS = ("train", "export", "evaluate", "edit", "reproduce")

# Where a family may be named: its own room, and the experiments that compare two of them.
MAY_NAME_A_FAMILY = ("faceattr/models/", "faceattr/reproduction/", "reproduce.py")
NAMES_OF_FAMILIES = re.compile("(?:residual|shared)_?gan|vae[_-]?gan", re.IGNORECASE)


@functools.cache
def modules():
    """Every module by its dotted name -> its file."""
    files = [*(ROOT / "faceattr").rglob("*.py"), *(ROOT / "serving").rglob("*.py")]
    files += [ROOT / f"{name}.py" for name in SCRIPTS]
    named = {}
    for file in files:
        parts = file.relative_to(ROOT).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return named


def room(module):
    """The room of a module; `faceattr` itself has none: it only says where public names live."""
    top, *below = module.split(".")
    if top == "faceattr":
        # The one command line stands where the programs do that it runs.
        return (below[0] if below != ["__main__"] else "scripts") if below else None
    return "scripts" if top in SCRIPTS else top


def is_for_types_alone(node):
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name | ast.Attribute)
        and (getattr(node.test, "id", getattr(node.test, "attr", None)) == "TYPE_CHECKING")
    )


def import_statements(node):
    """All that are executed, those in functions as well."""
    for child in ast.iter_child_nodes(node):
        if is_for_types_alone(child):
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        yield from import_statements(child)


@functools.cache
def imports_of(module):
    """The modules of this house that a module imports."""
    file = modules()[module]
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for statement in import_statements(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
            continue
        base = statement.module or ""
        if statement.level:
            above = package.split(".")[: len(package.split(".")) - statement.level + 1]
            base = ".".join([*above, *([base] if base else [])])
        for alias in statement.names:
            inside = f"{base}.{alias.name}"
            found.add(inside if inside in modules() else base)
    return frozenset(found & set(modules()))


def test_every_module_stands_in_a_room():
    assert {room(module) for module in modules()} == {None, *ROOMS}


def test_arrows_point_one_way():
    below = [
        f"{module} imports {imported}"
        for module in modules()
        for imported in imports_of(module)
        if room(module) and room(imported)
        if ROOMS.index(room(imported)) > ROOMS.index(room(module))
    ]
    assert not below, "rooms that stand below are imported"


def test_the_package_itself_imports_nothing():
    """So that `import faceattr` is quick, and what is imported first does not matter."""
    assert not imports_of("faceattr")


def test_no_modules_import_each_other_in_a_circle():
    finished, open_ = set(), []

    def visit(module):
        if module in open_:
            pytest.fail("a circle: " + " -> ".join([*open_[open_.index(module) :], module]))
        if module in finished:
            return
        open_.append(module)
        for imported in sorted(imports_of(module) - {module}):
            visit(imported)
        open_.pop()
        finished.add(module)

    for module in modules():
        visit(module)


def text_but_for_examples(file):
    """The text of a module; of a command without the epilog of its help, which has examples."""
    text = file.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_EPILOG":
            text = text.replace(ast.get_source_segment(text, node), "")
    return text


def test_no_room_but_that_of_the_models_names_a_family():
    """But for the package's public names, one of which is the paper's model."""
    naming = []
    for module, file in modules().items():
        path = file.relative_to(ROOT).as_posix()
        if path.startswith(MAY_NAME_A_FAMILY) or module == "faceattr":
            continue
        naming += [
            f"{path}: {name}" for name in NAMES_OF_FAMILIES.findall(text_but_for_examples(file))
        ]
    assert not naming


def test_no_file_is_longer_than_300_lines():
    lines = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines())
        for file in (*modules().values(), *(ROOT / "web").rglob("src/**/*.js"))
    }
    assert not {file: count for file, count in lines.items() if count > 300}


def test_contributing_draws_the_same_house():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = text.split("## How the code is laid out")[1].split("```")[1]
    assert tuple(line.split()[0] for line in drawn.strip().splitlines()) == ROOMS
