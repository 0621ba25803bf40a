import sys

import pytest
import torch

from gan_lessons.metrics import fid, frechet_distance, inception_features


@pytest.fixture(scope="module")
def weights(fidelity, tmp_path_factory):
    """Write random weights in the form that readers bring."""
    with pytest.MonkeyPatch.context() as patch:
        owner = fidelity.inception.FeatureExtractorInceptionV3
        patch.setattr(fidelity.inception, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(owner, "load_state_dict", lambda *_: None)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = owner("random", ["2048"])
            for layer in network.modules():
                if isinstance(layer, torch.nn.Conv2d):  # else the signal dies on its way
                    torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save(network.state_dict(), path)
    return path, network


def images(n, channels, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(n, channels, 9, 9, generator=rng) - 1


def test_features_are_the_networks_own_on_grey_levels(weights):
    path, network = weights
    x = images(3, 1)
    found = inception_features(x, path, batch_size=2)
    levels = torch.round(127.5 * (x + 1)).byte()
    assert found.shape == (3, 2048)
    assert torch.allclose(found, network(levels.repeat(1, 3, 1, 1))[0], rtol=1e-3, atol=1e-5)
    assert float(found.std(0).max()) > 1e-3  # not one answer for all
    y = images(2, 3, 1)
    distance = fid(x, y, path)
    assert distance == pytest.approx(frechet_distance(found, inception_features(y, path)), rel=1e-6)
    assert distance > 0


def test_nothing_is_downloaded(tmp_path):
    with pytest.raises(FileNotFoundError, match="never downloaded .*classifier_features"):
        fid(images(2, 1), images(2, 1), tmp_path / "none.pth")


def test_what_is_missing_is_named(monkeypatch, tmp_path):
    torch.save({}, tmp_path / "w.pth")
    for name in ("torch_fidelity", "torch_fidelity.feature_extractor_inceptionv3"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="need torch-fidelity and a torchvision .*pip install"):
        inception_features(images(2, 1), tmp_path / "w.pth")


class Harm:
    """Would write a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_is_not_run(tmp_path, fidelity):
    torch.save({"fc.weight": Harm(tmp_path / "harm")}, tmp_path / "w.pth")
    with pytest.raises(ValueError, match="weights_path must hold tensors only"):
        inception_features(images(2, 1), tmp_path / "w.pth")
    assert not (tmp_path / "harm").exists()


def test_other_weights_are_refused(tmp_path, fidelity):
    torch.save({"a": torch.zeros(2)}, tmp_path / "w.pth")
    with pytest.raises(
        ValueError, match="weights of torch-fidelity's Inception network; .* others"
    ):
        inception_features(images(2, 1), tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(2, 2, 8, 8), r"images must have shape .* got \(2, 2, 8, 8\)"),
        (torch.full((2, 1, 8, 8), 255.0), r"must be in \[-1, 1\], got 255 to 255; .*127.5"),
        (torch.zeros(0, 1, 8, 8), "images must have shape"),
    ],
)
def test_bad_images(bad, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        inception_features(bad, tmp_path)
