"""Raw-data exports of consumer arrays: 23andMe, AncestryDNA and MyHeritage."""
