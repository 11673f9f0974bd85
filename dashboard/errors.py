"""What a person should see. Anything else that is raised is a bug, and surfaces as one."""


class UserError(Exception):
    """A sentence for the page or the terminal: it names the thing, the rule and the value."""

    passes = False  # whether it may be over without anybody's doing on the page
