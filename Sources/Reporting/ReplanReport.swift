import Planning
import Quantities

/// How to go on after a cluster has changed, as text for people: what to do, what that was weighed
/// against and what moves between which nodes; then the plan.
package struct ReplanReport {
  private let plan: PlanReport
  private let terms: Replanner.Terms

  /// - Parameters:
  ///   - plan: of the job on the cluster as it is now.
  ///   - terms: by which the ways to go on were weighed.
  package init(_ plan: PlanReport, terms: Replanner.Terms) {
    self.plan = plan
    self.terms = terms
  }

  /// Ends with a line break. Complexity: O(transfers).
  package func text(
    _ ways: Replanner.Ways, stragglers: [Straggler], warnings: [String]
  ) -> String {
    let slow = stragglers.map(sentence)
    guard let best = ways.options.first else {
      let none = ways.isUndecided ? "No way found yet" : "No way"
      let lines = [plan.style.bad("\(none) to go on with \(plan.subject)")] + slow + warnings
      return lines.map { $0 + "\n" }.joined()
    }
    let lines =
      [plan.style.strong(decision(best))] + slow + ["", plan.style.strong("Ways to go on")]
      + table(ways.options).lines(indent: 2) + moves(best.migration) + [""]
    return lines.map { $0 + "\n" }.joined() + plan.text(best.plan.plan, warnings: warnings)
  }

  private func decision(_ best: Replanner.Option) -> String {
    let steps = terms.steps == 1 ? "1 step" : "\(HumanNumber.count(terms.steps)) steps"
    let time =
      "\(HumanNumber.time(best.plan.plan.prediction.step)) a step, "
      + "\(HumanNumber.time(best.total)) for \(steps)"
    guard best.kind != .stay else { return "Stay: \(time)" }
    let sent = "\(HumanNumber.size(best.migration.bytes)) between GPUs"
    let read = best.migration.fromCheckpoint
    return "Move: " + sent
      + (read > .zero ? ", \(HumanNumber.size(read)) from the last checkpoint" : "")
      + "; then \(time) and the move"
  }

  private func sentence(_ straggler: Straggler) -> String {
    "Stage \(straggler.stage) is \(HumanNumber.short(straggler.slowdown)) times as slow as it should "
      + "be: \(straggler.nodes.joined(separator: ", "))"
  }

  private func table(_ options: [Replanner.Option]) -> TextTable {
    var table = TextTable([
      .words("way"), .numbers("step"), .numbers("moving"), .numbers("moved"), .numbers("whole"),
    ])
    for option in options {
      table.add([
        option.kind.rawValue, HumanNumber.time(option.plan.plan.prediction.step),
        HumanNumber.time(option.migration.time), HumanNumber.size(option.migration.bytes),
        HumanNumber.time(option.total),
      ])
    }
    return table
  }

  /// What each node sends to each, most first.
  private func moves(_ migration: Migration) -> [String] {
    struct Pair: Hashable {
      var from: String
      var to: String
    }
    let sizes = Dictionary(
      migration.transfers.map { (Pair(from: $0.from.node, to: $0.to.node), $0.bytes) },
      uniquingKeysWith: +)
    guard !sizes.isEmpty else { return [] }
    var table = TextTable([.words("from"), .words("to"), .numbers("moved")])
    let sorted = sizes.sorted {
      ($1.value, $0.key.from, $0.key.to) < ($0.value, $1.key.from, $1.key.to)
    }
    for (pair, size) in sorted.prefix(Self.listedMoves) {
      table.add([pair.from, pair.to, HumanNumber.size(size)])
    }
    var lines = ["", plan.style.strong("What moves")] + table.lines(indent: 2)
    let more = sorted.count - Self.listedMoves
    if more > 0 { lines.append("  and between \(HumanNumber.count(more)) more pairs of nodes") }
    return lines
  }

  /// Programs read the rest as JSON.
  private static let listedMoves = 12
}
