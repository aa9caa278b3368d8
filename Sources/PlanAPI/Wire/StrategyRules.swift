import Costing
import Hardware
import JSON
import Scheduling

/// How single settings of a strategy stand on the wire, in a search and in a plan alike.
enum StrategyRules {
  static let degree: JSONIntegerRule = .positiveInteger(max: WireLimits.degree)
  static let recompute: JSONChoiceRule<RecomputePolicy> = .oneOf(RecomputePolicy.self)
  static let schedule: JSONChoiceRule<PipelineSchedule> = .oneOf(PipelineSchedule.self)
  static let rankOrder: JSONChoiceRule<DeviceMesh.Order> = .oneOf(DeviceMesh.Order.self)
  static let zeroStage = ZeroStageRule()
}

/// A ZeRO stage by its number, 0 to 3.
struct ZeroStageRule: JSONRule {
  private static let number: JSONIntegerRule = .integer(in: 0...3)

  var expectation: String { Self.number.expectation }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> ZeroStage? {
    Self.number.read(value, log).flatMap(ZeroStage.init(rawValue:))
  }
}
