"""The ways by which a deal comes in beside the portal: links, letters to the program's address, files."""
