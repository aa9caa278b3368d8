import JSON
import Workload

/// Reads a user's own graph: node-link JSON as `networkx.node_link_data` writes it, with its edges
/// under `edges` or `links`.
///
/// A node has an `id` (a string or an integer) and is described for one sequence of the length that
/// the model is trained with:
/// - `parameters`, a count;
/// - `forward_flops`, floating-point operations of the forward pass;
/// - `activation_bytes`, what the node leaves in memory for its backward pass;
/// - `forward_seconds` and `backward_seconds`, measured, if they were.
///
/// An edge has `source`, `target` and `bytes`, the size of the tensor that crosses it; without
/// `bytes` its source's `activation_bytes` stand for it. The attributes of `graph` may give a `name`
/// and the `sequence_length` of the figures. Names and kinds of nodes and edges are taken and not
/// used, as is what this service's own answers say of them.
package struct UserGraphRule: JSONRule {
  package init() {}

  package var expectation: String { "a graph in node-link form, an object" }

  package func read(_ value: JSONValue, _ log: JSONFaultLog) -> LayerGraph? {
    guard let parts = Self.members.read(value, log) else { return nil }
    guard let graph = parts.joined(log) else { return nil }
    guard graph.nodes.reduce(0.0, { $0 + Double($1.parameters) }) <= 0x1p53 else {
      log.note(value, "the model has more than 2^53 parameters")
      return nil
    }
    switch graph.topologicalOrder {
    case .order(let order): return graph.layerGraph(inOrder: order)
    case .cycle(let nodes):
      parts.noteCycle(nodes, in: graph, log)
      return nil
    }
  }

  private static let members: JSONObjectRule<GraphParts> = .object { members in
    if members.optional("directed", .boolean) == false {
      members.note("directed", "the graph of a model is directed")
    }
    let isMultigraph = members.optional("multigraph", .boolean, absent: false)
    let about = members.optional("graph", attributes)
    let nodes = members.required(
      "nodes", .list(of: GivenNodeRule(), counts: 1...ShapeLimits.nodes))
    let rule: JSONListRule<GivenEdgeRule> = .list(
      of: GivenEdgeRule(), counts: 0...ShapeLimits.edges)
    let links = members.optional("links", rule)
    let edges =
      members.object["links"] == nil
      ? members.required("edges", rule) : members.optional("edges", rule)
    members.pass([
      "model_name", "total_layers", "total_parameters", "active_parameters", "total_memory_mb",
      "total_forward_gflops",
    ])
    guard members.isSound, let nodes else { return nil }
    return GraphParts(
      name: about?.name ?? "graph", sequenceLength: about?.sequenceLength, nodes: nodes,
      edges: (links ?? []) + (edges ?? []), isMultigraph: isMultigraph)
  }

  private static let attributes: JSONObjectRule<(name: String?, sequenceLength: Int?)> =
    .openObject { members in
      let name = members.optional("name", .nonEmptyString)
      let modelName = members.optional("model_name", .nonEmptyString)
      let length = members.optional(
        "sequence_length", .positiveInteger(max: ShapeLimits.positions))
      return (name ?? modelName, length)
    }
}

extension JSONRule where Self == UserGraphRule {
  package static var userGraph: Self { Self() }
}

/// A graph as it is written, before nodes are found by their ids.
private struct GraphParts {
  var name: String
  var sequenceLength: Int?
  var nodes: [GivenNode]
  var edges: [GivenEdge]
  var isMultigraph: Bool

  /// Finds the nodes of every edge; `nil` after noting ids that are twice there or not at all, edges
  /// from a node to itself, and second edges of graphs that have none.
  func joined(_ log: JSONFaultLog) -> UserGraph? {
    let before = log.count
    var places: [NodeIdentifier: Int] = [:]
    for (place, node) in nodes.enumerated() where places.updateValue(place, forKey: node.id) != nil
    {
      log.note(node.idValue, "a second node with the id \(node.id)")
    }
    var seen: Set<Int> = []
    let joined = edges.compactMap { edge -> UserGraph.Edge? in
      guard let source = find(edge.source, edge.sourceValue, places, log),
        let target = find(edge.target, edge.targetValue, places, log)
      else { return nil }
      if source == target { log.note(edge.value, "an edge from a node to itself") }
      if !seen.insert(source * nodes.count + target).inserted, !isMultigraph {
        log.note(edge.value, "a second edge from \(edge.source) to \(edge.target)")
      }
      return UserGraph.Edge(source: source, target: target, bytes: edge.bytes)
    }
    guard log.count == before else { return nil }
    return UserGraph(
      name: name, sequenceLength: sequenceLength, nodes: nodes.map(\.node), edges: joined)
  }

  private func find(
    _ id: NodeIdentifier, _ value: JSONValue, _ places: [NodeIdentifier: Int], _ log: JSONFaultLog
  ) -> Int? {
    if let place = places[id] { return place }
    log.note(value, "no node has the id \(id)")
    return nil
  }

  /// At the edge that closes the circle.
  func noteCycle(_ cycle: [Int], in graph: UserGraph, _ log: JSONFaultLog) {
    let names = cycle.prefix(8).map { graph.nodes[$0].name } + (cycle.count > 8 ? ["…"] : [])
    let closing = graph.edges.firstIndex {
      $0.source == cycle[cycle.count - 1] && $0.target == cycle[0]
    }
    guard let closing else { preconditionFailure("a cycle's nodes are joined by edges") }
    log.note(
      edges[closing].value,
      "the edge closes a cycle: \((names + [names[0]]).joined(separator: " → "))")
  }
}
