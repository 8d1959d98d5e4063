#!/usr/bin/env python3
"""Build and run the test of the frame codec. Usage: run_wire_tests.py <install>"""
import os
import subprocess
import sys

NATIVE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../native')
sys.exit(subprocess.call(['make', '-s', '-C', NATIVE, 'OUT=' + os.path.abspath(sys.argv[1]), 'test_wire']))
