import Calibrating
import JSON
import Quantities

/// Reads `cost_profile`, what `/calibrate` answers: the numbers that were fitted, by name, and how
/// sure they are.
struct CostProfileRule: JSONRule {
  /// What a profile calls its form.
  static let format = "stagewright-cost-profile/1"

  var expectation: String { "a cost profile as /calibrate answers it, an object" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> CostProfile? {
    Self.members.read(value, log)
  }

  private static let deviation: JSONNumberRule = .nonNegativeNumber(max: 10)
  private static let members: JSONObjectRule<CostProfile> = .object { profile in
    _ = profile.required("format", .oneOf([(format, true)]))
    let entries = profile.required("parameters", CostParameterValues())
    let size = entries?.count ?? 0
    let row: JSONListRule<JSONNumberRule> = .list(of: .number, counts: size...size)
    let covariance = profile.required("covariance", .list(of: row, counts: size...size))
    let step = profile.required("step_deviation", deviation)
    let memory = profile.required("memory_deviation", deviation)
    let runtime = profile.optional("runtime_memory_bytes", .nonNegativeNumber(max: 1e13))
    guard profile.isSound, let entries, let covariance, let step, let memory else { return nil }
    for index in entries.indices where covariance[index][index] < 0 {
      profile.note("covariance", Sentence.negativeVariance(entries[index].place.name))
      return nil
    }
    return CostProfile(
      entries: entries, covariance: covariance, stepDeviation: step, memoryDeviation: memory,
      runtimeMemory: runtime.map { ByteCount($0) })
  }
}

/// `{"hopper.matrix": 0.71, …}`, each within the limits that its meaning sets.
private struct CostParameterValues: JSONRule {
  var expectation: String { "an object of numbers by the names of cost parameters" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> [CostProfile.Entry]? {
    guard value.kind == .object else { return refuse(value, log) }
    let before = log.count
    var entries: [CostProfile.Entry] = []
    for (name, member) in value.members {
      guard let place = CostParameterSlot.Place(name: name) else {
        log.note(member, Sentence.unknownCostParameter(name))
        continue
      }
      let bounds = CostParameterSlot.usual(place).bounds
      if let number = JSONNumberRule.number(in: bounds).read(member, log) {
        entries.append(CostProfile.Entry(place, number))
      }
    }
    return log.count == before ? entries : nil
  }
}

/// The name of a number of the cost model.
struct CostParameterNameRule: JSONRule {
  var expectation: String { "the name of a cost parameter, such as \"hopper.matrix\"" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> CostParameterSlot.Place? {
    guard let name = value.string else { return refuse(value, log) }
    if let place = CostParameterSlot.Place(name: name) { return place }
    log.note(value, Sentence.unknownCostParameter(name))
    return nil
  }
}

extension JSONRule where Self == CostProfileRule {
  static var costProfile: Self { Self() }
}

extension Sentence {
  static func unknownCostParameter(_ name: String) -> String {
    let near = NearestNames.to(name, among: CostParameterSlot.Place.all.map(\.name))
    let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
    return "there is no cost parameter \"\(excerpt(name))\"\(hint)"
  }

  static func negativeVariance(_ name: String) -> String {
    "the variance of \(name) is negative"
  }

  static func tooManyFitted(_ asked: Int, measurements: Int) -> String {
    "asks to fit \(asked) parameters, which \(measurements) measurements cannot hold"
  }

  static func undeterminedParameter(_ name: String) -> String {
    "the measurements do not determine \(name), apart from the parameters before it"
  }

  static let noMeasurements = "expected runs, layers or both, found neither"
  static let mixedMeasurement =
    "expected a plan on one pool of equal stages: costs are fitted to each type of GPU by itself"
  static let noLayerTime = "expected forward_seconds, backward_seconds or both"

  static func layerBeyond(_ layer: Int, layers: Int) -> String {
    "the model has \(layers) layers, so the last is \(layers - 1), found \(layer)"
  }
}

extension PlanService {
  /// A cost profile as a file holds it: the profile, or the whole answer of `/calibrate`.
  package static func profile(parsing text: [UInt8]) -> Result<CostProfile, Problem> {
    file(text, as: .costProfile) { $0["cost_profile"] ?? $0 }
  }

  /// A mounted file by a rule; `part` leads from the file's root to what the rule reads.
  static func file<Rule: JSONRule>(
    _ text: [UInt8], as rule: Rule, _ part: (JSONValue) -> JSONValue
  ) -> Result<Rule.Value, Problem> {
    let root: JSONValue
    do throws(JSONSyntaxError) {
      root = try JSONDocument(parsing: text).root
    } catch {
      return .failure(Problem(status: 400, detail: error.description))
    }
    return part(root).read(as: rule).mapError { Problem(status: 422, detail: $0.description) }
  }
}
