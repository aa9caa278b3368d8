import Quantities

/// Numbers as people write them: rounded, grouped, with the unit that keeps them short.
package enum HumanNumber {
  /// With a fixed number of decimals, thousands separated by commas; ties round away from zero.
  /// What is not finite, or too large to count, is said in words.
  package static func fixed(_ value: Double, decimals: Int = 0) -> String {
    guard value.isFinite else { return value.isNaN ? "unknown" : "unlimited" }
    let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 0x1p63 else { return "\(value)" }
    let digits = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let whole = grouped(padded.dropLast(decimals))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    return decimals == 0 ? sign + whole : sign + whole + "." + padded.suffix(decimals)
  }

  package static func count(_ value: Int) -> String {
    (value < 0 ? "-" : "") + grouped(String(value.magnitude)[...])
  }

  /// With at least three digits: `1.23`, `12.3`, `123`, `1,234`.
  package static func short(_ value: Double) -> String {
    let size = abs(value)
    return fixed(value, decimals: size < 9.995 ? 2 : size < 99.95 ? 1 : 0)
  }

  /// `812 µs`, `4.56 ms`, `1.23 s`, `2 min 5 s`, `3 h 20 min`, `12 d 7 h`.
  package static func time(_ time: Seconds) -> String {
    let seconds = time.value
    switch abs(seconds) {
    case 0: return "0 s"
    case ..<0.000_999_5: return short(seconds * 1e6) + " µs"
    case ..<0.999_5: return short(seconds * 1e3) + " ms"
    case ..<119.5: return short(seconds) + " s"
    case ..<7_170:
      let whole = Int(seconds.rounded())
      return "\(whole / 60) min \(whole % 60) s"
    default:
      guard seconds.isFinite, abs(seconds) < 1e15 else { return fixed(seconds) + " s" }
      let minutes = Int((seconds / 60).rounded())
      if minutes < 48 * 60 { return "\(minutes / 60) h \(minutes % 60) min" }
      let hours = Int((seconds / 3600).rounded())
      return count(hours / 24) + " d \(hours % 24) h"
    }
  }

  /// A time without needless zeros: `20 ms` for `20.0 ms`.
  package static func roundTime(_ time: Seconds) -> String {
    let text = self.time(time)
    guard let space = text.firstIndex(of: " "), text.contains(".") else { return text }
    var number = text[..<space]
    while number.last == "0" { number.removeLast() }
    if number.last == "." { number.removeLast() }
    return String(number + text[space...])
  }

  /// In powers of two: `512 B`, `6.25 MiB`, `71.2 GiB`.
  package static func size(_ size: ByteCount) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var (amount, unit) = (size.value, 0)
    while abs(amount) >= 1_023.5 && unit < units.count - 1 {
      amount /= 1_024
      unit += 1
    }
    return (unit == 0 ? fixed(amount) : short(amount)) + " " + units[unit]
  }

  /// Parameters and the like: `774 M`, `1.64 B`, `1.01 T`.
  package static func amount(_ value: Double) -> String {
    let size = abs(value)
    if size < 999.5 { return fixed(value) }
    if size < 999.5e3 { return short(value / 1e3) + " k" }
    if size < 999.5e6 { return short(value / 1e6) + " M" }
    if size < 999.5e9 { return short(value / 1e9) + " B" }
    return short(value / 1e12) + " T"
  }

  /// A part of one as a percentage: `43.1 %`.
  package static func percent(_ fraction: Double) -> String {
    fixed(fraction * 100, decimals: 1) + " %"
  }

  private static func grouped(_ digits: Substring) -> String {
    var grouped = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { grouped += "," }
      grouped.append(digit)
    }
    return grouped
  }
}
