"""The UCloud API: one signed call, and a whole listing made of it.

Knows nothing of Pulumi, of what tags mean, or of the environment.
"""
