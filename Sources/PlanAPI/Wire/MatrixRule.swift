import Hardware
import JSON
import Quantities

/// What each pair of nodes can send one another, measured; rows and columns in the nodes' order, or
/// in that of `node_names`.
struct MatrixRequest: Sendable {
  /// Bytes a second.
  var rows: [[Double]]
  var nodeNames: [String]?
  let value: JSONValue
}

/// Reads `{"bandwidth_gbits_per_second": [[…]], "node_names"?: […]}`.
struct MatrixRule: JSONRule {
  var expectation: String { "an object with bandwidth_gbits_per_second, a square matrix" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> MatrixRequest? {
    Self.members.read(value, log)
  }

  private static let rows: JSONListRule<JSONListRule<JSONNumberRule>> = .list(
    of: .list(of: .number, counts: 1...NetworkMatrix.nodeLimit),
    counts: 1...NetworkMatrix.nodeLimit)

  private static let members: JSONObjectRule<MatrixRequest> = .object { matrix in
    let rows = matrix.required("bandwidth_gbits_per_second", rows)
    let names: [String]? = matrix.optional(
      "node_names", .list(of: .nonEmptyString, counts: 1...NetworkMatrix.nodeLimit))
    guard let rows else { return nil }
    return MatrixRequest(
      rows: rows.map { $0.map { $0 * 1e9 / 8 } }, nodeNames: names, value: matrix.object)
  }
}

extension MatrixRequest {
  /// Makes levels of the matrix: of each pool's part its fabric, and of what lies between pools the
  /// link that joins them. `false` after noting why it does not fit the pools.
  func apply(
    to pools: inout [PoolRequest], _ network: inout NetworkRequest, _ notes: inout [String],
    _ log: JSONFaultLog
  ) -> Bool {
    nameNodes(of: &pools)
    let names = pools.flatMap { $0.nodeNames ?? [] }
    guard let places = places(of: names, log), check(log) else { return false }
    var first = 0
    for index in pools.indices {
      let nodes = Array(places[first..<(first + pools[index].nodes)])
      first += pools[index].nodes
      layOut(&pools[index], on: nodes, &notes)
    }
    joinPools(pools, places, &network)
    return true
  }

  /// Nodes without names get those that the cluster would give them, since rows stand for nodes.
  private func nameNodes(of pools: inout [PoolRequest]) {
    var first = 0
    for index in pools.indices {
      let count = pools[index].nodes
      if pools[index].nodeNames == nil {
        pools[index].nodeNames = (first..<(first + count)).map { "node-\($0)" }
      }
      first += count
    }
  }

  /// The row of each node.
  private func places(of names: [String], _ log: JSONFaultLog) -> [Int]? {
    guard rows.count == names.count else {
      log.note(
        value, member: "bandwidth_gbits_per_second",
        Sentence.matrixSize(rows.count, nodes: names.count))
      return nil
    }
    guard let nodeNames else { return Array(names.indices) }
    var rowOfName: [String: Int] = [:]
    for (row, name) in nodeNames.enumerated() where rowOfName[name] == nil {
      rowOfName[name] = row
    }
    let known = Set(names)
    for (index, name) in nodeNames.enumerated()
    where !known.contains(name) || rowOfName[name] != index {
      log.note(value["node_names"]?[index] ?? value, Sentence.matrixName(name))
      return nil
    }
    guard nodeNames.count == names.count else {
      log.note(
        value, member: "node_names", Sentence.matrixSize(nodeNames.count, nodes: names.count))
      return nil
    }
    return names.map { rowOfName[$0]! }
  }

  private func check(_ log: JSONFaultLog) -> Bool {
    do throws(NetworkMatrix.Fault) {
      _ = try NetworkMatrix(rows)
      return true
    } catch {
      let matrix = value["bandwidth_gbits_per_second"]
      let place: JSONValue? =
        switch error {
        case .tooManyNodes, .disconnected: matrix
        case .notSquare(let row, _, _): matrix?[row]
        case .negative(let row, let column), .asymmetric(let row, let column):
          matrix?[row]?[column]
        }
      log.note(place ?? value, Sentence.matrix(error))
      return false
    }
  }

  private func layOut(_ pool: inout PoolRequest, on nodes: [Int], _ notes: inout [String]) {
    guard nodes.count > 1, let names = pool.nodeNames else { return }
    let part = nodes.map { row in nodes.map { rows[row][$0] } }
    // A pool whose nodes only reach one another through other pools' is given their narrowest link.
    guard let matrix = try? NetworkMatrix(part) else {
      let least = part.joined().filter { $0 > 0 }.min() ?? rows.joined().filter { $0 > 0 }.min()
      pool.fabric = least.map { [level("network", $0, pool)] } ?? []
      return
    }
    let levels = matrix.levels(limit: Pool.levelLimit - 2)
    pool.nodeNames = levels.order.map { names[$0] }
    pool.fabric = levels.levels.map { fabric in
      var fabric = fabric
      fabric.bandwidth = fabric.bandwidth.map { $0 / gpusPerNode(pool) }
      fabric.isMeasured = fabric.bandwidth != nil
      return fabric
    }
    if levels.indirectPairs > 0 { notes.append(Sentence.indirectPairs(levels.indirectPairs)) }
  }

  /// Between pools nothing is promised that was not measured: the narrowest direct link of any two.
  private func joinPools(
    _ pools: [PoolRequest], _ places: [Int], _ network: inout NetworkRequest
  ) {
    guard pools.count > 1, network.betweenPools.bandwidth == nil else { return }
    let owners = pools.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element.nodes) }
    var least = Double.infinity
    for a in owners.indices {
      for b in 0..<a where owners[a] != owners[b] {
        let rate = rows[places[a]][places[b]]
        let gpus = max(gpusPerNode(pools[owners[a]]), gpusPerNode(pools[owners[b]]))
        if rate > 0 { least = min(least, rate / Double(gpus)) }
      }
    }
    guard least.isFinite else { return }
    network.betweenPools.bandwidth = Bandwidth(least)
    network.betweenPools.isMeasured = true
  }

  private func level(_ name: String, _ rate: Double, _ pool: PoolRequest) -> FabricLevel {
    FabricLevel(name: name, bandwidth: Bandwidth(rate) / gpusPerNode(pool), isMeasured: true)
  }

  private func gpusPerNode(_ pool: PoolRequest) -> Int {
    pool.gpusPerNode ?? pool.accelerator.gpusPerNode
  }
}
