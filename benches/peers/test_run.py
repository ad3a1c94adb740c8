"""What `run` does with our command's answers and with damaged data; needs no peer installed.

python3 -m unittest discover -s benches/peers
"""

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import sys
import tempfile
import types
import unittest
from pathlib import Path

LOADER = importlib.machinery.SourceFileLoader("peers_run", str(Path(__file__).with_name("run")))
SPEC = importlib.util.spec_from_loader("peers_run", LOADER)
RUN = importlib.util.module_from_spec(SPEC)
sys.modules["peers_run"] = RUN
sys.dont_write_bytecode = True
LOADER.exec_module(RUN)

DESCRIBED = {"events": 10}


class OursTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def answer(self, script, **settings):
        """What `run` makes of a program of ours that is this script."""
        program = self.folder / "ours.py"
        program.write_text("import json, pathlib, sys\n" + script)
        ours = f"{sys.executable} {program} {{case}} {{list}} {{runs}}"
        arguments = types.SimpleNamespace(**{"ours": ours, "runs": 4, **settings})
        return RUN.run_ours(arguments, "sma", self.folder, DESCRIBED)

    def refusal(self, script, **settings):
        with self.assertRaises(SystemExit) as stopped:
            self.answer(script, **settings)
        return str(stopped.exception)

    def test_the_last_line_is_our_answer_and_our_list_is_hashed(self):
        ours = self.answer(
            "pathlib.Path(sys.argv[2]).write_text('1,2\\n')\n"
            "print('replaying')\n"
            "print(json.dumps({'case': sys.argv[1], 'events': 10, 'elapsed_ms': [float(sys.argv[3])]}))")
        self.assertEqual(ours["elapsed_ms"], [4.0])
        self.assertEqual(ours["list_sha256"], hashlib.sha256(b"1,2\n").hexdigest())

    def test_a_program_that_does_not_exist_is_not_built_rather_than_an_error(self):
        self.assertIsNone(self.answer("", ours="target/no/such/program {case}"))

    def test_another_number_of_events_is_refused(self):
        refusal = self.refusal("print(json.dumps({'case': 'sma', 'events': 9, 'elapsed_ms': [1.0]}))")
        self.assertIn("9 events", refusal)

    def test_an_answer_without_times_is_refused(self):
        refusal = self.refusal("print(json.dumps({'case': 'sma', 'events': 10, 'elapsed_ms': []}))")
        self.assertIn("elapsed_ms", refusal)

    def test_a_failing_program_is_refused_even_if_it_printed_an_answer(self):
        refusal = self.refusal("print('{}')\nsys.exit(3)")
        self.assertIn("ended with 3", refusal)

    def test_an_unknown_place_holder_names_the_flag(self):
        self.assertIn("--ours", self.refusal("", ours="program {folder}"))


class CompareTest(unittest.TestCase):
    def test_the_ratio_is_between_medians_over_both_of_our_runs(self):
        theirs = {"elapsed_ms": [100.0, 300.0, 900.0], "list_sha256": "a"}
        before, after = ({"elapsed_ms": times, "list_sha256": "a"} for times in ([10.0, 20.0], [30.0, 40.0]))
        report = RUN.compare(theirs, before, after)
        self.assertEqual((report["ratio"], report["same_list"]), (12.0, True))

    def test_processor_time_is_compared_only_where_both_sides_tell_it(self):
        one = {"elapsed_ms": [1.0], "list_sha256": "a"}
        both = RUN.compare({**one, "cpu_ms": [9.0]}, {**one, "cpu_ms": [3.0]}, {**one, "cpu_ms": [3.0]})
        self.assertEqual(both["cpu_ratio"], 3.0)
        self.assertIsNone(RUN.compare({**one, "cpu_ms": [9.0]}, one, one)["cpu_ratio"])

    def test_another_list_of_ours_is_told(self):
        one = {"elapsed_ms": [1.0], "list_sha256": "a"}
        self.assertIs(RUN.compare({**one, "list_sha256": "b"}, one, one)["same_list"], False)


class DataTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "bid.npy").write_bytes(b"column")
        digest = hashlib.sha256(b"column").hexdigest()
        (self.folder / "case.json").write_text(json.dumps({"columns": {"bid": {"sha256": digest}}}))
        self.expected = {"data_sha256": hashlib.sha256(f"bid {digest}\n".encode()).hexdigest()}

    def test_whole_data_pass(self):
        self.assertIn("bid", RUN.check_data("sma", self.folder, self.expected)["columns"])

    def test_one_changed_byte_is_found(self):
        (self.folder / "bid.npy").write_bytes(b"columN")
        with self.assertRaises(SystemExit) as stopped:
            RUN.check_data("sma", self.folder, self.expected)
        self.assertIn("bid.npy", str(stopped.exception))

    def test_other_data_than_the_repository_speaks_of_are_refused(self):
        with self.assertRaises(SystemExit) as stopped:
            RUN.check_data("sma", self.folder, {"data_sha256": "other"})
        self.assertIn("expected.json", str(stopped.exception))


class TableTest(unittest.TestCase):
    def test_a_peer_and_we_have_a_row_each(self):
        theirs = {"peer": "them", "events": 1_000_000, "elapsed_ms": [500.0], "cpu_ms": [490.0], "trades": 3,
                  "peak_rss_bytes": 2**20, "warm_up_ms": 600.0, "list_sha256": "a"}
        ours = {"peer": "algopioneer", "events": 1_000_000, "elapsed_ms": [250.0], "list_sha256": "a"}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            RUN.table({"sma": [RUN.compare(theirs, ours, ours)]})
        them, us = (line.split() for line in printed.getvalue().splitlines()[1:])
        self.assertEqual((them[1:3], them[5], them[-3:]), (["them", "500.0"], "2,000,000", ["2.00", "-", "yes"]))
        self.assertEqual((us[1:3], us[-3:]), (["algopioneer", "250.0"], ["1.00", "-", "yes"]))


if __name__ == "__main__":
    unittest.main()
