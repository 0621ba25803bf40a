import numpy as np
import pytest
import torch

from gan_lessons.metrics import (
    _distances,
    _moments,
    frechet,
    frechet_distance,
    frechet_distance_gaussians,
)


def normal(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_scipy(x, y):
    """Return the definition with scipy's matrix square root."""
    from scipy.linalg import sqrtm

    x, y = x.numpy(), y.numpy()
    c_x, c_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = np.real(sqrtm(c_x @ c_y))
    gap = x.mean(0) - y.mean(0)
    return float(gap @ gap + np.trace(c_x) + np.trace(c_y) - 2 * np.trace(root))


@pytest.mark.parametrize(("n", "m", "d"), [(50, 60, 3), (400, 300, 16), (40, 200, 32), (40, 30, 8)])
def test_agrees_with_scipy_sqrtm(n, m, d):
    x, y = normal(n, d, 0) @ normal(d, d, 1), 2 * normal(m, d, 2) + 0.5
    # Where n < d scipy's square root of a singular matrix has about half the digits.
    precision = 1e-9 if min(n, m) > d else 1e-4
    assert frechet_distance(x, y) == pytest.approx(by_scipy(x, y), rel=precision)


@pytest.mark.parametrize(("n", "m", "d"), [(7, 5, 20), (7, 30, 20), (30, 7, 20), (30, 40, 20)])
def test_same_through_samples_and_through_covariances(n, m, d):
    x, y = normal(n, d, 0), 1.5 * normal(m, d, 1) + 1
    through = frechet_distance_gaussians(x.mean(0), torch.cov(x.T), y.mean(0), torch.cov(y.T))
    assert frechet_distance(x, y) == pytest.approx(through, rel=1e-6)


def correlated(n, d, seed, decades):
    """Draw samples whose covariance has eigenvalues over 2 * decades powers of ten."""
    scale = torch.logspace(0, -decades, d, dtype=torch.float64)
    return normal(n, d, seed) * scale @ torch.linalg.qr(normal(d, d, 99)).Q


@pytest.mark.parametrize("decades", [0, 2, 4, 6])
@pytest.mark.parametrize("d", [24, 150])  # less and more than a block of the product
def test_the_three_routes_agree(monkeypatch, d, decades):
    monkeypatch.setattr(frechet, "_BLOCK", 64)
    x, y = correlated(2 * d, d, 0, decades), correlated(3 * d, d, 1, decades)
    usual = frechet_distance(x, y)
    monkeypatch.setattr(frechet, "_SEEN", 1e9)  # eigenvalues, whatever their rounding
    monkeypatch.setattr(frechet, "_SMALLEST_PIVOT", 0.0)
    eigenvalues = frechet_distance(x, y)
    monkeypatch.setattr(frechet, "_SEEN", 0.0)  # never: singular values of the Cholesky factors
    factors = frechet_distance(x, y)
    monkeypatch.setattr(frechet, "_SMALLEST_PIVOT", 2.0)  # never: singular values of the samples
    samples = frechet_distance(x, y)
    assert usual == pytest.approx(samples, rel=1e-9)
    assert factors == pytest.approx(samples, rel=1e-9)
    if decades <= 4:
        assert eigenvalues == pytest.approx(samples, rel=1e-9)


def test_the_route_follows_the_conditioning(monkeypatch):
    calls = []
    for name in ("_lower_product", "_nuclear_norm", "_square_factor"):
        plain = getattr(frechet, name)
        monkeypatch.setattr(frechet, name, lambda *a, n=name, f=plain: calls.append(n) or f(*a))

    def route(x, y):
        calls.clear()
        frechet_distance(x, y)
        return calls

    d, square = 20, "_square_factor"
    good, bad, worse = (correlated(60, d, 0, decades) for decades in (0, 3.5, 7))
    assert route(good, 2 * good) == ["_lower_product"]
    assert route(bad, bad + 1e-3) == ["_lower_product", "_nuclear_norm"]
    assert route(worse, worse + 1) == [square, square, "_nuclear_norm"]
    assert route(good, good[:d]) == [square, square, "_nuclear_norm"]
    # A feature that is always 0 (a ReLU that never fires) does not send it the slow way.
    dead = good.clone()
    dead[:, 3] = 0
    assert route(good, 2 * dead) == ["_lower_product"]
    gone = torch.zeros_like(good)
    assert route(good, gone) == []
    assert frechet_distance(good, gone) == pytest.approx(
        float(good.mean(0).square().sum() + torch.cov(good.T).trace()), rel=1e-12
    )


def test_dead_features_agree_with_the_samples_own_route():
    x, y = normal(90, 20, 0), 1.5 * normal(80, 20, 1) + 0.2
    x[:, [3, 7]], y[:, [7, 11]] = 0.0, 0.0
    a, b = x - x.mean(0), y - y.mean(0)
    cross = torch.linalg.svdvals(a @ b.T).sum() / (89 * 79) ** 0.5
    own = (x.mean(0) - y.mean(0)).square().sum() + torch.cov(x.T).trace() + torch.cov(y.T).trace()
    assert frechet_distance(x, y) == pytest.approx(float(own - 2 * cross), rel=1e-10)


def test_moments_by_blocks(monkeypatch):
    x = normal(50, 9, 0).float() + 100
    monkeypatch.setattr(_distances, "_BLOCK_ENTRIES", 64)
    mean, covariance = _moments.moments(x)
    assert np.allclose(mean, x.double().mean(0), rtol=1e-14)
    assert np.allclose(covariance, np.cov(x.double().numpy(), rowvar=False), rtol=1e-12)


def test_gram_by_blocks_as_on_a_gpu(monkeypatch):
    monkeypatch.setattr(_moments, "_BLOCK", 4)
    a = normal(20, 10, 0)

    class OnGPU(torch.Tensor):
        device = torch.device("cuda")

    found = _moments.gram(a.as_subclass(OnGPU)).as_subclass(torch.Tensor)
    assert torch.allclose(found, a.T @ a, rtol=1e-12)
    assert torch.allclose(_moments.gram(a), a.T @ a, rtol=1e-12)
    assert torch.equal(found, found.T)


def test_commuting_covariances_have_a_closed_form():
    d = 24
    rotation = torch.linalg.qr(normal(d, d, 0)).Q
    a, b = normal(1, d, 1)[0].exp(), normal(1, d, 2)[0].exp()
    a[:3], b[2:5] = 0, 0  # also where some directions have no variance
    mean_x, mean_y = normal(2, d, 3)
    c_x, c_y = rotation @ a.diag() @ rotation.T, rotation @ b.diag() @ rotation.T
    wanted = float((mean_x - mean_y).square().sum() + (a.sqrt() - b.sqrt()).square().sum())
    got = frechet_distance_gaussians(mean_x, c_x, mean_y, c_y)
    assert got == pytest.approx(wanted, rel=1e-7)


def test_one_feature():
    x, y = torch.tensor([0.0, 2.0]), torch.tensor([3.0, 4.0, 5.0])  # variances 2 and 1
    assert frechet_distance(x, y) == pytest.approx(9 + (2**0.5 - 1) ** 2, rel=1e-6)


def test_it_is_the_squared_wasserstein_distance_of_a_linear_map():
    # y = A x with A symmetric positive is the optimal transport between normal laws (Brenier), so
    # the distance is the mean squared displacement of the points, up to n - 1 for n.
    n, d = 200, 6
    x = normal(n, d, 0)
    x = x - x.mean(0)
    root = normal(d, d, 1)
    y = x @ (root @ root.T / d + 0.1 * torch.eye(d, dtype=x.dtype)) + 2.0
    wanted = float((x - y).square().sum() - n * 4 * d) / (n - 1) + 4 * d
    assert frechet_distance(x, y) == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize(("n", "d"), [(500, 32), (20, 64)])
def test_a_sample_has_distance_zero_from_itself(n, d):
    x = normal(n, d, 0) @ normal(d, d, 1)
    scale = float(torch.cov(x.T).trace())
    assert frechet_distance(x, x.clone()) <= 1e-13 * scale
    assert frechet_distance(x, x.flip(0)) <= 1e-13 * scale  # order of samples does not count
    y = x + 3.0
    assert frechet_distance(x, y) == pytest.approx(9 * d, rel=1e-9)
    assert frechet_distance(x.float(), y.float()) == pytest.approx(9 * d, rel=1e-5)


def test_symmetric_and_invariant():
    x, y = normal(60, 8, 0), 2 * normal(70, 8, 1) + 1
    rotation = torch.linalg.qr(normal(8, 8, 2)).Q
    value = frechet_distance(x, y)
    assert frechet_distance(y, x) == pytest.approx(value, rel=1e-12)
    assert frechet_distance(x @ rotation - 4, y @ rotation - 4) == pytest.approx(value, rel=1e-10)
    assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * value, rel=1e-12)


def test_bias_shrinks_with_the_number_of_samples():
    # Equal laws, distance 0: for large n the estimate is biased upwards like 1/n.
    small, large = (
        sum(frechet_distance(normal(n, 16, 2 * i), normal(n, 16, 2 * i + 1)) for i in range(20))
        for n in (100, 400)
    )
    assert small / large == pytest.approx(4, rel=0.15)


def test_gradients_are_not_kept():
    x = normal(20, 3, 0).requires_grad_()
    assert isinstance(frechet_distance(x, x + 1), float)


def test_rounding_below_zero_is_zero():
    # Its size and sign differ from machine to machine, so the last step is tested by itself.
    own, cross = torch.tensor(2.0), torch.tensor(1.5)
    assert frechet._distance(own, cross) == 0
    assert frechet._distance(own, cross / 3) == 1


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_tolerances_follow_the_scale_of_the_covariance(scale):
    one = scale * torch.eye(2, dtype=torch.float64)
    zero = torch.zeros(2, dtype=torch.float64)
    tilt = scale * torch.tensor([[0.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    with pytest.raises(ValueError, match="cov_x must be symmetric"):
        frechet_distance_gaussians(zero, one + 1e-4 * tilt, zero, one)
    for eigenvalue in (-1e-4, -1.0):
        cov = scale * torch.tensor([1.0, eigenvalue], dtype=torch.float64).diag()
        with pytest.raises(ValueError, match="cov_y must be positive semi-definite"):
            frechet_distance_gaussians(zero, one, zero, cov)
    # Rounding is forgiven: entries that differ by 1e-7, and an eigenvalue of -1e-7, taken as 0.
    assert frechet_distance_gaussians(zero, one + 1e-7 * tilt, zero, one) < 1e-6 * scale
    flat = scale * torch.tensor([1.0, -1e-7], dtype=torch.float64).diag()
    assert frechet_distance_gaussians(zero, one, zero, flat) / scale == pytest.approx(1, abs=1e-6)


def nan(x):
    x = x.clone()
    x[0, 0] = float("nan")
    return x


X = normal(10, 3, 0)
EYE, ZERO = torch.eye(2), torch.zeros(2)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (X, X[:, :2], ValueError, "same number of features, got 3 and 2"),
        (X[:1], X, ValueError, "x needs at least 2 samples, got 1"),
        (X, X[:0], ValueError, "y needs at least 2 samples, got 0"),
        (X, nan(X), ValueError, "y must be finite, got 1 NaN"),
        (X.long(), X, TypeError, r"x must be floating point.*x.float\(\)"),
        (X.reshape(10, 3, 1, 1), X, ValueError, r"x must have shape.*flatten\(1\)"),
    ],
)
def test_bad_samples(x, y, error, message):
    with pytest.raises(error, match=message):
        frechet_distance(x, y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ZERO, EYE, torch.zeros(3), EYE), r"mean_y must have shape \(2,\), got \(3,\)"),
        ((ZERO, torch.eye(3), ZERO, EYE), r"cov_x must have shape \(2, 2\), got \(3, 3\)"),
        ((ZERO, EYE, ZERO, EYE + EYE[[1, 0]].triu()), "cov_y must be symmetric"),
        ((ZERO, -EYE, ZERO, EYE), "cov_x must be positive semi-definite, got the eigenvalue -1"),
        ((ZERO, EYE, ZERO, EYE * float("inf")), "cov_y must be finite"),
        ((torch.zeros(1, 2), EYE, ZERO, EYE), r"mean_x must have shape \(2,\)"),
    ],
)
def test_bad_gaussians(arguments, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance_gaussians(*arguments)
