"""Rows and lines for people and programs; both front ends print these."""
