import Hardware
import JSON
import Quantities

/// How links stand on the wire.
enum LinkRules {
  static let gigabytesPerSecond = QuantityRule(
    number: .positiveNumber(max: WireLimits.bandwidth)
  ) { Bandwidth.gigabytes($0) }

  static let gigabitsPerSecond = QuantityRule(
    number: .positiveNumber(max: WireLimits.bandwidth)
  ) { Bandwidth.gigabits($0) }

  static let microseconds = QuantityRule(
    number: .nonNegativeNumber(max: WireLimits.latencyMicroseconds)
  ) { Seconds.micro($0) }

  /// A link by what each GPU has of it.
  static let perGPU: JSONObjectRule<LinkOverride> = .object { link in
    let bandwidth = link.optional("bandwidth_gbytes_per_second_per_gpu", gigabytesPerSecond)
    let latency = link.optional("latency_us", microseconds)
    let isMeasured = link.optional("measured", .boolean, absent: false)
    return LinkOverride(bandwidth: bandwidth, latency: latency, isMeasured: isMeasured)
  }

  /// A link by what each node has of it.
  static let perNode: JSONObjectRule<LinkOverride> = .object { link in
    let bandwidth = link.optional("bandwidth_gbits_per_second_per_node", gigabitsPerSecond)
    let latency = link.optional("latency_us", microseconds)
    let isMeasured = link.optional("measured", .boolean, absent: false)
    return LinkOverride(bandwidth: bandwidth, latency: latency, isMeasured: isMeasured)
  }
}

/// A number on the wire, and the quantity that it stands for in its unit.
struct QuantityRule<Amount: Quantity>: JSONRule {
  let number: JSONNumberRule
  let quantity: @Sendable (Double) -> Amount

  var expectation: String { number.expectation }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> Amount? {
    number.read(value, log).map(quantity)
  }
}
