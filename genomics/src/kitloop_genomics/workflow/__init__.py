"""Many samples on many machines: a Snakemake workflow of the commands that analyse one sample in parts."""
