import sys
import unittest

import roman


class RomanTest(unittest.TestCase):
    def test_years(self):
        self.assertEqual(roman.write(1994), "MCMXCIV")
        self.assertEqual(roman.write(2026), "MMXXVI")

    def test_runs_in_an_environment_of_its_own(self):
        self.assertNotEqual(sys.prefix, sys.base_prefix)
