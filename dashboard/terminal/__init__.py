"""The command line: a file a command, over the same store and trainer that the pages use."""
