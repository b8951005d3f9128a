"""What the pages of all entrances share: their colours, the stylesheet below ours, and pictures that more than one of them draws."""
