import Hardware

extension MixedPlan {
  /// The same plan with its stages on those GPUs of their pools that hold most of what they need.
  ///
  /// Stages may change places on a pool where that changes no prediction: where they are of one size
  /// that fills whole nodes, one after another, and the pool's network does not tell its nodes apart. Pairs of stage and
  /// place are taken by falling overlap.
  ///
  /// Complexity: O(stages² · layers a stage + GPUs).
  func reseated(near old: Plan, on cluster: Cluster) -> MixedPlan {
    var devices = strategy.devices(on: cluster)
    guard strategy.lanes.count == 1, strategy.base.rankOrder == .tensorContextDataPipeline
    else { return placed(on: cluster) }
    let holdings = Holdings(old)
    for (index, pool) in cluster.pools.enumerated() {
      let stages = (0..<strategy.stages).filter { strategy.lanes[0].seats[$0].pool == index }
      guard let first = stages.first else { continue }
      let size = strategy.gpus(strategy.lanes[0].seats[first])
      guard size.isMultiple(of: pool.gpusPerNode), pool.levels.count <= 2,
        stages.allSatisfy({ strategy.gpus(strategy.lanes[0].seats[$0]) == size })
      else { continue }
      let nodes = size / pool.gpusPerNode
      let blocks = (0..<(pool.nodes / nodes)).map { block in
        pool.nodeNames[(block * nodes)..<((block + 1) * nodes)].map { name in
          DeviceGroup(node: name, gpus: Array(0..<pool.gpusPerNode))
        }
      }
      assign(stages, to: blocks, holdings, &devices)
    }
    var reseated = self
    for stage in devices.indices { reseated.plan.stages[stage].devices = devices[stage] }
    return reseated
  }

  private func assign(
    _ stages: [Int], to blocks: [[DeviceGroup]], _ holdings: Holdings,
    _ devices: inout [[DeviceGroup]]
  ) {
    var pairs: [(overlap: Int, stage: Int, block: Int)] = []
    for stage in stages {
      let layers = split.chunks(ofStage: stage, of: strategy.stages)
      for block in blocks.indices {
        let overlap = blocks[block].reduce(0) { sum, group in
          sum + holdings.layers(onNode: group.node, among: layers)
        }
        pairs.append((overlap, stage, block))
      }
    }
    pairs.sort { ($1.overlap, $0.stage, $0.block) < ($0.overlap, $1.stage, $1.block) }
    var (seated, taken): (Set<Int>, Set<Int>) = ([], [])
    for pair in pairs where !seated.contains(pair.stage) && !taken.contains(pair.block) {
      seated.insert(pair.stage)
      taken.insert(pair.block)
      devices[pair.stage] = blocks[pair.block]
    }
  }
}

/// Layers of which a node holds states.
private struct Holdings {
  private var rangesOfNode: [String: [ClosedRange<Int>]] = [:]

  init(_ plan: Plan) {
    for stage in plan.stages {
      for node in stage.devices.map(\.node).uniqued {
        rangesOfNode[node, default: []] += stage.layerRanges
      }
    }
  }

  func layers(onNode node: String, among wanted: [Range<Int>]) -> Int {
    (rangesOfNode[node] ?? []).reduce(0) { sum, held in
      wanted.reduce(sum) { $0 + $1.clamped(to: held.lowerBound..<(held.upperBound + 1)).count }
    }
  }
}
