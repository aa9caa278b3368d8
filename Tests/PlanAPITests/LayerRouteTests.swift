import JSON
import PlanAPI
import Testing

private let router = Router(PlanService.standard().routes)

private func post(
  _ path: String, _ body: String, accept: String = "application/json"
) -> APIResponse {
  router.response(
    to: APIRequest(method: "POST", path: path, accept: [accept], body: Array(body.utf8)))
}

private func answer(_ path: String, _ body: String) throws -> JSONValue {
  let response = post(path, body)
  #expect(response.status == 200)
  return try JSONDocument(parsing: response.body).root
}

private func text(_ response: APIResponse) -> String {
  String(decoding: response.body, as: UTF8.self)
}

private let totals = [
  "model_name", "total_layers", "total_parameters", "active_parameters", "total_memory_mb",
  "total_forward_gflops",
]

@Suite struct GraphRouteTests {
  @Test func isNodeLinkForm() throws {
    let graph = try answer(
      "/graph", #"{"model": "gpt-1.5b", "weights": "seed", "precision": "fp32"}"#)
    #expect(graph["directed"]?.boolean == true && graph["multigraph"]?.boolean == false)
    let nodes = Array(graph["nodes"]!.elements)
    #expect(nodes.count == 51 && graph["total_layers"]?.integer == 51)
    #expect(nodes.reduce(0) { $0 + $1["parameters"]!.integer! } == 1_635_537_600)
    #expect(nodes[1]["parameters"]?.integer == 12 * 1600 * 1600 + 2 * 1600)
    let ids = Set(nodes.map { $0["id"]!.string! })
    #expect(ids.count == 51)
    let edges = Array(graph["edges"]!.elements)
    #expect(edges.count == 50)
    for edge in edges {
      #expect(ids.contains(edge["source"]!.string!) && ids.contains(edge["target"]!.string!))
      #expect(edge["communication_mb"]?.double == 6.25)
    }
    let flops = nodes.reduce(0) { $0 + $1["forward_flops"]!.double! }
    #expect(abs(flops / 1e9 - graph["total_forward_gflops"]!.double!) < 1e-6)
    for name in totals {
      #expect(graph[name]!.canonicalBytes == graph["graph"]![name]!.canonicalBytes)
    }
  }

  /// An answer can be asked about again, and says the same of what a given graph can say.
  @Test(arguments: ["gpt-0.3b", "llama-7b", "mixtral-8x7b"])
  func answersAreTakenBack(model: String) throws {
    let first = post("/graph", #"{"model": "\#(model)", "sequence_length": 512}"#)
    let again = try answer(
      "/graph", #"{"model": {"graph": \#(text(first))}, "micro_batch_size": 2}"#)
    let graph = try JSONDocument(parsing: first.body).root
    #expect(again["total_parameters"]?.integer == graph["total_parameters"]?.integer)
    let (one, two) = (
      graph["total_forward_gflops"]!.double!, again["total_forward_gflops"]!.double!
    )
    #expect(abs(two / one - 2) < 1e-12, "of two sequences")
    for (old, new) in zip(graph["nodes"]!.elements, again["nodes"]!.elements) {
      for name in ["id", "parameters", "forward_flops", "activation_bytes"] {
        #expect(old[name]!.canonicalBytes == new[name]!.canonicalBytes)
      }
    }
  }

  @Test func namesStayApart() throws {
    let node = { (id: String) in
      "{\"id\": \(id), \"parameters\": 1, \"forward_flops\": 1, \"activation_bytes\": 1}"
    }
    let graph = try answer(
      "/graph",
      #"{"model": {"graph": {"nodes": [\#(node("1")), \#(node("\"1\""))], "#
        + #""edges": [{"source": 1, "target": "1"}]}}}"#)
    let ids = graph["nodes"]!.elements.map { $0["id"]!.string! }
    #expect(ids == ["1", "1#1"])
    #expect(graph["edges"]?[0]?["target"]?.string == "1#1")
  }

  @Test func drawsWithGraphviz() {
    let response = post(
      "/graph", #"{"model": "gpt-0.3b"}"#, accept: "text/vnd.graphviz, */*;q=0.1")
    #expect(response[header: "Content-Type"] == "text/vnd.graphviz; charset=utf-8")
    let dot = text(response)
    #expect(dot.hasPrefix("digraph \"gpt-0.3b\" {") && dot.hasSuffix("}\n"))
    #expect(dot.contains("n0 -> n1 [label=\"2.00 MiB\"];"))
    #expect(dot.split(separator: "\n").filter { $0.contains(" -> ") }.count == 26)
  }

  @Test(arguments: [
    (#"{}"#, ["/model"]),
    (#"{"model": "gpt-1.5c", "weights": "some"}"#, ["/model", "/weights"]),
    (
      #"{"model": "gpt-1.5b", "sequence_length": 0, "micro_batch_size": 1.5, "top": 1}"#,
      ["/sequence_length", "/micro_batch_size", "/top"]
    ),
    (
      #"{"model": {"transformer": {"layers": 2, "hidden_size": 8, "heads": 2, "vocab_size": 9}}}"#,
      ["/sequence_length"]
    ),
  ])
  func pointsAtEveryFault(body: String, expected: [String]) throws {
    let response = post("/graph", body)
    #expect(response.status == 422)
    let problem = try JSONDocument(parsing: response.body).root
    #expect(Set(problem["errors"]!.elements.map { $0["pointer"]!.string! }) == Set(expected))
  }
}

@Suite struct AnalyzeRouteTests {
  @Test func isTheSeedsTable() throws {
    let found = try answer("/analyze", #"{"model": "gpt-1.5b", "weights": "seed"}"#)
    #expect(found["total_layers"]?.integer == 51)
    #expect(found["total_parameters"]?.integer == 1_635_537_600)
    #expect(abs(found["total_memory_mb"]!.double! - 6239.08) < 0.005)
    let rows = Array(found["partitions"]!.elements)
    #expect(rows.count == 28, "four strategies, two to eight stages")
    let uniform = rows.filter { $0["strategy"]!.isString("uniform") }
    let table: [(Int, Double, Double, Double)] = [
      (2, 0.0000, 3119.54, 6.25), (4, 0.0983, 1713.15, 18.75), (6, 0.1391, 1244.35, 31.25),
      (8, 0.1703, 1009.95, 43.75),
    ]
    for (stages, balance, memory, communication) in table {
      let row = try #require(uniform.first { $0["stages"]?.integer == stages })
      #expect(abs(row["balance_score"]!.double! - balance) <= 0.000_05)
      #expect(abs(row["max_memory_mb"]!.double! - memory) <= 0.005)
      #expect(abs(row["communication_mb"]!.double! - communication) <= 0.005)
      #expect(row["stage_list"]?.count == stages)
    }
    let two = uniform[0]["stage_list"]!
    #expect(two[0]?["layer_range"]?.elements.map { $0.integer } == [0, 24])
    #expect(two[1]?["layer_range"]?.elements.map { $0.integer } == [25, 50])
    #expect(two.elements.map { $0["parameters"]!.integer! } == [817_768_000, 817_769_600])
    let balanced = rows.first { $0["strategy"]!.isString("memory") && $0["stages"]?.integer == 4 }
    #expect(abs(balanced!["max_memory_mb"]!.double! - 1595.95) <= 0.005)
    #expect(found["bottlenecks"]?["max_compute_layer"]?["name"]?.string == "output_head")
    #expect(found["recommended_stages"]?.integer == 2)
    #expect(found["recommendation"]?.string?.contains("2 stages") == true)
  }

  @Test func takesWhatIsAskedFor() throws {
    let found = try answer(
      "/analyze",
      #"{"model": "gpt-0.3b", "min_stages": 3, "max_stages": 5, "strategies": ["compute"]}"#)
    #expect(found["partitions"]!.elements.map { $0["stages"]!.integer! } == [3, 4, 5])
    let short = #"{"model": "gpt-0.3b", "min_stages": 12, "strategies": ["uniform"]}"#
    #expect(
      try answer("/analyze", short)["partitions"]!.elements.map { $0["stages"]!.integer! } == [12])
  }

  @Test func readsWellInATerminal() {
    let response = post(
      "/analyze", #"{"model": "gpt-1.5b", "weights": "seed"}"#, accept: "text/plain")
    let report = text(response)
    let lines = report.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0] == "gpt-1.5b: 51 layers, 1,635,537,600 parameters")
    #expect(
      lines[1].hasPrefix("Weights take 6,239.08 MB in fp32; a micro-batch of 1 x 1,024 tokens"))
    #expect(lines[2].hasPrefix("Recommended: 2 stages, "))
    #expect(report.contains("4  uniform      0.0983  1,713.15             18.75"))
    #expect(lines.allSatisfy { $0.last != " " })
  }

  @Test(arguments: [
    (#"{"model": "gpt-1.5b", "min_stages": 9, "max_stages": 4}"#, ["/min_stages"]),
    (#"{"model": "gpt-1.5b", "min_stages": 60, "max_stages": 70}"#, ["/min_stages"]),
    (#"{"model": "gpt-1.5b", "strategies": []}"#, ["/strategies"]),
    (#"{"model": "gpt-1.5b", "strategies": ["memory", "memory"]}"#, ["/strategies"]),
    (
      #"{"model": "gpt-1.5b", "strategies": ["fair"], "max_stages": 0}"#,
      ["/strategies/0", "/max_stages"]
    ),
    (
      #"{"model": {"transformer": {"layers": 10000, "hidden_size": 8, "heads": 2, "vocab_size": 9}}, "sequence_length": 8, "max_stages": 1000}"#,
      ["/max_stages"]
    ),
  ])
  func pointsAtEveryFault(body: String, expected: [String]) throws {
    let response = post("/analyze", body)
    #expect(response.status == 422)
    let problem = try JSONDocument(parsing: response.body).root
    #expect(Set(problem["errors"]!.elements.map { $0["pointer"]!.string! }) == Set(expected))
  }
}

@Suite struct ModelCatalogueRouteTests {
  @Test func listsModelsWithFiguresAndSources() throws {
    let response = router.response(to: APIRequest(method: "GET", path: "/catalog/models"))
    let answer = try JSONDocument(parsing: response.body).root
    let models = try #require(answer["models"])
    let small = try #require(models.elements.first { $0["name"]!.isString("gpt-1.5b") })
    #expect(small["layers"]?.integer == 48 && small["hidden_size"]?.integer == 1600)
    for model in models.elements {
      #expect(answer["sources"]?[model["source"]!.string!] != nil)
      #expect(model["active_parameters"]!.integer! <= model["parameters"]!.integer!)
    }
  }
}
