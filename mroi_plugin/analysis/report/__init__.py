"""One web page about one or several trainings and tests."""
