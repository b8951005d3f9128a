"""A sample with imputed genotypes: a small VCF, written and indexed as the analysis writes it."""

from functools import cache

import pysam
from kitloop.base import clock, objects
from kitloop.kits.models import Kit, Sample
from kitloop.runs.models import File, Run
from kitloop.runs.rsids import index_rsids

HEADER = """##fileformat=VCFv4.3
##FILTER=<ID=PASS,Description="All filters passed">
##contig=<ID=chr1,length=248956422>
##contig=<ID=chr2,length=242193529>
##contig=<ID=chrM,length=16569>
##INFO=<ID=RAF,Number=A,Type=Float,Description="Frequency of ALT in the reference panel">
##INFO=<ID=AN,Number=1,Type=Integer,Description="Alleles">
##INFO=<ID=IMP,Number=0,Type=Flag,Description="Imputed">
##INFO=<ID=NOTE,Number=1,Type=String,Description="Words">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">
##FORMAT=<ID=GP,Number=G,Type=Float,Description="Posteriors">
#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT sample
"""
# Columns with spaces between them; the file has tabs.
ROWS = """chr1 100 rs101 A G 31.5 PASS RAF=0.25;AN=400;IMP GT:DS:GP 0/1:1.0500:0.0100,0.9300,0.0600
chr1 150 . C T . PASS . GT:DS:GP 0/0:0.0000:1.0000,0.0000,0.0000
chr1 190 rs190;rs191 ATTTTTTTTTTTTTTTTTTTT A . PASS AN=.;NOTE=x GT:DS:GP 1/1
chr1 200 rs102 A C,T . PASS RAF=0.1,.;AN=400 GT:DS:GP 0/2:0.1000,0.9000:0.1000,0.0000,0.0000,0.9000,.,0.0000
chr1 100200 rs103 G A . PASS RAF=nan GT ./.
chr2 100 rs101 T C . PASS RAF=0.5 GT:DS:GP 0/1:1:.,.,.
"""
KEY = "samples/of-tests/imputed.vcf.gz"


@cache
def written(key: str = KEY) -> str:
    """The key of the VCF, which lies where objects are kept, indexed in all three ways."""
    path = objects.path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pysam.BGZFile(str(path), "wb", None) as out:
        for line in (HEADER + ROWS).splitlines():
            text = line if line.startswith("##") else "\t".join(line.split(" "))
            out.write(f"{text}\n".encode())
    for csi in (False, True):
        pysam.tabix_index(str(path), preset="vcf", force=True, csi=csi)
    index_rsids(key)
    return key


def imputed(kit: Kit) -> Run:
    """A finished run of the kit, which its sample shows, with the VCF."""
    key = written()
    run = Run.objects.create(sample=kit.sample, kit=kit, inputs={}, created=clock.now(), state="succeeded")
    kinds = {"impute-vcf": key, "impute-tbi": f"{key}.tbi", "impute-csi": f"{key}.csi"}
    File.objects.bulk_create(
        File(sample=kit.sample, run=run, file_type=kind, object_key=each, size=objects.path_of(each).stat().st_size)
        for kind, each in kinds.items()
    )
    Sample.objects.filter(pk=kit.sample_id).update(run_id=run.id, status="succeeded")
    return run
