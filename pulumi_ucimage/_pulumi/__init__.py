"""The running Pulumi program and engine: outputs, waiting, mocks, log lines."""
