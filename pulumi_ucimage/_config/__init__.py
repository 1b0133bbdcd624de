"""Settings and credentials from arguments, the stack, the environment and profiles."""
