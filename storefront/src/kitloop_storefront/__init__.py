"""The reference shop: order a kit, follow it, read the results. It talks to the platform through `kitloop_sdk` only."""
