"""What the reads say about each panel site, before the panel has its say."""
