"""Pictures without OpenGL: a software renderer and the overlays that are built on it."""
