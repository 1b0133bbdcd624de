"""The ways to have Pulumi's engine here, for `install.py` beside this package."""
