"""What `pip install` puts where. Building needs setuptools, which pip fetches."""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

HOUSE = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = ("faceattr", "serving", "web", "docs/photos")
SCRIPTS = ("edit", "evaluate", "export", "reproduce", "train")
COMMANDS = (*SCRIPTS, "data", "page", "serve")
# What npm fetches for the page, in the place of the large files that it has.
NPM = ".npm/node_modules/@litertjs"
LITERT = {
    "core/package.json": "{}",
    "core/dist/index.js": 'import { createWasmLib } from "@litertjs/wasm-utils";\n'
    "//# sourceMappingURL=a.map",
    "core/wasm/litert_wasm_internal.js": "",
    "core/wasm/litert_wasm_internal.wasm": "",
    "core/wasm/litert_wasm_compat_internal.js": "",
    "core/wasm/litert_wasm_compat_internal.wasm": "",
    "wasm-utils/package.json": "{}",
    "wasm-utils/dist/index.js": "export {\n  createWasmLib\n};\n//# sourceMappingURL=a.map",
}
LEFT_OUT = ("core/wasm/litert_wasm_threaded_internal.wasm", "core/dist/index.js.map")

pytestmark = pytest.mark.slow


def run(*words, cwd, python=sys.executable, **environment):
    """What Python prints, with these words after its name."""
    process = subprocess.run(
        [python, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def copied(folder):
    """What is built, in another folder: a build leaves folders behind."""
    folder.mkdir()
    for name in FOLDERS:
        shutil.copytree(HOUSE / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    scripts = [f"{name}.py" for name in SCRIPTS]
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", *scripts):
        shutil.copy(HOUSE / name, folder)
    for name, content in {**LITERT, **dict.fromkeys(LEFT_OUT, "")}.items():
        path = folder / NPM / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """An sdist, and a wheel that was built from what is in it."""
    folder = tmp_path_factory.mktemp("built")
    tools = folder / "tools"
    run(
        *("-m", "pip", "install", "--quiet", "--target", tools, "setuptools>=77"),
        cwd=folder,
    )
    run(
        *("-m", "build", "--no-isolation", "--outdir", folder, copied(folder / "copy")),
        cwd=folder,
        PYTHONPATH=str(tools),
    )
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def wheel(built):
    return built[1]


def test_a_wheel_holds_one_package_with_all_its_files(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    inside = {name for name in names if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in inside} == {"faceattr"}
    wanted = {
        path.relative_to(HOUSE).as_posix().removeprefix("faceattr/")
        for folder in FOLDERS
        for path in (HOUSE / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted |= {f"commands/{name}.py" for name in SCRIPTS} | {f"litert/{name}" for name in LITERT}
    assert {name.removeprefix("faceattr/") for name in inside} == wanted


def test_the_licence_of_each_vendored_network_goes_along(built):
    sdist, wheel = built
    licences = {
        path.relative_to(HOUSE).as_posix() for path in (HOUSE / "faceattr").rglob("LICENSE")
    } | {"LICENSE"}
    assert len(licences) > 2
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert licences <= names
    told = {
        name.partition("/licenses/")[2]
        for name in zipfile.ZipFile(wheel).namelist()
        if ".dist-info/licenses/" in name
    }
    assert told == licences


def test_an_editing_only_installation(wheel, tiny_bundles, tmp_path):
    """In an empty environment, with what pip fetches for it: no TensorFlow."""
    environment = tmp_path / "environment"
    run("-m", "venv", environment, cwd=tmp_path)
    python = environment / "bin" / "python"
    run("-m", "pip", "install", "--quiet", wheel, cwd=tmp_path, python=python)
    there = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True, check=True
    ).stdout
    assert "faceattr" in there
    for name in ("tensorflow", "keras", "jax"):
        assert name not in there

    def typed(*words, **given):
        command = [python if words[0] == "-m" else environment / "bin" / "faceattr", *words]
        return subprocess.run(
            [*map(str, command)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **given},
        )

    photo = HOUSE / "docs" / "photos" / "astronaut.png"
    words = ("edit", photo, "--edit", "add_glasses", "--bundles", tiny_bundles, "-o", "edited.png")
    done = typed(*words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "edited.png").is_file()
    (tmp_path / "models" / "1").mkdir(parents=True)
    (tmp_path / "models" / "1" / "saved_model.pb").touch()
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    (prepared / "dataset_info.json").write_text("{}", encoding="utf-8")
    bulk = ("--input", photo, "--output", "all", "--edit", "add_glasses")
    done = typed("data", "render", "--out", "faces", "--count", "1")
    assert done.returncode == 0, done.stderr
    done = typed("page", "--out", "site")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "litert" / "wasm" / "litert_wasm_internal.wasm").is_file()
    for command, missing, extra in (
        (("train", "--attr", "young"), "keras", "train"),
        (("evaluate", "--run", "gone"), "keras", "train"),
        (("export", "--run", "gone"), "tensorflow", "train"),
        (("reproduce", "all"), "tensorflow", "train"),
        (("serve", "--model_base_path", tmp_path / "models"), "uvicorn", "serving"),
        (("data", "check", "--data", "tfds", "--data_dir", prepared), "TensorFlow Data", "tfds"),
        (("-m", "faceattr.editing.bulk", *bulk), "apache_beam", "bulk"),
    ):
        done = typed(*command)
        assert done.returncode == 2, done.stderr
        (line,) = done.stderr.splitlines()
        assert missing in line
        assert f"pip install 'faceattr[{extra}]'" in line
    done = typed("train", "--attr", "young", KERAS_BACKEND="jax")
    assert done.returncode == 2, done.stderr
    assert "pip install 'faceattr[jax]'" in done.stderr
    assert "edits photos of any size" in typed("--help").stdout
    assert "did you mean edit" in typed("edits").stderr
    # Messages tell of commands as they are typed here.
    told = typed("edit", "--help").stdout
    assert "faceattr edit portrait.jpg --edit" in told
    assert "edit.py" not in told
    assert typed("edit", "gone.jpg").stderr.startswith("faceattr edit: error: ")
    done = typed("data", "render", "--out", "more", "--count", "1")
    assert "\n  faceattr train --attr glasses --data celeba --data_dir more" in done.stdout


def test_all_commands_of_a_full_installation_and_the_server_as_a_part_of_it(wheel, tmp_path):
    run(
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        tmp_path / "there",
        wheel,
        cwd=tmp_path,
    )
    code = (
        "import sys; sys.path.insert(0, 'there'); import faceattr.serving.rest.app, faceattr\n"
        "print(faceattr.__file__, faceattr.serving.rest.app.__file__)\n"
        "import faceattr.pictures.html; faceattr.pictures.html.style()\n"
        "assert not any(name.split('.')[0] == 'serving' for name in sys.modules)"
    )
    found = run("-c", code, cwd=tmp_path).split()
    assert found == [
        str(tmp_path / "there" / "faceattr" / name)
        for name in ("__init__.py", "serving/rest/app.py")
    ]
    # With all extras, in one process, for what they bring takes seconds to import.
    code = f"""
import contextlib, io, sys
sys.path.insert(0, "there")
from faceattr.__main__ import main
for command in {COMMANDS}:
    sys.argv = ["faceattr", command, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        main()
    assert said.getvalue().startswith("usage: "), command
"""
    run("-c", code, cwd=tmp_path)


@pytest.mark.exhaustive
@pytest.mark.slow
def test_an_editable_install_finds_the_server_within_and_beside_the_package(tmp_path):
    environment, copy = tmp_path / "environment", copied(tmp_path / "copy")
    run("-m", "venv", environment, cwd=tmp_path)
    python = environment / "bin" / "python"
    run(
        *("-m", "pip", "install", "--quiet", "--no-deps", "--editable", copy),
        cwd=tmp_path,
        python=python,
    )
    for folder, name in ((tmp_path, "faceattr.serving"), (copy, "serving")):
        code = f"import faceattr, {name}.wire.request_error as server\n"
        code += "print(faceattr.__file__, server.__file__)"
        assert run("-c", code, cwd=folder, python=python).split() == [
            str(copy / "faceattr" / "__init__.py"),
            str(copy / "serving" / "wire" / "request_error.py"),
        ]
