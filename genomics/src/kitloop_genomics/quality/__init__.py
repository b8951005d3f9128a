"""Quality controls: what was measured, what was expected, and the verdict."""
