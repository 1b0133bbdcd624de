"""The Pulumi provider for every other language, a gRPC server over the same use cases."""
