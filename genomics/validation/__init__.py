"""Our figures beside other programs' and beside slow plain versions of our own (`python -m validation`, in `genomics/`)."""
