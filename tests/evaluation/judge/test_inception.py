import keras
import numpy as np
import pytest

from faceattr.errors import UserError
from faceattr.evaluation.judge.inception import FEATURES, InceptionFeatures


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["damaged", "foreign"])
def test_a_file_of_other_weights_is_named(tmp_path, kind):
    path = tmp_path / "other.weights.h5"
    if kind == "damaged":
        path.write_bytes(b"half of it")
    else:
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save_weights(path)
    with pytest.raises(UserError, match="not the weights of Keras's InceptionV3"):
        InceptionFeatures(path)


@pytest.mark.slow
def test_features_are_those_of_keras_s_network(tmp_path):
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(299, 299, 3), pooling="avg"
    )
    path = tmp_path / "inception.weights.h5"
    network.save_weights(path)
    features = InceptionFeatures(path)
    images = np.random.default_rng(0).integers(0, 256, (2, 299, 299, 3), np.uint8)
    expected = network.predict(
        keras.applications.inception_v3.preprocess_input(images.astype(np.float32)), verbose=0
    )
    found = features(images)
    assert found.shape == (2, FEATURES)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-5)
    assert features(images[:, :32, :32]).shape == (2, FEATURES)
    assert features(images[:0]).shape == (0, FEATURES)
