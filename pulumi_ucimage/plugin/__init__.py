"""The door for every other language: a Pulumi provider over the same use cases."""
