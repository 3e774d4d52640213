"""The verbs of ``mroi``, one a file: options and messages."""
