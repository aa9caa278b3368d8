import Logging

/// How values of one kind are read and written in flags, in the environment and in a file.
struct SettingKind<Value>: Sendable {
  /// What a text must be, for who got it wrong.
  var expectation: String
  var read: @Sendable (String) -> Value?
  var write: @Sendable (Value) -> String
}

extension SettingKind where Value == String {
  static let path = SettingKind(expectation: "a path", read: { $0 }, write: { $0 })

  static let text = SettingKind(
    expectation: "a name or an address", read: { $0.isEmpty ? nil : $0 }, write: { $0 })
}

extension SettingKind where Value == UInt16 {
  static let port = SettingKind(
    expectation: "a port from 0 to 65535", read: { UInt16($0) }, write: { "\($0)" })
}

extension SettingKind where Value == Int {
  static func count(_ range: ClosedRange<Int>) -> SettingKind {
    SettingKind(
      expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)",
      read: { Int($0).flatMap { range.contains($0) ? $0 : nil } }, write: { "\($0)" })
  }
}

extension SettingKind where Value == ByteSize {
  private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)]

  static func size(_ range: ClosedRange<Int>) -> SettingKind {
    SettingKind(
      expectation: "a size such as 64KiB or 8MiB, from \(written(range.lowerBound)) to "
        + written(range.upperBound),
      read: { text in
        let unit = units.first { text.hasSuffix($0.0) } ?? ("", 1)
        guard let count = Int(text.dropLast(unit.0.count)) else { return nil }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: unit.1)
        return !overflows && range.contains(bytes) ? ByteSize(bytes) : nil
      },
      write: { written($0.bytes) })
  }

  private static func written(_ bytes: Int) -> String {
    let unit = units.first { bytes >= $0.1 && bytes % $0.1 == 0 } ?? ("B", 1)
    return "\(bytes / unit.1)\(unit.0)"
  }
}

extension SettingKind where Value == Duration {
  private static let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]

  /// Whole milliseconds; a number without a unit counts seconds.
  static func time(_ milliseconds: ClosedRange<Int>) -> SettingKind {
    SettingKind(
      expectation: "a time such as 250ms, 10s or 2m, from \(written(milliseconds.lowerBound)) to "
        + written(milliseconds.upperBound),
      read: { text in
        let unit = units.first { text.hasSuffix($0.0) } ?? ("", 1000)
        guard let count = Int(text.dropLast(unit.0.count)) else { return nil }
        let (time, overflows) = count.multipliedReportingOverflow(by: unit.1)
        return !overflows && milliseconds.contains(time) ? .milliseconds(time) : nil
      },
      write: { written(Int($0 / .milliseconds(1))) })
  }

  private static func written(_ milliseconds: Int) -> String {
    if milliseconds == 0 { return "0s" }
    let unit = units.last { milliseconds % $0.1 == 0 } ?? ("ms", 1)
    return "\(milliseconds / unit.1)\(unit.0)"
  }
}

extension SettingKind
where Value: RawRepresentable & CaseIterable & SendableMetatype, Value.RawValue == String {
  /// One of a few words.
  static var word: SettingKind {
    let words = Value.allCases.map(\.rawValue)
    return SettingKind(
      expectation: "one of \(words.joined(separator: ", "))", read: { Value(rawValue: $0) },
      write: { $0.rawValue })
  }
}
