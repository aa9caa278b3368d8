import JSON
import Quantities

/// What nccl-tests measured: the bus bandwidth of a collective over some GPUs of some hosts.
///
/// Bus bandwidth is what each GPU's slowest link carried, whatever the collective and the number of
/// ranks (nccl-tests, PERFORMANCE.md). On one host that is the scale-up link; over several, all ports
/// of a host together, since each ring enters and leaves a host once.
package struct CollectiveBenchmark: Hashable, Sendable {
  package var hosts: Int
  package var ranks: Int
  /// Of the largest messages: the best over all sizes.
  package var busBandwidth: Bandwidth

  package var ranksPerHost: Int { ranks / hosts }

  /// Reads the table that the tests print.
  package init(text: String) throws(TextFault) {
    var hostNames = Set<Substring>()
    var count = 0
    var best = 0.0
    for (number, line) in NumberedLines(text: text) {
      let words = line.words
      if words.count > 8, words[0] == "#", words[1] == "Rank", let on = words.firstIndex(of: "on") {
        count += 1
        if on + 1 < words.count { hostNames.insert(words[on + 1]) }
      } else if words.count >= 9, Int(words[0]) != nil, Int(words[1]) != nil {
        best = max(best, try Self.busBandwidth(words, line: number))
      }
    }
    guard count > 0 else { throw TextFault("no \"# Rank … on HOST …\" lines of nccl-tests") }
    guard best > 0 else { throw TextFault("no rows with a bus bandwidth") }
    try self.init(hosts: hostNames.count, ranks: count, gigabytesPerSecond: best)
  }

  /// size count type redop root, then time algbw busbw #wrong out of place and again in place.
  private static func busBandwidth(
    _ words: [Substring], line: Int
  ) throws(TextFault) -> Double {
    var best = 0.0
    for column in [7, 11] where column < words.count {
      guard let value = Double(words[column]), value >= 0, value.isFinite else {
        throw TextFault(line: line, "\"\(excerpt(words[column]))\" is no bandwidth")
      }
      best = max(best, value)
    }
    return best
  }

  /// Reads what the tests write with `-J`.
  package init(json value: JSONValue) throws(TextFault) {
    guard let devices = value["devices"], devices.count > 0, let results = value["results"],
      results.count > 0
    else { throw TextFault("expected devices and results, as nccl-tests writes with -J") }
    let hosts = Set(devices.elements.map { $0["hostname"]?.string ?? "" })
    var best = 0.0
    for result in results.elements {
      for place in ["out_of_place", "in_place"] {
        if let rate = result[place]?["bus_bw"]?.double { best = max(best, rate) }
      }
    }
    guard best > 0 else { throw TextFault("no result has a bus_bw") }
    try self.init(hosts: hosts.count, ranks: devices.count, gigabytesPerSecond: best)
  }

  private init(hosts: Int, ranks: Int, gigabytesPerSecond rate: Double) throws(TextFault) {
    guard rate < 1e6 else { throw TextFault("\(rate) GB/s is no bandwidth of a link") }
    guard ranks > 1 else { throw TextFault("one rank alone measures no link") }
    guard ranks.isMultiple(of: hosts) else {
      throw TextFault("\(ranks) ranks are not spread evenly over \(hosts) hosts")
    }
    self.hosts = hosts
    self.ranks = ranks
    busBandwidth = .gigabytes(rate)
  }
}
