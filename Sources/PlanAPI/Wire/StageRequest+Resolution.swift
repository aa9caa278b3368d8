import Costing
import Hardware
import JSON
import Planning
import Workload

extension PlanRequest {
  /// Holds the given stages against the model's layers and the cluster's GPUs, noting what does not
  /// fit them. The stages are those of `strategy`.
  func checkStages(
    _ strategy: ParallelStrategy, _ graph: LayerGraph, pools: [Pool], _ log: JSONFaultLog
  ) {
    guard let stages, stages.count == strategy.pipeline else { return }
    checkRanges(stages, strategy, layers: graph.nodes.count, log)
    checkRecompute(stages, strategy, graph, log)
    checkDevices(stages, strategy, pools, log)
  }

  /// Chunk c of stage s is part c·p + s of the model; the parts follow one another without a gap from
  /// the first layer to the last.
  private func checkRanges(
    _ stages: [StageRequest], _ strategy: ParallelStrategy, layers: Int, _ log: JSONFaultLog
  ) {
    let chunks = strategy.virtualStages
    var hasAllChunks = true
    for stage in stages where stage.layerRanges.count != chunks {
      log.note(stage.value, Sentence.chunkCount(stage.layerRanges.count, expected: chunks))
      hasAllChunks = false
    }
    guard hasAllChunks else { return }
    var next = 0
    for chunk in 0..<chunks {
      for stage in stages {
        let range = stage.layerRanges[chunk]
        guard range.lowerBound == next, range.upperBound < layers else {
          log.note(
            stage.rangeValue(chunk), Sentence.rangeOutOfPlace(range, expected: next, layers: layers)
          )
          return
        }
        next = range.upperBound + 1
      }
    }
    if next < layers, let last = stages.last {
      log.note(last.rangeValue(chunks - 1), Sentence.layersLeft(from: next, layers: layers))
    }
  }

  private func checkRecompute(
    _ stages: [StageRequest], _ strategy: ParallelStrategy, _ graph: LayerGraph,
    _ log: JSONFaultLog
  ) {
    for stage in stages {
      guard let recomputed = stage.recomputedLayers else { continue }
      let held = stage.layerRanges.reduce(0) { $0 + $1.count }
      if recomputed > held {
        log.note(
          stage.value, member: "recompute_layers",
          Sentence.tooManyRecomputed(recomputed, held: held))
      } else if recomputed > 0, strategy.recompute == .none {
        log.note(stage.value, member: "recompute_layers", Sentence.recomputesWithoutPolicy)
      } else if strategy.recompute == .selective, recomputed < blocks(of: stage, graph) {
        log.note(
          stage.value, member: "recompute_layers",
          Sentence.selectiveOfSomeLayers(recomputed, blocks: blocks(of: stage, graph)))
      }
    }
  }

  /// Layers that can recompute, of those that a stage holds and the model has.
  private func blocks(of stage: StageRequest, _ graph: LayerGraph) -> Int {
    stage.layerRanges.reduce(0) { sum, range in
      sum
        + range.clamped(to: 0...(graph.nodes.count - 1)).count {
          graph.layer($0).kind == .transformerBlock
        }
    }
  }

  /// Either no stage names its GPUs or all do: each of them as many as it needs, all of them real,
  /// and none for two stages.
  private func checkDevices(
    _ stages: [StageRequest], _ strategy: ParallelStrategy, _ pools: [Pool],
    _ log: JSONFaultLog
  ) {
    guard stages.contains(where: { $0.devices != nil }) else { return }
    var gpusByNode: [String: Int] = [:]
    for pool in pools {
      for node in pool.nodeNames { gpusByNode[node] = pool.gpusPerNode }
    }
    var taken: Set<DeviceGroup> = []
    for stage in stages {
      guard let devices = stage.devices, let list = stage.value["devices"] else {
        log.note(stage.value, member: "devices", Sentence.devicesForSomeStages)
        continue
      }
      let count = devices.reduce(0) { $0 + $1.gpus.count }
      // At most 2^20 each, which a list of GPUs then does not reach.
      let needed =
        (stage.tensor ?? strategy.tensor) * (stage.data ?? strategy.data) * strategy.context
      if count != needed {
        log.note(list, Sentence.deviceCount(count, needed: needed))
      }
      for (group, entry) in zip(devices, list.elements) {
        checkGroup(group, entry, gpusByNode, &taken, log)
      }
    }
  }

  private func checkGroup(
    _ group: DeviceGroup, _ entry: JSONValue, _ gpusByNode: [String: Int],
    _ taken: inout Set<DeviceGroup>, _ log: JSONFaultLog
  ) {
    guard let count = gpusByNode[group.node] else {
      log.note(
        entry, member: "node", Sentence.unknownNode(group.node, known: gpusByNode.keys.sorted()))
      return
    }
    guard let list = entry["gpus"] else { return }
    for (gpu, value) in zip(group.gpus, list.elements) {
      if gpu >= count {
        log.note(value, Sentence.noSuchGPU(gpu, node: group.node, count: count))
      } else if !taken.insert(DeviceGroup(node: group.node, gpus: [gpu])).inserted {
        log.note(value, Sentence.gpuTwice(gpu, node: group.node))
      }
    }
  }
}

extension StageRequest {
  /// Where the range of a chunk stands.
  fileprivate func rangeValue(_ chunk: Int) -> JSONValue {
    value["layer_range"] ?? value["layer_ranges"]?[chunk] ?? value
  }
}
