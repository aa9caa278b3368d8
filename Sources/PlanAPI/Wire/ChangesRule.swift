import Hardware
import JSON
import Planning
import Quantities

/// `changes`: what became of a cluster since a plan was made for it.
struct ChangesRequest: Sendable {
  var lostNodes: [String]
  var gained: Cluster?
  var slowNodes: [(node: String, speed: Double)]
  var stages: [(stage: Int, time: Seconds)]
  let value: JSONValue

  var change: ClusterChange {
    ClusterChange(
      lostNodes: Set(lostNodes), gained: gained?.pools ?? [],
      speeds: Dictionary(slowNodes.map { ($0.node, $0.speed) }) { min($0, $1) })
  }

  var measured: [Int: Seconds] {
    Dictionary(stages.map { ($0.stage, $0.time) }) { max($0, $1) }
  }

  /// Nodes that are lost or slow are the cluster's, those that join are not, and some are left.
  func check(against cluster: Cluster, stages: Int, _ log: JSONFaultLog) {
    let known = Set(cluster.pools.flatMap(\.nodeNames))
    for (index, node) in lostNodes.enumerated() where !known.contains(node) {
      log.note(
        value["lost_nodes"]?[index] ?? value,
        Sentence.unknownNode(node, known: known.sorted()))
    }
    for (index, slow) in slowNodes.enumerated() where !known.contains(slow.node) {
      log.note(
        value["slow_nodes"]?[index] ?? value, member: "node",
        Sentence.unknownNode(slow.node, known: known.sorted()))
    }
    for (index, measured) in self.stages.enumerated() where measured.stage >= stages {
      log.note(
        value["measured_stages"]?[index] ?? value, member: "stage_id",
        Sentence.noSuchStage(measured.stage, stages: stages))
    }
    let joining = gained?.pools.flatMap(\.nodeNames) ?? []
    if let twice = joining.first(where: { known.contains($0) }) {
      log.note(value, member: "gained", Sentence.duplicateNode(twice))
    }
    if known.isSubset(of: lostNodes), joining.isEmpty {
      log.note(value, member: "lost_nodes", Sentence.nothingLeft)
    }
  }
}

enum ChangesRule {
  /// Part of its type's speed that a node has at least, said or measured.
  static let slowestSpeed = 0.01
  /// Seconds; what is shorter was not measured.
  private static let shortestStage = 1e-9

  static func members(_ catalogue: AcceleratorCatalogue) -> JSONObjectRule<ChangesRequest> {
    .object { changes in
      let lost = changes.optional(
        "lost_nodes", .list(of: .nonEmptyString, counts: 0...WireLimits.nodes), absent: [])
      let gained = changes.optional("gained", .cluster(catalogue))
      let slow = changes.optional(
        "slow_nodes", .list(of: slowNode, counts: 0...WireLimits.nodes), absent: [])
      let stages = changes.optional(
        "measured_stages", .list(of: measuredStage, counts: 0...WireLimits.stages), absent: [])
      guard changes.isSound else { return nil }
      return ChangesRequest(
        lostNodes: lost, gained: gained, slowNodes: slow.map { ($0.node, $0.speed) },
        stages: stages.map { ($0.stage, $0.time) }, value: changes.object)
    }
  }

  private struct SlowNode: Sendable {
    var node: String
    var speed: Double
  }

  private struct MeasuredStage: Sendable {
    var stage: Int
    var time: Seconds
  }

  private static let slowNode: JSONObjectRule<SlowNode> = .object { slow in
    let node = slow.required("node", .nonEmptyString)
    let speed = slow.required("speed", .number(in: slowestSpeed...1))
    guard let node, let speed else { return nil }
    return SlowNode(node: node, speed: speed)
  }

  private static let measuredStage: JSONObjectRule<MeasuredStage> = .object { measured in
    let stage = measured.required("stage_id", .integer(in: 0...WireLimits.stages))
    let forward = measured.required("forward_seconds", .nonNegativeNumber(max: 1e9))
    let backward = measured.required("backward_seconds", .nonNegativeNumber(max: 1e9))
    guard let stage, let forward, let backward else { return nil }
    guard forward + backward >= shortestStage else {
      measured.note("backward_seconds", Sentence.stageTakesNoTime)
      return nil
    }
    return MeasuredStage(stage: stage, time: Seconds(forward + backward))
  }
}
