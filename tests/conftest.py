"""Helpers that several test files share."""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # Before TensorFlow is imported.

import numpy as np
import pytest


@pytest.fixture(scope="session")
def shared_data():
    """Returns the folder of real data, or skips the test."""
    default = pathlib.Path(__file__).parents[2] / "shared" / "data"
    path = pathlib.Path(os.environ.get("WAE_TF_TEST_DATA", default))
    if not path.is_dir():
        pytest.skip(f"{path} is absent; set WAE_TF_TEST_DATA to the folder with real data")
    return path


@pytest.fixture
def rng():
    """Returns a generator that draws the same numbers in each test."""
    return np.random.default_rng(0)
