"""A small convolutional classifier, whose features are the yardstick for small images."""

import torch
from torch import Tensor, nn

from gan_lessons._validation import check_count
from gan_lessons.networks._shapes import check_images
from gan_lessons.networks.initialisation import initialise


class ImageClassifier(nn.Module):
    r"""Map images (n, channels, image_size, image_size) to class logits (n, n_classes).

    Convolution (3 x 3), two stride-2 convolutions (4 x 4), one hidden linear layer whose ReLU
    outputs are the features, one linear layer. There is no dropout or batch normalisation, so
    that features of an image depend on nothing but the image. Weights start at
    :math:`N(0, 2 / \text{fan-in})`.

    Parameters
    ----------
    image_size : int, default 28
        Side of the images in pixels, a multiple of 4.
    channels : int, default 1
        1 for grey, 3 for colour.
    n_classes : int, default 10
        Number of classes.
    width : int, default 16
        Maps of the first layer; the two after it have 2 and 4 times as many.
    n_features : int, default 64
        Length d of the feature vectors.
    rng : torch.Generator, optional
        Source of the initial weights; None draws from torch's default generator.
    """

    def __init__(
        self,
        image_size: int = 28,
        channels: int = 1,
        n_classes: int = 10,
        width: int = 16,
        n_features: int = 64,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.image_size = check_count(image_size, "image_size", minimum=4)
        if image_size % 4:
            raise ValueError(f"image_size must be a multiple of 4, got {image_size}.")
        self.channels = check_count(channels, "channels")
        self.n_classes = check_count(n_classes, "n_classes", minimum=2)
        self.n_features = check_count(n_features, "n_features")
        check_count(width, "width")
        with torch.random.fork_rng(devices=[]):  # the modules' own draws are thrown away
            self.body = nn.Sequential(
                nn.Conv2d(channels, width, 3, 1, 1),
                nn.ReLU(),
                nn.Conv2d(width, 2 * width, 4, 2, 1),
                nn.ReLU(),
                nn.Conv2d(2 * width, 4 * width, 4, 2, 1),
                nn.ReLU(),
                nn.Flatten(),
                nn.Linear(4 * width * (image_size // 4) ** 2, n_features),
                nn.ReLU(),
            )
            self.head = nn.Linear(n_features, n_classes)
        initialise(self, rng, std=None)

    def features(self, images: Tensor) -> Tensor:
        """Map images to the features (n, n_features) that come before the last layer."""
        check_images(images, "images", self.channels, self.image_size)
        return self.body(images)

    def forward(self, images: Tensor) -> Tensor:
        """Map images to class logits (n, n_classes); there is no softmax here."""
        return self.head(self.features(images))
