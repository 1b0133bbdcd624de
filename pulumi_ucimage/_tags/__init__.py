"""Which tag wins: pure, without input or output, clock or API.

`Policy` is a validated rule; `select` applies it to the tags of one image.
"""
