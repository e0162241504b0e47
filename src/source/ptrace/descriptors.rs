//! What a running process's descriptors already are, as `/proc` says.
