"""How bad input is refused."""


def require(condition, sentence):
    """ValueError with `sentence`, which names the thing, the rule and the value, unless the condition holds."""
    if not condition:
        raise ValueError(sentence)
