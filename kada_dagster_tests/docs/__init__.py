"""Everything the pages show is done here: links followed, files read, commands run."""
