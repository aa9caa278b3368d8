import Hardware
import JSON
import Quantities

/// How the GPUs of one node are wired, as `nvidia-smi topo -m` prints it.
package struct NVLinkTopology: Hashable, Sendable {
  /// NVLinks between each pair of GPUs; 0 where only PCIe joins them.
  package var links: [[Int]]

  package var gpus: Int { links.count }

  /// Reads the matrix: a header with `GPU0 …`, a row for each GPU, and whatever else is around them.
  package init(_ text: String) throws(TextFault) {
    var columns: [Int: Int] = [:]
    var rows: [(number: Int, gpu: Int, cells: [Substring])] = []
    for (number, line) in NumberedLines(text: text) {
      let words = line.words
      guard let first = words.first, let gpu = Self.gpu(first) else { continue }
      if columns.isEmpty {
        for (column, word) in words.enumerated() {
          if let gpu = Self.gpu(word) { columns[gpu] = column }
        }
      } else if columns[gpu] != nil, words.count > 1 {
        rows.append((number, gpu, Array(words.dropFirst())))
      }
    }
    let count = columns.count
    guard count > 0, Set(columns.keys) == Set(0..<count) else {
      throw TextFault("no header GPU0 GPU1 … as nvidia-smi topo -m prints it")
    }
    links = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    for row in rows {
      for (gpu, column) in columns {
        guard column < row.cells.count else {
          throw TextFault(line: row.number, "GPU\(row.gpu) has no entry for GPU\(gpu)")
        }
        links[row.gpu][gpu] = try Self.links(row.cells[column], line: row.number)
      }
    }
    let seen = Set(rows.map(\.gpu))
    if let missing = (0..<count).first(where: { !seen.contains($0) }) {
      throw TextFault("no row for GPU\(missing)")
    }
    for a in 0..<count {
      for b in 0..<a where links[a][b] != links[b][a] {
        throw TextFault("GPU\(a) and GPU\(b) do not agree on what joins them")
      }
    }
  }

  private static func gpu(_ word: Substring) -> Int? {
    word.hasPrefix("GPU") ? Int(word.dropFirst(3)) : nil
  }

  private static func links(_ cell: Substring, line: Int) throws(TextFault) -> Int {
    if cell.hasPrefix("NV"), let count = Int(cell.dropFirst(2)), (1...64).contains(count) {
      return count
    }
    guard ["X", "SYS", "NODE", "PHB", "PXB", "PIX"].contains(cell) else {
      throw TextFault(line: line, "\"\(excerpt(cell))\" is no connection that nvidia-smi names")
    }
    return 0
  }

  /// GPUs that NVLinks join, all counted that can reach one another; where the groups differ, the
  /// smallest, and 1 if some GPU has no link.
  package var scaleUpDomain: Int {
    var sizes: [Int] = []
    var seen = Set<Int>()
    for start in 0..<gpus where !seen.contains(start) {
      var open = [start]
      var size = 0
      seen.insert(start)
      while let gpu = open.popLast() {
        size += 1
        for peer in 0..<gpus where links[gpu][peer] > 0 && seen.insert(peer).inserted {
          open.append(peer)
        }
      }
      sizes.append(size)
    }
    return Set(sizes).count == 1 ? sizes[0] : 1
  }

  /// What one GPU sends to all of its peers at once, of the GPU with the least.
  ///
  /// Behind a switch every pair shows all links of a GPU; wired one to one, its pairs' links add up.
  /// They are told apart by what the type of GPU has in all.
  package func bandwidth(of accelerator: Accelerator) -> Bandwidth? {
    guard scaleUpDomain > 1 else { return nil }
    let perLink = Self.linkBandwidth(accelerator)
    let most = accelerator.scaleUpBandwidth / perLink
    var least = Int.max
    for (gpu, row) in links.enumerated() {
      let peers = row.enumerated().filter { $0.offset != gpu && $0.element > 0 }.map(\.element)
      let sum = peers.reduce(0, +)
      let isSwitched = Double(sum) > most * 1.01
      least = min(least, isSwitched ? peers.min()! : sum)
    }
    return perLink * least
  }

  /// One direction of one NVLink: 25 GB/s from the second to the fourth generation, 50 in the fifth.
  private static func linkBandwidth(_ accelerator: Accelerator) -> Bandwidth {
    switch accelerator.architecture {
    case .blackwell, .graceBlackwell, .blackwellUltra: .gigabytes(50)
    case .volta, .turing, .ampere, .ada, .hopper, .cdna2, .cdna3, .cdna4, .gaudi, .tpu, .davinci:
      .gigabytes(25)
    }
  }
}
