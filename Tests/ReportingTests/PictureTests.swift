import Foundation
import Quantities
import Scheduling
import Testing

@testable import Reporting

/// Every kind of picture. With `STAGEWRIGHT_PICTURES` set to a folder, they are written there to be
/// looked at.
@Suite struct PictureTests {
  struct Named: CustomStringConvertible {
    let name: String
    let sample: SamplePlan
    var description: String { name }
  }

  static let samples: [Named] = [
    Named(
      name: "1f1b-4",
      sample: SamplePlan(stages: 4, microBatches: 8, schedule: .oneForwardOneBackward)),
    Named(
      name: "gpipe-4-recompute",
      sample: SamplePlan(
        stages: 4, microBatches: 8, schedule: .gpipe, recompute: 0.005, excess: 3.2)),
    Named(
      name: "interleaved-4",
      sample: SamplePlan(stages: 4, chunks: 2, microBatches: 8, schedule: .interleaved)),
    Named(
      name: "zero-bubble-4",
      sample: SamplePlan(stages: 4, microBatches: 10, schedule: .zeroBubble)),
    Named(
      name: "1f1b-4-long",
      sample: SamplePlan(stages: 4, microBatches: 128, schedule: .oneForwardOneBackward)),
    Named(
      name: "interleaved-16",
      sample: SamplePlan(stages: 16, chunks: 2, microBatches: 32, schedule: .interleaved)),
    Named(
      name: "1f1b-64",
      sample: SamplePlan(stages: 64, microBatches: 256, schedule: .oneForwardOneBackward)),
    Named(
      name: "zero-bubble-64",
      sample: SamplePlan(stages: 64, microBatches: 96, schedule: .zeroBubble)),
    Named(
      name: "one-stage",
      sample: SamplePlan(stages: 1, microBatches: 4, schedule: .oneForwardOneBackward)),
  ]

  @Test func writePictures() throws {
    guard let folder = ProcessInfo.processInfo.environment["STAGEWRIGHT_PICTURES"] else { return }
    for named in Self.samples {
      let file = URL(filePath: folder).appending(path: named.name + ".svg")
      try Data(named.sample.picture.svg.utf8).write(to: file)
    }
  }

  @Test(arguments: samples)
  func isWellFormedAndWhole(_ named: Named) throws {
    let picture = try Picture(named.sample.picture.svg)
    #expect(picture.root == "svg")
    #expect(!picture.references.isEmpty)
    #expect(picture.references.isSubset(of: picture.ids), "every texture is defined")
    for stage in 0..<named.sample.plan.stages.count {
      #expect(picture.texts.filter { $0 == "stage \(stage)" }.count >= 2, "named in two panels")
    }
    #expect(picture.farthest <= PanelMeasure.width, "nothing sticks out")
    #expect(named.sample.picture.svg == named.sample.picture.svg)
    #expect(named.sample.picture.svg.utf8.count < 1 << 20)
  }

  @Test func wordsForThoseWhoCannotSeeIt() throws {
    let picture = try Picture(Self.samples[1].sample.picture.svg)
    #expect(picture.title == "gpt-sample on 16 GPUs")
    #expect(picture.summary.contains("4 stages, 8 micro-batches, GPipe"))
    #expect(picture.summary.contains("Over their limit: stage 0"))
    #expect(picture.summary.contains("is crossed by 6.25 MiB a micro-batch"))
  }

  @Test(arguments: samples)
  func leavesOutOnlyWhatItSays(_ named: Named) {
    let svg = named.sample.picture.svg
    let isLong = ["1f1b-4-long", "interleaved-16", "1f1b-64", "zero-bubble-64"]
      .contains(named.name)
    #expect(svg.contains("Not drawn:") == isLong)
    #expect(svg.contains("⋯") == isLong)
  }

  /// The boxes of a whole timeline are as wide as the passes are long.
  @Test func widthsAreTimes() throws {
    let sample = SamplePlan(
      stages: 4, microBatches: 8, schedule: .zeroBubble, send: 0.002, recompute: 0.004)
    let playback = sample.playback
    let picture = try Picture(sample.picture.svg)
    let pixels = (PanelMeasure.right - PanelMeasure.left) / playback.makespan.value
    for fill in [PictureStyle.Fill.forward, .backward, .weightGradient, .recompute, .sendForward] {
      let slots = playback.timeline!.filter { $0.kind.fill == fill }
      let time = slots.reduce(0) { $0 + $1.duration.value }
      let drawn = picture.boxWidths[fill.reference, default: 0]
      #expect(abs(drawn - time * pixels) <= 0.05 * Double(slots.count), "\(fill)")
    }
  }

  @Test func namesCannotBreakOut() throws {
    let sample = Self.samples[0].sample
    let heading = "</svg><script>alert(1)</script>&\"'"
    let picture = try Picture(
      PlanPicture(
        heading: heading, playback: sample.playback, schedule: .oneForwardOneBackward,
        microBatches: 8
      ).svg)
    #expect(picture.title == heading)
    #expect(!picture.elements.contains("script"))
  }
}
