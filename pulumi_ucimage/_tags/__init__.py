"""Tag selection: which tag of an image a policy chooses, and why. Pure: no I/O, no clock.

`Policy.from_arguments` reads a policy, `select` chooses one tag, `evaluate` evaluates all.
"""
