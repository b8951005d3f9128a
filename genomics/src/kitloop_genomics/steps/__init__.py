"""The steps of one run, in their order: reads or an array, interpretation, conclusion; and what is found on the way."""
