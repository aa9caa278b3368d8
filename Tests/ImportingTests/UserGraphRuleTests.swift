import Importing
import JSON
import Testing
import Workload

private func node(_ id: String, _ more: String = "") -> String {
  #"{"id": \#(id), "parameters": 10, "forward_flops": 1e9, "activation_bytes": 2048\#(more)}"#
}

private func graph(_ nodes: [String], _ edges: [String], _ more: String = "") -> String {
  #"{"nodes": [\#(nodes.joined(separator: ", "))], "edges": [\#(edges.joined(separator: ", "))]\#(more)}"#
}

private func edge(_ source: String, _ target: String, _ more: String = "") -> String {
  #"{"source": \#(source), "target": \#(target)\#(more)}"#
}

@Suite struct UserGraphRuleTests {
  /// What `json.dumps(networkx.node_link_data(g, edges="edges"))` writes for a DiGraph (networkx 3.6),
  /// and with `edges="links"`, as versions before 3.4 did by themselves.
  @Test(arguments: ["edges", "links"])
  func networkXIsRead(key: String) throws {
    let text = """
      {"directed": true, "multigraph": false, "graph": {"name": "towers", "sequence_length": 512},
      "nodes": [
      {"parameters": 5, "forward_flops": 10.0, "activation_bytes": 100, "id": "join"},
      {"parameters": 7, "forward_flops": 20.0, "activation_bytes": 200, "id": "image"},
      {"parameters": 9, "forward_flops": 30.0, "activation_bytes": 300, "forward_seconds": 0.5,
      "backward_seconds": 1.0, "id": "text"}],
      "\(key)": [{"bytes": 64, "source": "image", "target": "join"},
      {"source": "text", "target": "join"}]}
      """
    let graph = try value(text, as: .userGraph)
    #expect(graph.name == "towers")
    #expect(graph.maximumSequenceLength == 512)
    #expect(graph.nodes.map(\.name) == ["image", "text", "join"])
    #expect(graph.edges.map { [$0.source, $0.target] } == [[0, 2], [1, 2]])
    #expect(graph.edges.map(\.bytesPerSequence) == [64, 300])
    #expect(graph.parameters == 21)
    guard case .opaque(let figures) = graph.layer(1).operators[0].work else {
      Issue.record("a given layer is opaque")
      return
    }
    #expect(
      figures
        == .init(forwardFLOPs: 30, savedBytes: 300, forwardSeconds: 0.5, backwardSeconds: 1))
  }

  @Test func multigraphsHaveParallelEdges() throws {
    let edges = [
      edge("0", "1", #", "key": 0, "bytes": 3"#), edge("0", "1", #", "key": 1, "bytes": 4"#),
    ]
    let text = graph([node("0"), node("1")], edges, #", "multigraph": true"#)
    #expect(try value(text, as: .userGraph).edges.map(\.bytesPerSequence) == [7])
    let simple = graph([node("0"), node("1")], edges)
    #expect(
      try faults(simple, as: .userGraph) == ["/edges/1: a second edge from 0 to 1"])
  }

  /// As in Python, 1 and "1" are two nodes.
  @Test func numbersAndTextsDiffer() throws {
    let text = graph([node("1"), node("\"1\"")], [edge("1", "\"1\"")])
    #expect(try value(text, as: .userGraph).nodes.count == 2)
  }

  @Test func whatIsWrongIsPointedAt() throws {
    let text = graph(
      [node("\"a\""), node("\"a\""), node("\"b\"")],
      [edge("\"a\"", "\"c\""), edge("\"b\"", "\"b\"")])
    #expect(
      try faults(text, as: .userGraph) == [
        #"/nodes/1/id: a second node with the id "a""#,
        #"/edges/0/target: no node has the id "c""#, "/edges/1: an edge from a node to itself",
      ])
  }

  @Test func cyclesAreRefused() throws {
    let text = graph(
      [node("\"a\""), node("\"b\""), node("\"c\"")],
      [edge("\"a\"", "\"b\""), edge("\"b\"", "\"c\""), edge("\"c\"", "\"b\"")])
    let found = try faults(text, as: .userGraph)
    #expect(found.count == 1)
    #expect(found[0].hasPrefix("/edges/"))
    #expect(found[0].contains("a cycle: ") && !found[0].contains("a →"))
  }

  @Test(
    arguments: [
      (#"{"nodes": [], "edges": []}"#, ["/nodes"]), (#"{"edges": []}"#, ["/nodes"]),
      (graph([node("1")], [], #", "directed": false"#), ["/directed"]),
      (graph([node("1", #", "forward_flop": 3"#)], []), ["/nodes/0/forward_flop"]),
      (
        graph([#"{"id": 1}"#], []),
        ["/nodes/0/parameters", "/nodes/0/forward_flops", "/nodes/0/activation_bytes"]
      ),
      (graph([node("1.5")], []), ["/nodes/0/id"]), (graph([node("\"\"")], []), ["/nodes/0/id"]),
      (#"{"nodes": [\#(node("1"))]}"#, ["/edges"]),
      (graph([node("1"), node("2")], [edge("1", "2", #", "bytes": -1"#)]), ["/edges/0/bytes"]),
      (graph([node("1", #", "forward_seconds": "fast""#)], []), ["/nodes/0/forward_seconds"]),
      (graph([node("1")], [], #", "speed": 1"#), ["/speed"]),
    ] as [(String, [String])])
  func faultsHavePointers(text: String, pointers: [String]) throws {
    let found = try faults(text, as: .userGraph).map { String($0.prefix { $0 != ":" }) }
    #expect(Set(found) == Set(pointers), "\(found)")
  }

  @Test func tooManyParametersAreRefused() throws {
    let large = node("1").replacing("10,", with: "9007199254740992,")
    #expect(try faults(graph([large], []), as: .userGraph).isEmpty)
    let found = try faults(graph([large, node("2")], []), as: .userGraph)
    #expect(found == [": the model has more than 2^53 parameters"])
  }

  /// An answer of `/graph` is a graph that may be sent back: its totals and names are passed over.
  @Test func totalsAndNamesArePassedOver() throws {
    let text = graph(
      [node("0", #", "name": "embedding", "kind": "embedding", "memory_mb": 3.5"#), node("1")],
      [edge("0", "1", #", "bytes": 8, "communication_mb": 0.1"#)],
      #", "model_name": "m", "total_layers": 2, "graph": {"model_name": "m", "total_layers": 2}"#)
    let graph = try value(text, as: .userGraph)
    #expect(graph.name == "m")
    #expect(graph.edges.map(\.bytesPerSequence) == [8])
  }
}
