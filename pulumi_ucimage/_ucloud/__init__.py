"""The UCloud API: signed calls of GetDockerImageList, and complete listings.

Knows nothing of Pulumi, of what tags mean, or of the environment.
"""
