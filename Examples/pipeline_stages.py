#!/usr/bin/env python3
"""Builds a model's graph, analyses it, cuts it into pipeline stages and saves what was found.

    stagewright serve &
    python3 Examples/pipeline_stages.py --model gpt-1.5b --output stages

Needs NetworkX, and a service at --url. Writes the model's graph, the recommended cut, the cut that
was asked for and a report for people.
"""

import argparse
import json
import pathlib
import urllib.error
import urllib.request

import networkx


class Planner:
    """The service, with a method for each of its routes that is used here."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def post(self, path, body, accept="application/json"):
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Accept": accept},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.read().decode()
        except urllib.error.HTTPError as refusal:
            problem = json.load(refusal)
            faults = [f"{e['pointer']}: {e['detail']}" for e in problem.get("errors", [])]
            raise SystemExit("\n".join([f"{path}: {problem['detail']}"] + faults))
        except urllib.error.URLError as failure:
            raise SystemExit(f"nothing answers at {self.url} ({failure.reason}): "
                             "start it with stagewright serve, or give --url")

    def graph(self, model, **options):
        """The model as a directed graph of its layers."""
        body = json.loads(self.post("/graph", {"model": model, **options}))
        try:
            return networkx.node_link_graph(body, edges="edges")
        except TypeError:  # NetworkX before 3.4
            return networkx.node_link_graph(body, link="edges")

    def analyze(self, model, **options):
        """Distributions, bottlenecks, and the cuts for every number of stages."""
        return json.loads(self.post("/analyze", {"model": model, **options}))

    def report(self, model, **options):
        """The same for people."""
        return self.post("/analyze", {"model": model, **options}, accept="text/plain")


def stage_of(graph, partition):
    """The stage of every layer, by the layer's name."""
    stages = {}
    for stage in partition["stage_list"]:
        first, last = stage["layer_range"]
        for name, index in graph.nodes(data="index"):
            if first <= index <= last:
                stages[name] = stage["stage_id"]
    return stages


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--model", default="gpt-1.5b")
    parser.add_argument("--stages", type=int, default=4, help="stages to cut the model into")
    parser.add_argument("--balance", default="memory", choices=["memory", "compute", "parameters"])
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("."))
    options = parser.parse_args()
    planner = Planner(options.url)

    # Create the graph: an ordinary NetworkX graph from here on.
    graph = planner.graph(options.model)
    print(f"{graph.graph['name']}: {graph.number_of_nodes()} layers, "
          f"{graph.graph['total_parameters']:,} parameters")
    assert networkx.is_directed_acyclic_graph(graph)

    # Analyse and optimise.
    analysis = planner.analyze(options.model, min_stages=2, max_stages=max(8, options.stages))
    heaviest = analysis["bottlenecks"]["max_memory_layer"]
    print(f"Heaviest layer: {heaviest['name']}, {heaviest['memory_mb']:.1f} MB")
    print(f"Recommended stages: {analysis['recommended_stages']}")
    print(analysis["recommendation"])

    # Cut into a given number of stages.
    partition = next(
        (p for p in analysis["partitions"]
         if p["stages"] == options.stages and p["strategy"] == options.balance), None)
    if partition is None:
        raise SystemExit(f"{options.model} cannot be cut into {options.stages} stages")
    networkx.set_node_attributes(graph, stage_of(graph, partition), "stage")
    stage = graph.nodes(data="stage")
    cut = [(a, b) for a, b in graph.edges if stage[a] != stage[b]]
    print(f"{options.stages} stages balanced by {options.balance}: "
          f"at most {partition['max_memory_mb']:.2f} MB, "
          f"balance {partition['balance_score']:.4f}, {len(cut)} edges cut")

    # Save.
    recommended = next(
        p for p in analysis["partitions"]
        if p["stages"] == analysis["recommended_stages"]
        and p["strategy"] == analysis["recommended_strategy"])
    options.output.mkdir(parents=True, exist_ok=True)
    files = {
        "model_graph.json": json.dumps(networkx.node_link_data(graph), indent=2),
        "pipeline_parallel_config.json": json.dumps(partition, indent=2),
        "best_partition_strategy.json": json.dumps(recommended, indent=2),
        "pipeline_strategy_report.txt": planner.report(options.model),
    }
    for name, text in files.items():
        (options.output / name).write_text(text)
        print(f"Wrote {options.output / name}")


if __name__ == "__main__":
    main()
