"""What can go wrong: one way closed, or no way open."""


class RouteError(Exception):
    """One way to the programs is closed; the text says why, and another may be open."""


class InstallError(Exception):
    """No way is open; the text is one sentence that says what to do."""
