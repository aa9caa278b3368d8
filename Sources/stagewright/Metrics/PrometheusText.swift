import JSON

/// Writes metrics in the Prometheus text format, version 0.0.4.
struct PrometheusText {
  static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  enum Kind: String { case counter, gauge, histogram }

  typealias Labels = KeyValuePairs<String, String>

  private(set) var text = ""

  /// A family of samples that `samples` adds.
  mutating func family(
    _ name: String, _ kind: Kind, _ help: String, _ samples: (inout Samples) -> Void
  ) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    var family = Samples(name: name)
    samples(&family)
    text += family.text
  }

  /// A family of one sample without labels.
  mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    family(name, kind, help) { $0.add([:], value) }
  }

  struct Samples {
    let name: String
    fileprivate var text = ""

    fileprivate init(name: String) { self.name = name }

    mutating func add(_ labels: Labels, _ value: Double) { add("", labels, value) }

    mutating func add(_ labels: Labels, _ histogram: Histogram) {
      var below = 0
      for (bound, count) in zip(Histogram.bounds + [.infinity], histogram.counts) {
        below += count
        let limit = bound == .infinity ? "+Inf" : JSONWriter.text(bound)
        add("_bucket", labels, Double(below), limit: limit)
      }
      add("_sum", labels, histogram.sum)
      add("_count", labels, Double(below))
    }

    private mutating func add(
      _ suffix: String, _ labels: Labels, _ value: Double, limit: String? = nil
    ) {
      var pairs = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
      if let limit { pairs.append("le=\"\(limit)\"") }
      let braces = pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
      text += "\(name)\(suffix)\(braces) \(JSONWriter.text(value))\n"
    }

    private static func escaped(_ value: String) -> String {
      guard value.utf8.contains(where: { "\\\"\n".utf8.contains($0) }) else { return value }
      return value.reduce(into: "") { escaped, character in
        switch character {
        case "\\": escaped += "\\\\"
        case "\"": escaped += "\\\""
        case "\n": escaped += "\\n"
        default: escaped.append(character)
        }
      }
    }
  }
}
