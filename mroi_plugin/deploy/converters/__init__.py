"""Weights of the method's authors, of CLIFF's and of 2D-pose networks, as weights of ours."""
