"""The emulator's process: ministack, with the partner operations that no emulator has.

It runs in ministack's own environment, with only ministack and the standard library.
"""
