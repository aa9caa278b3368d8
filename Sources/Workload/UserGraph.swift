/// A model given as a graph of layers of which only figures are known.
package struct UserGraph: Hashable, Sendable {
  package struct Node: Hashable, Sendable {
    package var name: String
    package var parameters: Int
    package var figures: Operator.Opaque

    package init(name: String, parameters: Int, figures: Operator.Opaque) {
      self.name = name
      self.parameters = parameters
      self.figures = figures
    }
  }

  package struct Edge: Hashable, Sendable {
    package var source: Int
    package var target: Int
    /// Bytes of one sequence that cross the edge. Where they are not given, what the source keeps
    /// for its backward pass stands for its output: rather too much than nothing.
    package var bytes: Double?

    package init(source: Int, target: Int, bytes: Double? = nil) {
      self.source = source
      self.target = target
      self.bytes = bytes
    }
  }

  package var name: String
  /// The length of sequence that the figures are for, if it was said.
  package var sequenceLength: Int?
  package var nodes: [Node]
  /// Between nodes by index; several between the same two add up.
  package var edges: [Edge]

  package init(name: String, sequenceLength: Int? = nil, nodes: [Node], edges: [Edge]) {
    self.name = name
    self.sequenceLength = sequenceLength
    self.nodes = nodes
    self.edges = edges
  }

  package var topologicalOrder: TopologicalOrder {
    TopologicalOrder(nodes: nodes.count, edges: edges.map { ($0.source, $0.target) })
  }

  /// The graph with its nodes in `order`, a topological one; nodes of equal figures share a kind. Nodes
  /// of one name are told apart by their place.
  ///
  /// Complexity: O(nodes + edges·log(edges)).
  package func layerGraph(inOrder order: [Int]) -> LayerGraph {
    precondition(order.count == nodes.count, "an order names every node once")
    var kinds: [Layer] = []
    var kindOfLayer: [Layer: Int] = [:]
    var ordered: [LayerGraph.Node] = []
    var place = [Int](repeating: 0, count: nodes.count)
    var names: Set<String> = []
    for index in order {
      place[index] = ordered.count
      let layer = nodes[index].layer
      let kind = kindOfLayer[layer] ?? kinds.count
      if kind == kinds.count {
        kindOfLayer[layer] = kind
        kinds.append(layer)
      }
      var name = nodes[index].name
      while !names.insert(name).inserted { name += "#\(place[index])" }
      ordered.append(.init(name: name, kind: kind))
    }
    return LayerGraph(
      name: name, kinds: kinds, nodes: ordered, edges: placedEdges(place), hiddenSize: 0,
      vocabularySize: 0, maximumSequenceLength: sequenceLength)
  }

  private func placedEdges(_ place: [Int]) -> [LayerGraph.Edge] {
    let placed = edges.map { edge in
      LayerGraph.Edge(
        source: place[edge.source], target: place[edge.target], elementsPerToken: 0,
        bytesPerSequence: edge.bytes ?? nodes[edge.source].figures.savedBytes)
    }
    precondition(placed.allSatisfy { $0.source < $0.target }, "the order follows every edge")
    let sorted = placed.sorted { ($0.source, $0.target) < ($1.source, $1.target) }
    return sorted.reduce(into: []) { merged, edge in
      if let last = merged.last, last.source == edge.source, last.target == edge.target {
        merged[merged.count - 1].bytesPerSequence += edge.bytesPerSequence
      } else {
        merged.append(edge)
      }
    }
  }
}

extension UserGraph.Node {
  fileprivate var layer: Layer {
    Layer(
      kind: .custom,
      operators: [
        Operator("given", .opaque(figures), sharding: .replicated, parameters: parameters)
      ])
  }
}
