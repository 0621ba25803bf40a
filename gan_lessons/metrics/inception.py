"""The FID, for readers who bring the Inception network's weights; nothing is ever downloaded."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_tensor
from gan_lessons.metrics.frechet import frechet_distance

_WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"


@torch.no_grad()
def inception_features(
    images: Tensor,
    weights_path: str | Path,
    batch_size: int = 50,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Compute the 2,048 pooled features of the Inception network that the FID is defined with.

    Images are rounded to 256 grey levels, as files on disk are, and made 299 pixels wide as in the
    original; grey ones are repeated for three colours. For digits or clothes the network is out of
    its depth: it was trained on photographs.

    Parameters
    ----------
    images : Tensor
        Shape (n, c, h, w) with c = 1 or 3, in [-1, 1].
    weights_path : str or Path
        File of the weights in torch-fidelity's form (weights-inception-2015-12-05-6726825d.pth).
    batch_size : int, default 50
        Images at a time.
    device : torch.device or str, default "cpu"
        Where to compute.

    Returns
    -------
    Tensor
        Shape (n, 2048), float32, on ``device``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If torch-fidelity, or a torchvision that fits torch, is missing.
    ValueError
        If the file does not hold those weights, or images have another shape or range.

    References
    ----------
    Heusel et al. (2017), section 3.
    """
    check_tensor(images, "images")
    if images.dim() != 4 or images.shape[1] not in (1, 3) or len(images) == 0:
        raise ValueError(
            f"images must have shape (n, 1, h, w) or (n, 3, h, w), got {tuple(images.shape)}."
        )
    if float(images.abs().max()) > 1:
        raise ValueError(
            f"images must be in [-1, 1], got {float(images.min()):.4g} to "
            f"{float(images.max()):.4g}; call images.clamp(-1, 1), or images / 127.5 - 1."
        )
    check_count(batch_size, "batch_size")
    network = _load(Path(weights_path)).to(device)
    features = []
    for part in images.split(batch_size):
        levels = ((part.to(device) + 1) * 127.5).round().to(torch.uint8)
        features.append(network(levels.expand(-1, 3, -1, -1))[0])
    return torch.cat(features)


def fid(
    x: Tensor,
    y: Tensor,
    weights_path: str | Path,
    batch_size: int = 50,
    device: torch.device | str = "cpu",
) -> float:
    """Compute the Fréchet Inception distance: ``frechet_distance`` of ``inception_features``.

    Parameters
    ----------
    x, y : Tensor
        Real and generated images, as in ``inception_features``; the published protocol takes
        50,000 of each, and values of other numbers cannot be compared with those.
    weights_path, batch_size, device
        As in ``inception_features``.

    Returns
    -------
    float
        Zero or positive.

    Raises
    ------
    FileNotFoundError, ImportError, ValueError
        As ``inception_features``.

    References
    ----------
    Heusel et al. (2017), eq. 6.
    """
    first, second = (inception_features(t, weights_path, batch_size, device) for t in (x, y))
    return frechet_distance(first, second)


def _load(path: Path) -> Any:
    """Return the network; the weights are read without running what a pickle may hold."""
    if not path.is_file():
        raise FileNotFoundError(
            f"weights_path must be a file with the Inception weights, got {path}; they are never "
            f"downloaded for you: take {_WEIGHTS} from torch-fidelity's releases, or use "
            f"classifier_features and frechet_distance."
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"weights_path must hold tensors only; {path} does not.") from error
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except (ImportError, RuntimeError) as error:  # a torchvision of another torch fails at runtime
        raise ImportError(
            "Inception features need torch-fidelity and a torchvision that fits your torch "
            f"(pip install torch-fidelity); importing them failed: {error}"
        ) from error
    with tempfile.TemporaryDirectory() as folder:  # its own reading would run a pickle
        safe = Path(folder) / "weights.pth"
        torch.save(state, safe)
        try:
            return FeatureExtractorInceptionV3(
                "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(safe)
            )
        except (RuntimeError, TypeError, AttributeError) as error:
            raise ValueError(
                f"weights_path must hold the weights of torch-fidelity's Inception network; "
                f"{path} holds others."
            ) from error
