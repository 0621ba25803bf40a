import os

import pytest


@pytest.fixture
def real_data():
    """Return the folder with the real files, or skip and say why."""
    folder = os.environ.get("GAN_LESSONS_DATA")
    if not folder:
        pytest.skip("GAN_LESSONS_DATA is not set: no real MNIST or Fashion-MNIST files to test on")
    return folder
