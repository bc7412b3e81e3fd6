"""The documentation: pages that are generated from the code, a check of what the pages name, the site."""
