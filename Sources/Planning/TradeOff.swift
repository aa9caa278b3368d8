import Costing
import Quantities

extension Plan {
  /// What choosing this plan over another trades, in one line: time against memory and GPUs, and how
  /// the strategies differ.
  package func tradeOff(against best: Plan) -> String {
    var parts: [String] = []
    let time = prediction.step / best.prediction.step - 1
    parts.append(Self.change(time, more: "slower", less: "faster") ?? "as fast")
    let memory = prediction.peakMemory / best.prediction.peakMemory - 1
    if let change = Self.change(memory, more: "more memory", less: "less memory") {
      parts.append(change)
    }
    if prediction.gpus != best.prediction.gpus {
      parts.append("\(prediction.gpus) instead of \(best.prediction.gpus) GPUs")
    }
    let differences = SearchDimension.allCases.compactMap { dimension -> String? in
      let (own, other) = (dimension.value(of: strategy), dimension.value(of: best.strategy))
      return own == other ? nil : "\(dimension.rawValue) \(own) instead of \(other)"
    }
    let all = parts.joined(separator: ", ")
    return differences.isEmpty ? all : all + ": " + differences.joined(separator: ", ")
  }

  /// A part in per cent, to one digit; nil where nothing is left of it.
  private static func change(_ part: Double, more: String, less: String) -> String? {
    let tenths = (part.magnitude * 1000).rounded()
    return tenths == 0 ? nil : "\(tenths / 10) % \(part > 0 ? more : less)"
  }
}
