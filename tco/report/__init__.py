"""Reports: an answer as files that a client keeps."""
