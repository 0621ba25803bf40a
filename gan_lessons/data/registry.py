"""What the data sets are: numbers, licences, sources, and the files with their checksums."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DataFile:
    """One published file: its name, its length in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class DatasetInfo:
    """Facts about one data set.

    ``files`` maps a split to its (images, labels) files; it is empty where the data come with a
    library. ``folders`` are the places below a data folder where the files are looked for, the
    first being where a download goes. ``mirrors`` are the addresses the file names are added to.
    """

    name: str
    n_train: int
    n_test: int
    image_size: int
    channels: int
    class_names: tuple[str, ...]
    licence: str
    source: str
    folders: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    files: Mapping[str, tuple[DataFile, DataFile]] = field(default_factory=dict)


def available() -> dict[str, DatasetInfo]:
    """Return the facts about every data set that `load` knows, by name."""
    return dict(DATASETS)


_NUMERALS = tuple("0123456789")

_DIGITS = DatasetInfo(
    name="digits",
    n_train=1442,
    n_test=355,
    image_size=8,
    channels=1,
    class_names=_NUMERALS,
    licence="CC BY 4.0",
    source="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine "
    "Learning Repository (its test part), as bundled with scikit-learn",
)

_MNIST = DatasetInfo(
    name="mnist",
    n_train=60_000,
    n_test=10_000,
    image_size=28,
    channels=1,
    class_names=_NUMERALS,
    licence="CC BY-SA 3.0, as the Keras documentation states",
    source="LeCun, Cortes and Burges (1998), The MNIST database of handwritten digits",
    folders=("mnist", "MNIST/raw"),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files={
        "train": (
            DataFile(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            DataFile(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
        ),
        "test": (
            DataFile(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            DataFile(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    },
)

_FASHION_MNIST = DatasetInfo(
    name="fashion-mnist",
    n_train=60_000,
    n_test=10_000,
    image_size=28,
    channels=1,
    class_names=(
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    licence="MIT, (c) 2017 Zalando SE",
    source="Xiao, Rasul and Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747",
    folders=("fashion_mnist", "FashionMNIST/raw"),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    files={
        "train": (
            DataFile(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            DataFile(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
        ),
        "test": (
            DataFile(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            DataFile(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
    },
)

DATASETS: Mapping[str, DatasetInfo] = {
    info.name: info for info in (_DIGITS, _MNIST, _FASHION_MNIST)
}
