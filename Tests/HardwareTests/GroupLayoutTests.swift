import Quantities
import Testing

@testable import Hardware

private func levels(_ spans: [Int]) -> [NetworkLevel] {
  spans.map { NetworkLevel(name: "\($0)", span: $0, bandwidth: .gigabytes(1), latency: .zero) }
}

/// Every group of an axis, by enumeration of ranks.
private func groups(size: Int, stride: Int, ranks: Int) -> [[Int]] {
  (0..<(ranks / (size * stride))).flatMap { outer in
    (0..<stride).map { inner in
      (0..<size).map { outer * size * stride + inner + $0 * stride }
    }
  }
}

/// The fewest members that any group has in any block it touches.
private func fewest(_ groups: [[Int]], span: Int) -> Int {
  groups.map { group in
    Dictionary(grouping: group) { $0 / span }.values.map(\.count).min()!
  }.min()!
}

@Suite struct GroupLayoutTests {
  static let shapes = [
    [8, 64], [8, 32, 64], [4, 16, 48], [6, 24], [72, 144], [5, 60], [7, 21, 63], [2, 8, 24],
    [1, 6],
    [3, 100],
  ]

  @Test(arguments: shapes)
  func agreesWithEnumeration(spans: [Int]) {
    let network = levels(spans)
    var checked = 0
    for size in 1...24 {
      for stride in 1...24 {
        for count in 1...6 where size * stride * count <= spans.last! {
          let ranks = size * stride * count
          let layout = GroupLayout(size: size, stride: stride, ranks: ranks, levels: network)
          let all = groups(size: size, stride: stride, ranks: ranks)
          var product = 1
          for (level, span) in spans.enumerated() {
            let members = layout.members(inLevel: level)
            let truth = level == spans.count - 1 ? size : fewest(all, span: span)
            let nests =
              span.isMultiple(of: size * stride)
              || (size * stride).isMultiple(of: span)
                && (span.isMultiple(of: stride) || stride.isMultiple(of: span))
            let place = "\(size)·\(stride) of \(ranks) in \(span): \(members), not \(truth)"
            #expect(members <= truth, "\(place)")
            #expect(size.isMultiple(of: members), "\(place)")
            if nests { #expect(members == truth, "\(place)") }
            product *= layout.factor(atLevel: level)
            checked += 1
          }
          #expect(product == size)
        }
      }
    }
    #expect(checked > 20)
  }

  @Test(arguments: shapes)
  func groupsThatShareABlockAreCounted(spans: [Int]) {
    let network = levels(spans)
    for size in 1...16 {
      for stride in 1...16 where size * stride <= spans.last! {
        let ranks = spans.last! / (size * stride) * size * stride
        let layout = GroupLayout(size: size, stride: stride, ranks: ranks, levels: network)
        let all = groups(size: size, stride: stride, ranks: ranks)
        for (level, span) in spans.enumerated() {
          let touching = Dictionary(
            grouping: all.flatMap { group in Set(group.map { $0 / span }) }, by: { $0 }
          ).values.map(\.count).max()!
          let counted = layout.groups(sharingLevel: level)
          let nests =
            span.isMultiple(of: size * stride)
            || (size * stride).isMultiple(of: span)
              && (span.isMultiple(of: stride) || stride.isMultiple(of: span))
          let place = "\(size)·\(stride) of \(ranks) in \(span): \(counted), not \(touching)"
          if nests { #expect(counted == touching, "\(place)") }
          #expect(counted >= 1)
        }
      }
    }
  }

  @Test func twoAxesTogetherAreNeverMoreLocalThanEnumerated() {
    for spans in Self.shapes {
      let network = levels(spans)
      for inner in [1, 2, 3, 4] {
        for gap in [1, 2, 3] {
          for outer in [1, 2, 3, 4, 6] {
            for stride in [1, 2, 3, 4] {
              let outerStride = inner * stride * gap
              let ranks = outerStride * outer
              guard ranks <= spans.last! else { continue }
              let layout = GroupLayout(
                inner: (inner, stride), outer: (outer, outerStride), ranks: ranks, levels: network)
              let all = (0..<stride).flatMap { offset in
                (0..<gap).map { lane in
                  (0..<outer).flatMap { o in
                    (0..<inner).map {
                      o * outerStride + lane * inner * stride + $0 * stride + offset
                    }
                  }
                }
              }
              for (level, span) in spans.enumerated() where level < spans.count - 1 {
                #expect(layout.members(inLevel: level) <= fewest(all, span: span))
              }
              #expect(layout.size == inner * outer)
            }
          }
        }
      }
    }
  }

  @Test func aDataGroupAcrossNodes() {
    // 4 nodes of 8; tensor parallel 2: each data group has 4 members a node, and two groups share it.
    let layout = GroupLayout(size: 16, stride: 2, ranks: 32, levels: levels([8, 32]))
    #expect(layout.members(inLevel: 0) == 4)
    #expect(layout.factor(atLevel: 0) == 4)
    #expect(layout.factor(atLevel: 1) == 4)
    #expect(layout.groups(sharingLevel: 0) == 2)
    #expect(layout.outermostLevel == 1)
  }

  @Test func aTensorGroupInANode() {
    let layout = GroupLayout(size: 8, stride: 1, ranks: 32, levels: levels([8, 32]))
    #expect(layout.members(inLevel: 0) == 8)
    #expect(layout.factor(atLevel: 1) == 1)
    #expect(layout.outermostLevel == 0)
  }
}
