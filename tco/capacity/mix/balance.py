"""Who serves whom when the machines stand: the split that leaves the busiest type as much room as it can."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from tco.capacity.mix.records import Floats
from tco.errors import InputError


def balanced(loads: Floats, serving: npt.ArrayLike) -> Floats:
    """Shares of every bucket on every type for which the largest utilisation is smallest.

    The cheapest mix says how many machines stand, and any split that they can carry costs the same. This one is the linear program

    ```
    minimise u    with    Σ_j x_ij = 1,    Σ_i load_ij x_ij ≤ u serving_j,    x ≥ 0
    ```

    so that no type queues at its limit while another idles.

    Args:
        loads: replicas of each type that all requests of a bucket would keep busy [replicas], shape (buckets, types); not finite where the type cannot
            serve the bucket.
        serving: replicas of each type, without spares, shape (types,).

    Returns:
        Shares [fraction], shape (buckets, types); rows add up to 1.

    Raises:
        InputError: a bucket that none of the standing types can serve.

    >>> import numpy as np
    >>> balanced(np.array([[1.0, 2.0], [3.0, 1.0]]), [1, 1]).round(3).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    standing = np.asarray(serving, dtype=float)
    able = np.isfinite(loads) & (standing > 0)
    if not able.any(axis=1).all():
        raise InputError(
            f"mix: bucket {int(np.flatnonzero(~able.any(axis=1))[0]) + 1} has no standing type that can serve it"
        )
    bucket, kind = np.nonzero(able)
    at = np.arange(bucket.size)
    entries, size = np.ones(at.size), at.size + 1
    whole = coo_array((entries, (bucket, at)), shape=(loads.shape[0], size)).tocsr()
    work = coo_array((loads[bucket, kind], (kind, at)), shape=(standing.size, size))
    room = coo_array((-standing, (np.arange(standing.size), np.full(standing.size, at.size))), shape=work.shape)
    result = milp(
        np.append(np.zeros(at.size), 1.0),
        bounds=Bounds(np.zeros(size), np.append(entries, np.inf)),
        constraints=[LinearConstraint(whole, 1.0, 1.0), LinearConstraint((work + room).tocsr(), -np.inf, 0.0)],
    )
    shares = np.zeros(loads.shape)
    found = np.asarray(result.x, dtype=float)
    shares[bucket, kind] = np.abs(np.clip(found[: at.size], 0.0, 1.0))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
