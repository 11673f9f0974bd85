"""How much each setting of a sweep matters, with the uncertainty of that."""

import numpy as np

FEWEST = 10  # points, below which nothing can be said
FOLDS, TREES, REPEATS = 5, 100, 10


def importance(places: np.ndarray, accuracy: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray] | None:
    """(mean, standard deviation) for each setting, (settings,), in fractions of accuracy; None for too few points.

    places: (points, settings), where each value lies on its axis; accuracy: (points,). A random forest learns to
    predict the accuracy; on points that it has not seen, the importance of a setting is by how much its mean absolute
    error grows when the setting's values are shuffled (Breiman 2001). The deviation is over folds and shufflings.
    """
    from sklearn.ensemble import RandomForestRegressor  # a second to import
    from sklearn.inspection import permutation_importance
    from sklearn.model_selection import KFold

    if len(accuracy) < FEWEST:
        return None
    found = []
    for seen, unseen in KFold(FOLDS, shuffle=True, random_state=seed).split(places):
        forest = RandomForestRegressor(TREES, random_state=seed).fit(places[seen], accuracy[seen])
        shuffled = permutation_importance(
            forest, places[unseen], accuracy[unseen], scoring="neg_mean_absolute_error", n_repeats=REPEATS,
            random_state=seed,
        )  # fmt: skip
        found.append(shuffled.importances)
    grown = np.concatenate(found, axis=1)
    return grown.mean(axis=1), grown.std(axis=1)
