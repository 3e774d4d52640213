"""Rendered images of the free body with exact annotations, and the build of that body."""
