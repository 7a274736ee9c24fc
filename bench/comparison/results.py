"""What was measured. The raw records are all there is: tables are made from them alone, now or from a stored file."""
import json
import statistics
from collections import defaultdict

FORMAT = 1


class Results:
    def __init__(self, about):
        self.about = about  # machine, place, versions, options: words and numbers for people
        self.records = []  # as the programs printed them, with `round` and `experiment` added
        self.failures = []  # experiment, implementation, round, cause

    def add(self, experiment, round_number, record):
        self.records.append({"experiment": experiment, "round": round_number, **record})

    def fail(self, experiment, implementation, round_number, cause):
        self.failures.append({"experiment": experiment, "implementation": implementation, "round": round_number,
                              "cause": cause})

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, "about": self.about, "records": self.records, "failures": self.failures},
                      file, indent=1)
            file.write("\n")

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as file:
            stored = json.load(file)
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            raise ValueError(f"{path} does not hold results of this version of compare")
        results = cls(stored["about"])
        results.records, results.failures = stored["records"], stored["failures"]
        return results

    def experiments(self):
        """Names, in the order they were measured."""
        return list(dict.fromkeys(record["experiment"] for record in self.records))

    def summary(self, experiment):
        """{(op, bytes): {implementation: {figure: median over the rounds}}}, in the order measured."""
        gathered = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for record in self.records:
            if record["experiment"] != experiment:
                continue
            figures = gathered[record["op"], record["bytes"]][record["implementation"]]
            for key, value in record.items():
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    figures[key].append(value)
        return {row: {implementation: {key: statistics.median(values) for key, values in figures.items()}
                      for implementation, figures in cells.items()}
                for row, cells in gathered.items()}
