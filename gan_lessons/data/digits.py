"""The 1,797 handwritten digits that come with scikit-learn: real data without a download."""

import numpy as np


def digits_arrays(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images (n, 8, 8) with values 0 to 16 and labels (n,) of one split.

    In each class every fifth image, in the bundled order, is for testing: the split is stratified,
    needs no random numbers and never changes.

    Parameters
    ----------
    split : {"train", "test", "all"}
        Which part; "all" keeps the bundled order.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "The digits come with scikit-learn, which is not installed: "
            'run pip install "gan-lessons[data]".'
        ) from error
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8)
    if split == "all":
        return images, labels
    rank = np.empty(len(labels), dtype=np.int64)  # how many of the same class came before
    for digit in range(10):
        members = labels == digit
        rank[members] = np.arange(members.sum())
    in_test = rank % 5 == 4
    keep = in_test if split == "test" else ~in_test
    return images[keep], labels[keep]
