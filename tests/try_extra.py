"""Types what an extra is for where it alone is installed: `make extra EXTRA=heif`."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PHOTO = ROOT / "docs" / "photos" / "astronaut.png"
FACEATTR = pathlib.Path(sys.executable).with_name("faceattr")
TRAIN = (
    *("train", "--attr", "glasses", "--steps", "2", "--synthetic_faces", "40"),
    *("--image_size", "32", "--width", "4", "--batch_size", "4", "--run_dir", "run"),
)
EDIT = ("--edit", "close_mouth")


def faceattr(*words, **environment):
    """Runs a command of the installed package."""
    typed(FACEATTR, *words, **environment)


def python(*words, cwd=None):
    """Runs Python, where `-m` finds the installed package."""
    typed(sys.executable, *words, cwd=cwd)


def typed(*words, cwd=None, **environment):
    subprocess.run([*map(str, words)], check=True, cwd=cwd, env={**os.environ, **environment})


def train():
    faceattr(*TRAIN)
    faceattr("export", "--run", "run")
    faceattr("edit", PHOTO, "--edit", "bundles/add_glasses")


def serving():
    train()
    folder = pathlib.Path("bundles/add_glasses/saved_model").resolve()
    words = ("--model_name", "edit", "--model_base_path", folder, "--rest_api_port", 0, "--port", 0)
    server = subprocess.Popen(
        [str(word) for word in (FACEATTR, "serve", *words)], stdout=subprocess.PIPE, text=True
    )
    try:
        addresses = []
        while len(addresses) < 2:
            line = server.stdout.readline()
            assert line, "the server has ended"
            if "127.0.0.1:" in line:
                addresses.append("127.0.0.1:" + line.split("127.0.0.1:")[1].split("/")[0].strip())
        photo = "faceattr.docs.photos"
        for scheme, address in zip(("http", "grpc"), addresses, strict=True):
            code = (
                "import importlib.resources; from faceattr.serving.client import EditClient\n"
                f"photo = importlib.resources.files('{photo}').joinpath('astronaut.png')\n"
                f"with EditClient('{scheme}://{address}') as client:\n"
                "    assert client.edit(photo.read_bytes(), 'edit')[1:4] == b'PNG'"
            )
            python("-c", code)
        url = f"http://{addresses[0]}"
        python("-m", "faceattr.serving.conformance", url, "--model", "edit")
    finally:
        server.terminate()
        assert server.wait() == 0


def report():
    faceattr(*TRAIN)
    faceattr("evaluate", "--run", "run", "--classifier_epochs", "1")
    assert pathlib.Path("report/report.html").is_file()


def align():
    report()
    skipped = json.loads(pathlib.Path("report/metrics.json").read_text("utf-8"))["skipped"]
    assert "landmarks" not in {each["part"] for each in skipped}


def heif():
    import pillow_heif  # type: ignore[import-not-found, unused-ignore]
    from PIL import Image

    pillow_heif.register_heif_opener()
    Image.open(PHOTO).convert("RGB").save("photo.heic")
    faceattr("edit", "photo.heic", *EDIT)


def jax():
    faceattr(*TRAIN, KERAS_BACKEND="jax")


def bulk():
    python("-m", "faceattr.editing.bulk", "--input", PHOTO.parent, "--output", "all", *EDIT)
    assert pathlib.Path("all/astronaut-close_mouth.png").is_file()


def tfds():
    # As docs/data.md has it, but for the download.
    python("-c", "import tensorflow_datasets as tfds; tfds.builder('celeb_a', data_dir='tfds')")


def docs():
    python("-m", "sphinx", "--quiet", "-c", "docs", ".", pathlib.Path("site").resolve(), cwd=ROOT)


EXTRAS = {
    each.__name__: each for each in (train, serving, report, align, heif, jax, bulk, tfds, docs)
}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        EXTRAS[sys.argv[1]]()
        os.chdir(ROOT)
    print(f"{sys.argv[1]}: works alone")
