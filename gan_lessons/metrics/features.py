"""Features of images: pixels, and those of a small classifier trained on the data at hand.

A distance of features says which: "Fréchet distance of pixels", "of the digits classifier's
features". Only `inception.py` gives a FID.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from gan_lessons._validation import check_count, check_tensor
from gan_lessons.data import Labelled, random_shift
from gan_lessons.metrics.intervals import Share, binomial_interval
from gan_lessons.networks import ImageClassifier

_BATCH = 1000
_RECIPE = "1"  # a new number where the training changes: old files are then not taken


def pixel_features(images: Tensor) -> Tensor:
    """Return images as rows of pixels.

    Parameters
    ----------
    images : Tensor
        Shape (n, c, h, w).

    Returns
    -------
    Tensor
        Shape (n, c h w).

    Raises
    ------
    ValueError
        If images are not of shape (n, c, h, w).
    """
    return _check_images(images).flatten(1)


@dataclass(frozen=True)
class ClassifierFeatures:
    """A trained classifier as a yardstick: calling it maps images to features (n, n_features).

    Parameters
    ----------
    network : ImageClassifier
        In evaluation mode; its last hidden layer gives the features.
    accuracy : Share
        Share of held-out images that it labels rightly, with the exact 95 % interval.
    """

    network: ImageClassifier
    accuracy: Share

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Return features (n, n_features) on the network's device."""
        return torch.cat([self.network.features(part) for part in self._parts(images)])

    @torch.no_grad()
    def probabilities(self, images: Tensor) -> Tensor:
        """Return class probabilities (n, n_classes): for ``inception_score``, which then is ours.

        Their largest is the label; ``class_frequencies`` and ``mean_confidence`` take logits.
        """
        return torch.cat([self.network(part).softmax(1) for part in self._parts(images)])

    def _parts(self, images: Tensor) -> list[Tensor]:
        """Cut images into batches on the network's device."""
        device = next(self.network.parameters()).device
        return [part.to(device) for part in _check_images(images).split(_BATCH)]


def classifier_features(
    train: Labelled,
    held_out: Labelled,
    epochs: int = 12,
    seed: int = 0,
    folder: str | Path | None = None,
    device: torch.device | str = "cpu",
) -> ClassifierFeatures:
    """Train a small classifier, or read it from a folder, and say how accurate it is.

    The same data, epochs and seed give the same network on the same machine. With ``folder`` it is
    trained once: the file's name holds a hash of data and settings, and it holds tensors only.

    Parameters
    ----------
    train : Labelled
        Images (n, c, h, w) in [-1, 1], h = w a multiple of 4, and labels (n,) from 0; each image
        is shifted by up to one pixel.
    held_out : Labelled
        Images and labels it is not trained on, for the accuracy.
    epochs : int, default 12
        Passes over the training images.
    seed : int, default 0
        Of the weights, the order and the shifts.
    folder : str or Path, optional
        Where to keep the network; None keeps nothing.
    device : torch.device or str, default "cpu"
        Where to train and to compute features.

    Returns
    -------
    ClassifierFeatures
        Call it with images.

    Raises
    ------
    ValueError
        If images and labels do not fit, or a file in ``folder`` is damaged.
    """
    for data, name in ((train, "train"), (held_out, "held_out")):
        _check_images(data.images, f"{name}.images")
        if data.labels.shape != (len(data.images),):
            raise ValueError(
                f"{name}.labels must have shape ({len(data.images)},), one for each image, got "
                f"{tuple(data.labels.shape)}."
            )
    check_count(epochs, "epochs")
    path = None if folder is None else Path(folder) / _file_name(train, epochs, seed, device)
    rng = torch.Generator().manual_seed(check_count(seed, "seed", minimum=0))
    channels, size = train.images.shape[1], train.images.shape[-1]
    n_classes = max(2, int(train.labels.max()) + 1)
    network = ImageClassifier(size, channels, n_classes, width=8, n_features=32, rng=rng)
    network.to(device)
    if path is not None and path.exists():
        _read(network, path)
    else:
        fit_classifier(network, train, epochs, rng)
        if path is not None:
            _write(network, path)
    found = ClassifierFeatures(network.eval(), Share(0.0, 0.0, 1.0))
    right = found.probabilities(held_out.images).argmax(1).cpu() == held_out.labels.cpu()
    return ClassifierFeatures(network, binomial_interval(int(right.sum()), len(right)))


def fit_classifier(
    network: ImageClassifier, data: Labelled, epochs: int, rng: torch.Generator
) -> None:
    """Train with Adam and a cosine schedule; images are shifted by up to one pixel."""
    device = next(network.parameters()).device
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3, fused=True)
    steps = epochs * -(-len(data.images) // 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(data.images), generator=rng).split(64):
            batch = random_shift(data.images[rows], 1, rng).to(device)
            loss = cross_entropy(network(batch), data.labels[rows].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def _file_name(data: Labelled, epochs: int, seed: int, device: torch.device | str) -> str:
    """Return a name that another data set or setting does not have."""
    kind = torch.device(device).type
    digest = hashlib.sha256(f"{_RECIPE} {epochs} {seed} {kind} {data.images.shape}".encode())
    for tensor in (data.images.float(), data.labels.long()):
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return f"classifier-{digest.hexdigest()[:16]}.pt"


def _write(network: ImageClassifier, path: Path) -> None:
    """Write the weights to a temporary name and rename it: no half file is ever found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        torch.save({name: value.cpu() for name, value in network.state_dict().items()}, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _read(network: ImageClassifier, path: Path) -> None:
    """Load weights from a file of tensors; other content is refused, not run."""
    try:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:
        raise ValueError(
            f"the classifier in {path} cannot be read; delete the file, it is trained anew."
        ) from error


def _check_images(images: Tensor, name: str = "images") -> Tensor:
    """Return images if they are of shape (n, c, h, w) with n from 1."""
    check_tensor(images, name)
    if images.dim() != 4 or len(images) == 0:
        raise ValueError(f"{name} must have shape (n, c, h, w), got {tuple(images.shape)}.")
    return images
