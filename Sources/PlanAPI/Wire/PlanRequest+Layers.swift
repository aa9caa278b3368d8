import JSON
import Workload

extension PlanRequest {
  /// Puts the layers in the order that the stages name them in, if they do; false after noting what is
  /// wrong with it. Where a stage has several chunks, it names the layers of one after the other.
  func orderLayers(of graph: inout LayerGraph, _ log: JSONFaultLog) -> Bool {
    guard let stages, stages.contains(where: { $0.layers != nil }) else { return true }
    let before = log.count
    var names = LayerNames(graph)
    var chunks: [(first: Int, layers: ArraySlice<Int>)] = []
    for stage in stages {
      let layers = names.layers(of: stage, log)
      let held = stage.layerRanges.reduce(0) { $0 + $1.count }
      guard log.count == before else { continue }
      guard layers.count == held else {
        log.note(
          stage.value, member: "layers", Sentence.layerCount(layers.count, inRanges: held))
        continue
      }
      var next = 0
      for range in stage.layerRanges {
        chunks.append((range.lowerBound, layers[next..<(next + range.count)]))
        next += range.count
      }
    }
    if log.count == before, let missing = names.missing(in: graph) {
      log.note(value, member: "stages", Sentence.layerLeftOut(missing))
    }
    guard log.count == before else { return false }
    let order = chunks.sorted { $0.first < $1.first }.flatMap(\.layers)
    names.check(order, follows: graph, log)
    guard log.count == before else { return false }
    graph = graph.inOrder(order)
    return true
  }
}

/// The layers that stages name, and where they do.
private struct LayerNames {
  private var numbers: [String: Int] = [:]
  private var stands: [Int: JSONValue] = [:]

  init(_ graph: LayerGraph) {
    for (number, node) in graph.nodes.enumerated() { numbers[node.name] = number }
  }

  mutating func layers(of stage: StageRequest, _ log: JSONFaultLog) -> [Int] {
    guard let names = stage.layers, let list = stage.value["layers"] else {
      log.note(stage.value, member: "layers", Sentence.layersOfSomeStages)
      return []
    }
    return zip(names, list.elements).compactMap { name, value in
      guard let number = numbers[name] else {
        log.note(value, Sentence.unknownLayer(name, known: numbers.keys.sorted()))
        return nil
      }
      if stands.updateValue(value, forKey: number) != nil {
        log.note(value, Sentence.layerTwice(name))
      }
      return number
    }
  }

  func missing(in graph: LayerGraph) -> String? {
    graph.nodes.indices.first { stands[$0] == nil }.map { graph.nodes[$0].name }
  }

  func check(_ order: [Int], follows graph: LayerGraph, _ log: JSONFaultLog) {
    var places = [Int](repeating: 0, count: order.count)
    for (place, layer) in order.enumerated() { places[layer] = place }
    for edge in graph.edges where places[edge.source] > places[edge.target] {
      guard let value = stands[edge.target] else { continue }
      log.note(
        value,
        Sentence.layerBeforeItsSource(
          graph.nodes[edge.target].name, source: graph.nodes[edge.source].name))
    }
  }
}
