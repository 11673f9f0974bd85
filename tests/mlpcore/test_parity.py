"""A hundred steps agree with PyTorch and scikit-learn: side by side where installed, else with stored figures."""

import numpy as np
import pytest

from tests.mlpcore import parity


def test_the_hundred_steps_lead_somewhere():
    """Else agreement would say little: every case moves the weights by far more than the tolerance."""
    _, _, start, _ = parity.problem(np.float64)
    start = np.concatenate([part.ravel() for pair in start for part in pair])
    for case in [*parity.TORCH.values(), *parity.SKLEARN.values()]:
        assert np.abs(parity.by_mlpcore(case) - start).max() > 0.1


@pytest.mark.parametrize(("dtype", "atol"), [(np.float64, 2e-6), (np.float32, 1e-5)])
@pytest.mark.parametrize(("peer", "name"), [("torch", name) for name in parity.TORCH])
def test_a_hundred_steps_agree_with_the_stored_figures_of_pytorch(peer, name, dtype, atol):
    with np.load(parity.STORED) as stored:
        np.testing.assert_allclose(parity.by_mlpcore(parity.TORCH[name], dtype), stored[f"{peer}/{name}"], atol=atol)


@pytest.mark.parametrize("name", parity.SKLEARN)
def test_a_hundred_steps_agree_with_the_stored_figures_of_scikit_learn(name):
    with np.load(parity.STORED) as stored:
        np.testing.assert_allclose(parity.by_mlpcore(parity.SKLEARN[name]), stored[f"sklearn/{name}"], atol=1e-5)


@pytest.mark.parametrize(("dtype", "atol"), [(np.float64, 2e-6), (np.float32, 1e-5)])
@pytest.mark.parametrize("name", parity.TORCH)
def test_a_hundred_steps_agree_with_pytorch(name, dtype, atol):
    pytest.importorskip("torch")
    case = parity.TORCH[name]
    np.testing.assert_allclose(parity.by_mlpcore(case, dtype), parity.by_torch(case, dtype), atol=atol)


@pytest.mark.parametrize("name", parity.SKLEARN)
def test_a_hundred_steps_agree_with_scikit_learn(name):
    pytest.importorskip("sklearn")
    case = parity.SKLEARN[name]
    np.testing.assert_allclose(parity.by_mlpcore(case), parity.by_sklearn(case), atol=1e-5)
