"""One web page about one or several test runs."""
