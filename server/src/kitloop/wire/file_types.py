"""What files a sample can have here (contract §7.3), as `file-types/` tells."""

FILES = {
    "alignment-bai": "Index of the alignment",
    "alignment-bam": "Reads aligned to the reference genome",
    "ancestry-json": "Ancestry proportions with their intervals",
    "array-export": "Array data as it was uploaded",
    "fastq-r1": "Reads as they were sequenced, first of each pair",
    "fastq-r2": "Reads as they were sequenced, second of each pair",
    "impute-csi": "Index of the imputed genotypes, CSI",
    "impute-tbi": "Index of the imputed genotypes, tabix",
    "impute-vcf": "Imputed genotypes",
    "traits-json": "Polygenic scores and traits of single variants",
}
# These come last: they are read from the API, and the contract's list has them behind the files.
READ_FROM_THE_API = {"qc": "Quality controls", "metadata": "Metadata that came with the order"}


def sample_file_types() -> list[dict[str, str]]:
    listed = {**dict(sorted(FILES.items())), **READ_FROM_THE_API}
    return [{"key": key, "description": description} for key, description in listed.items()]
