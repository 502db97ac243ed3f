"""A package of somebody else that brings a family: the smallest that asks for all of the seam."""
